"""Contracts are additive inside a major version: a change shows as a difference to the snapshot."""

import importlib
import json
import os
import pkgutil
from pathlib import Path

import pytest

from common import contracts
from common.contracts.messages import Command, Event, Query, Request

SNAPSHOTS = Path(__file__).parent / "contracts"


def messages() -> list[type[Event] | type[Request]]:  # type: ignore[type-arg]
    for module in pkgutil.walk_packages(contracts.__path__, f"{contracts.__name__}."):
        importlib.import_module(module.name)
    found: list[type[Event | Request]] = []  # type: ignore[type-arg]
    waiting: list[type[Event | Request]] = [Event, Command, Query]  # type: ignore[type-arg]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if "subject" in child.__dict__ and child.__module__.startswith("common.contracts"):
                found.append(child)
    return sorted(set(found), key=lambda message: message.subject)


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.subject)
def test_a_message_is_what_its_snapshot_says(message: type[Event]) -> None:
    """`UPDATE_CONTRACTS=1` writes the snapshots anew; the difference is then for a reviewer to see."""
    schema = {"message": message.__name__, "schema": message.model_json_schema()}
    if not issubclass(message, Event):
        schema["reply"] = message.reply_type().model_json_schema()
    text = json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    snapshot = SNAPSHOTS / f"{message.subject}.json"
    if os.environ.get("UPDATE_CONTRACTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        snapshot.write_text(text)
    assert snapshot.read_text() == text


def test_every_snapshot_belongs_to_a_message() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == {message.subject for message in messages()}


def test_subjects_follow_the_grammar_and_are_spelled_once() -> None:
    subjects = [message.subject for message in messages()]
    assert len(subjects) == len(set(subjects))
    for message in messages():
        owner, kind, *rest = message.subject.split(".")
        assert owner in {"booking", "patient_profile", "consents", "recall", "notifications", "gateway"}
        expected = (
            "event" if issubclass(message, Event) else "command" if issubclass(message, Command) else "query"
        )
        assert kind == expected
        assert rest[-1].startswith("v")


PERSONAL = {
    "full_name",
    "phone",
    "phones",
    "email",
    "text",
    "given_name",
    "family_name",
    "patronymic",
    "birth_date",
    "note",
}


def test_no_event_carries_a_person() -> None:
    public = {"branch", "practitioner", "network", "room", "service"}
    for message in messages():
        if issubclass(message, Event) and not public & set(message.model_fields):
            assert not PERSONAL & _names(message.model_json_schema()), message.subject


def _names(schema: object) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*(_names(value) for value in schema.values())) if schema else own
    if isinstance(schema, list):
        return set().union(*(_names(value) for value in schema)) if schema else set()
    return set()

"""What is kept of each act, and that nothing kept can be read that should not be."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from common import outbox
from common.caller import Caller
from common.contracts.consents import (
    ContactQuestion,
    Given,
    GrantPermissions,
    MayContact,
    PermissionChanged,
    WithdrawPermission,
)
from common.database import Database
from common.errors import Refused
from common.ids import new_id
from common.sealed import Sealer
from common.testing import START, caller
from consents import operations, queries, tables


class Book:
    """One network's permissions, as somebody at its desk works with them."""

    def __init__(self, database: Database, sealer: Sealer, network_id: str) -> None:
        self.database = database
        self.sealer = sealer
        self.by = caller(network_id, "staff:desk", ("reception",))

    async def grant(self, patient_id: UUID, given: Given, by: Caller | None = None, **what: Any) -> None:
        command = GrantPermissions(patient_id=patient_id, given=given, **what)
        async with self.database.transaction(self.by.network_id) as tx:
            await operations.grant(tx, command, by or self.by, self.sealer, now=START)

    async def withdraw(self, **what: Any) -> UUID:
        async with self.database.transaction(self.by.network_id) as tx:
            return await operations.withdraw(
                tx, WithdrawPermission(**what), self.by, self.sealer, now=START + timedelta(hours=1)
            )

    async def history(self, patient_id: UUID) -> list[tuple[str, str, int, str]]:
        async with self.database.transaction(self.by.network_id) as tx:
            acts = await tables.acts_of(tx, self.by.network_id, patient_id, self.sealer)
        return [(act.purpose, act.state, act.version, by) for act, by in acts]

    async def told(self) -> list[tuple[str, str, int]]:
        async with self.database.transaction(self.by.network_id) as tx:
            rows = await outbox.recorded(tx)
        events = [PermissionChanged.model_validate_json(row["body"]) for row in rows]
        return [(event.purpose, event.state, event.version) for event in events]


@pytest.fixture
def book(database: Database, sealer: Sealer, network_id: str) -> Book:
    return Book(database, sealer, network_id)


async def test_every_act_is_kept_with_who_recorded_it_and_told_of(book: Book, by_form: Given) -> None:
    patient_id = new_id()
    anonymous = caller(book.by.network_id, "anonymous", (), purpose="booking")
    await book.grant(patient_id, by_form, anonymous, grants=["marketing"], refusals=["cross_border"])
    await book.withdraw(patient_id=patient_id, purpose="marketing", how="voice")
    await book.grant(patient_id, Given(text_version="marketing.ru.1", how="voice"), grants=["marketing"])
    assert await book.history(patient_id) == [
        ("marketing", "granted", 1, "anonymous"),
        ("cross_border", "refused", 2, "anonymous"),
        ("marketing", "withdrawn", 3, "staff:desk"),
        ("marketing", "granted", 4, "staff:desk"),
    ]
    assert await book.told() == [
        ("marketing", "granted", 1),
        ("cross_border", "refused", 2),
        ("marketing", "withdrawn", 3),
        ("marketing", "granted", 4),
    ]


async def test_withdrawing_twice_is_recorded_once(book: Book, by_form: Given) -> None:
    patient_id = new_id()
    await book.grant(patient_id, by_form, grants=["marketing"])
    for _ in range(2):
        assert await book.withdraw(patient_id=patient_id, purpose="marketing") == patient_id
    assert len(await book.history(patient_id)) == len(await book.told()) == 2


async def test_an_unknown_permission_cannot_be_withdrawn(book: Book) -> None:
    for what in ({"permission_id": new_id()}, {"purpose": "marketing"}):
        with pytest.raises(Refused) as refusal:
            await book.withdraw(**what)
        assert refusal.value.refusal == "unknown-permission"


async def test_a_contradictory_answer_leaves_nothing(book: Book, by_form: Given) -> None:
    patient_id = new_id()
    with pytest.raises(Refused):
        await book.grant(patient_id, by_form, grants=["marketing"], refusals=["marketing"])
    assert await book.history(patient_id) == []


async def test_the_evidence_comes_back_whole_and_who_heard_it_attests_it(book: Book, by_form: Given) -> None:
    patient_id = new_id()
    await book.grant(patient_id, by_form, grants=["marketing"])
    await book.grant(patient_id, Given(text_version="t", how="voice"), grants=["education"])
    async with book.database.transaction(book.by.network_id) as tx:
        found = await queries.permissions_of(tx, book.by.network_id, [patient_id], book.sealer)
    evidence = {permission.purpose: permission.given for permission in found.permissions}
    assert evidence["marketing"] == by_form
    assert evidence["education"].attested_by == "staff:desk"


async def test_addresses_and_devices_cannot_be_read_in_the_database(
    book: Book, by_form: Given, owner_url: str
) -> None:
    await book.grant(new_id(), by_form, grants=["marketing"])
    owner = create_async_engine(owner_url)
    try:
        async with owner.begin() as tx:
            for table in ("permissions", "permission_acts"):
                await tx.execute(sa.text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
            rows = [
                str(row)
                for table in ("permissions", "permission_acts", "outbox")
                for row in await tx.execute(sa.text(f"SELECT * FROM {table}"))
            ]
    finally:
        await owner.dispose()
    assert len(rows) == 3
    dump = "\n".join(rows)
    assert "marketing.ru.1" in dump
    assert "203.0.113.7" not in dump
    assert "Firefox" not in dump


async def test_a_batch_answers_each_question_in_its_place(book: Book, by_form: Given) -> None:
    patients = [new_id() for _ in range(250)]
    for patient_id in patients[::50]:
        await book.grant(patient_id, by_form, grants=["marketing"])
    questions = [
        ContactQuestion(patient_id=patient_id, message_class=kind, channels=["sms"])
        for patient_id in patients
        for kind in ("service", "marketing")
    ]
    async with book.database.transaction(book.by.network_id) as tx:
        said = await queries.may_contact(
            tx, book.by.network_id, MayContact(questions=questions), data_at_home=False
        )
    assert [answer.patient_id for answer in said.answers] == [question.patient_id for question in questions]
    allowed = [answer.patient_id for answer in said.answers[1::2] if answer.allowed]
    assert allowed == patients[::50]
    assert all(answer.allowed for answer in said.answers[::2])

"""Each promise, kept by a small true story and broken by one planted fault at a time."""

import inspect
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from common import streams
from common.contracts import booking, consents, directory, gateway, notifications, patient_profile, recall
from common.contracts.booking import AppointmentBooked, AppointmentConfirmed, AppointmentState, VisitCompleted
from common.contracts.messages import Event
from common.ids import new_id
from common.testing import PATIENCE, _clone, _drop
from devkit.cli.verify import show
from devkit.verify import Targets, events, verify
from devkit.verify.identity import IDENTITY

NETWORK = "net"
TOUCHED = {
    "booking": "appointments, outbox",
    "recall": "inbox, dead_letters",
    "notifications": "messages, attempts",
}
INVOLVED = tuple(TOUCHED)
READER = "recall-visits"
READ = (AppointmentBooked, VisitCompleted)


class Story:
    """Two appointments, their events, one reader, and a message that was sent."""

    practitioner: UUID
    first: UUID
    second: UUID
    sent: UUID
    reference: UUID

    def __init__(self, targets: Targets, databases, js) -> None:
        self.mending: dict[str, list[str]] = {}
        self.targets = targets
        self.db = databases
        self.js = js
        self.branch, self.service = new_id(), new_id()
        self.start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)

    async def appointment(
        self, *, hours: int, practitioner: UUID, patient: UUID | None = None, version: int = 1
    ) -> UUID:
        identity, patient = new_id(), patient or new_id()
        starts, ends = self.start + timedelta(hours=hours), self.start + timedelta(hours=hours + 1)
        await self.db["booking"].execute(
            "INSERT INTO appointments (network_id, appointment_id, version, status, patient_id, practitioner_id,"
            " branch_id, service_id, starts_at, ends_at, buffer_before, buffer_after, visit, busy, source, utm,"
            " sequence, moves, path, created_at, currency)"
            " VALUES ($1, $2, $3, 'booked', $4, $5, $6, $7, $8, $9, 0, 0, tstzrange($8, $9), tstzrange($8, $9), 'site',"
            " '{}', 0, 0, '{}', now(), 'KZT')",
            NETWORK, identity, version, patient, practitioner, self.branch, self.service, starts, ends,
        )  # fmt: skip
        state = AppointmentState(
            appointment_id=identity, patient_id=patient, status="booked", starts_at=starts, ends_at=ends,
            branch_id=self.branch, practitioner_id=practitioner, service_id=self.service, source="site",
            created_at=self.start,
        )  # fmt: skip
        for number in range(1, version + 1):
            kind = AppointmentBooked if number == 1 else AppointmentConfirmed
            await self.tell(
                "booking", kind(network_id=NETWORK, occurred_at=self.start, version=number, appointment=state)
            )
        return identity

    async def tell(self, owner: str, event: Event, *, publish: bool = True) -> None:
        body = event.model_dump_json().encode()
        await self.db[owner].execute(
            "INSERT INTO outbox (event_id, network_id, subject, body) VALUES ($1, $2, $3, $4)",
            event.event_id, event.network_id, event.subject, body,
        )  # fmt: skip
        if publish:
            stored = await self.js.publish(event.subject, body, headers={"Nats-Msg-Id": str(event.event_id)})
            await self.db[owner].execute(
                "UPDATE outbox SET published_at = now(), stream_seq = $2 WHERE event_id = $1",
                event.event_id, stored.seq,
            )  # fmt: skip

    async def read_everything(self) -> None:
        """As the reader would: apply, then acknowledge. One fetch may give fewer than it asks for."""
        reading = await self.js.pull_subscribe_bind(READER, "BOOKING_EVENTS")
        while unread := await self._unread():
            for message in await reading.fetch(unread, timeout=PATIENCE):
                await self.db["recall"].execute(
                    "INSERT INTO inbox (event_id, reader, network_id) VALUES ($1, $2, $3)",
                    UUID(message.headers["Nats-Msg-Id"]), READER, NETWORK,
                )  # fmt: skip
                await message.ack_sync()

    async def _unread(self) -> int:
        """By what was published: a consumer hears of an event only after its publisher has heard that it is stored."""
        published = await self.db["booking"].fetchval(
            "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL AND subject = ANY($1)",
            [kind.subject for kind in READ],
        )
        read = await self.db["recall"].fetchval("SELECT count(*) FROM inbox WHERE reader = $1", READER)
        return int(published - read)

    async def message(self, *, outcome: str = "accepted", due_at=None, **changes) -> UUID:
        identity, now = new_id(), datetime.now(UTC)
        row = {
            "network_id": NETWORK, "message_id": identity, "patient_id": new_id(), "origin": "appointment",
            "origin_id": new_id(), "branch_id": self.branch, "step": "T-48h", "template": "confirm", "parts": [],
            "lane": 1, "message_class": "service", "asks": True, "orientation": False, "zone": "Asia/Almaty", "provisional": False,
            "asked_at": now, "target_at": now, "earliest_at": now, "latest_at": now + timedelta(hours=1),
            "budget_seconds": 600, "due_at": due_at, "outcome": outcome, "verdict": "send", "data": "{}",
            "created_at": now, **changes,
        }  # fmt: skip
        await self.insert("notifications", "messages", row)
        return identity

    async def attempt(
        self, message_id: UUID, *, outcome: str = "accepted", channel: str = "whatsapp", at=None
    ) -> UUID:
        identity = new_id()
        row = {
            "network_id": NETWORK, "attempt_id": identity, "message_id": message_id, "patient_id": new_id(),
            "channel": channel, "outcome": outcome, "in_flight": False, "at": at or datetime.now(UTC), "address": b"x",
            "address_index": b"x",
        }  # fmt: skip
        await self.insert("notifications", "attempts", row)
        if outcome == "accepted":
            self.accept(identity, channel)
        return identity

    async def insert(self, service: str, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await self.db[service].execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values()
        )

    def accept(self, reference: UUID, channel: str = "whatsapp") -> None:
        line = {"channel": channel, "to": "+77010000001", "reference": str(reference), "by_patient": False}
        with self.targets.ledger.open("a") as ledger:
            ledger.write(json.dumps(line) + "\n")

    async def without(self, service: str, table: str, constraint: str) -> None:
        """As if the database did not keep this promise, for one test."""
        definition = await self.db[service].fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint
        )
        await self.db[service].execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        self.mending.setdefault(service, []).append(
            f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}"
        )

    async def findings(self) -> list[str]:
        checks = await verify(self.targets)
        assert show(checks) is not any(check.findings for check in checks)
        return [finding for check in checks for finding in check.findings]


@pytest.fixture(scope="module")
async def urls(postgres_server):
    """Databases for all tests of this module: emptied and mended after each."""
    names = {service: await _clone(postgres_server.admin_url, service) for service in INVOLVED}
    server = urlsplit(postgres_server.admin_url.replace("postgresql+asyncpg://", "postgresql://"))
    yield {service: urlunsplit(server._replace(path=f"/{name}")) for service, name in names.items()}
    for name in names.values():
        await _drop(postgres_server.admin_url, name)


@pytest.fixture
async def story(urls, nats_server, js, tmp_path):
    for service in INVOLVED:
        await streams.declare(js, streams.Stream(service))
    await streams.declare_durable(
        js, streams.Durable(READER, streams.Stream("booking"), tuple(kind.subject for kind in READ))
    )
    databases = {service: await asyncpg.connect(url) for service, url in urls.items()}
    told = Story(Targets(urls, nats_server.url, tmp_path / "ledger.jsonl"), databases, js)
    told.practitioner = new_id()
    told.first = await told.appointment(hours=0, practitioner=told.practitioner, version=3)
    told.second = await told.appointment(hours=1, practitioner=told.practitioner)
    await told.read_everything()
    told.sent = await told.message()
    told.reference = await told.attempt(told.sent)
    yield told
    for service, connection in databases.items():
        await connection.execute(f"TRUNCATE {TOUCHED[service]} CASCADE")
        for statement in told.mending.get(service, ()):
            await connection.execute(statement)
        await connection.close()


def test_every_event_says_what_it_is_about():
    modules = (booking, consents, directory, gateway, notifications, patient_profile, recall)
    events = {
        thing.subject: thing
        for module in modules
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, Event) and "subject" in vars(thing)
    }
    assert set(IDENTITY) == set(events)
    for subject, (_, path) in IDENTITY.items():
        head, *rest = path.split(".")
        field: Any = events[subject].model_fields[head].annotation
        assert not rest or rest[0] in field.model_fields, subject


async def test_a_true_story_has_no_findings_and_says_what_was_counted(story):
    checks = await verify(story.targets)
    assert [finding for check in checks for finding in check.findings] == []
    counted = {check.promise: check.looked_at for check in checks}
    assert counted["no practitioner twice at a time"] == "2 appointments that take time"
    assert counted["no gap in what is told of a thing"] == "4 events about 2 things"
    assert counted["what changed was told"] == "2 things against their events"
    assert counted["the outbox is what the stream holds"].startswith(
        "4 published and 0 waiting rows, 4 events"
    )
    assert counted["every event was applied once by everyone who reads it"].startswith(
        "2 events applied by 1 readers"
    )
    assert counted["every planned message ends"] == "1 messages"
    assert counted["no message was accepted twice"] == "1 lines of the ledger"


@pytest.mark.parametrize("thing", ["practitioner", "room", "patient"])
async def test_an_overlapping_row_is_found(story, thing):
    await story.without("booking", "appointments", f"{thing}_once")
    other = await story.appointment(hours=5, practitioner=new_id())
    same = {"practitioner": "practitioner_id", "patient": "patient_id", "room": "room_id"}[thing]
    if thing == "room":
        await story.db["booking"].execute("UPDATE appointments SET room_id = $1", new_id())
    await story.db["booking"].execute(
        f"UPDATE appointments SET {same} = o.{same}, starts_at = o.starts_at, ends_at = o.ends_at, visit = o.visit,"
        " busy = o.busy FROM appointments o WHERE o.appointment_id = $1 AND appointments.appointment_id = $2",
        story.first, other,
    )  # fmt: skip
    await story.read_everything()
    (finding,) = await story.findings()
    assert str(story.first) in finding
    assert str(other) in finding
    assert thing in finding


async def test_a_room_that_is_shared_with_another_practitioner_is_found_in_whatever_lane(story):
    await story.without("booking", "appointments", "room_once")
    await story.appointment(hours=0, practitioner=new_id())
    await story.db["booking"].execute(
        "UPDATE appointments SET room_id = $1, overbook_reason = 'pain',"
        " overlap_lane = CASE WHEN appointment_id = $2 THEN 1 ELSE 0 END",
        new_id(), story.first,
    )  # fmt: skip
    await story.read_everything()
    (finding,) = await story.findings()
    assert "room" in finding


async def test_cancelled_and_deliberately_overbooked_rows_are_no_overlaps(story):
    await story.without("booking", "appointments", "practitioner_once")
    cancelled = await story.appointment(hours=0, practitioner=story.practitioner)
    await story.db["booking"].execute(
        "UPDATE appointments SET status = 'cancelled' WHERE appointment_id = $1", cancelled
    )
    on_purpose = await story.appointment(hours=0, practitioner=story.practitioner)
    await story.db["booking"].execute(
        "UPDATE appointments SET overlap_lane = 1, overbook_reason = 'pain' WHERE appointment_id = $1",
        on_purpose,
    )
    await story.read_everything()
    assert await story.findings() == []
    (check, *_) = await verify(story.targets)
    assert check.notes == ["1 overbooked on purpose, each with its reason"]


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_a_deleted_outbox_row_is_found(story, version):
    await story.db["booking"].execute(
        "DELETE FROM outbox WHERE convert_from(body, 'UTF8')::jsonb -> 'appointment' ->> 'appointment_id' = $1"
        " AND convert_from(body, 'UTF8')::jsonb ->> 'version' = $2",
        str(story.first), str(version),
    )  # fmt: skip
    findings = await story.findings()
    assert any("its outbox row is missing" in one for one in findings)
    expected = {1: "begins with version 2", 2: "1 of the versions 1 to 3", 3: "told up to 2"}[version]
    assert any(expected in one and str(story.first) in one for one in findings)


async def test_a_story_that_was_never_told_is_found(story):
    silent = await story.appointment(hours=9, practitioner=new_id())
    await story.read_everything()
    await story.db["booking"].execute(
        "DELETE FROM outbox WHERE convert_from(body, 'UTF8')::jsonb -> 'appointment' ->> 'appointment_id' = $1",
        str(silent),
    )
    findings = await story.findings()
    assert any(f"{silent} is at version 1, and was told nothing" in one for one in findings)


async def test_a_version_told_twice_is_found(story):
    row = await story.db["booking"].fetchrow("SELECT body FROM outbox ORDER BY seq LIMIT 1")
    again = AppointmentBooked.model_validate_json(row["body"]).model_copy(update={"event_id": new_id()})
    await story.tell("booking", again)
    await story.read_everything()
    (finding,) = await story.findings()
    assert "a version was told twice" in finding


async def test_an_event_that_the_stream_lost_is_found(story):
    await story.js.delete_msg("BOOKING_EVENTS", 2)
    (finding,) = await story.findings()
    assert "counts as published and is not in the stream" in finding


async def test_what_is_published_while_it_is_looked_at_is_no_finding(story, monkeypatch):
    look = events._stream

    async def look_while_somebody_books(js, sources, service):
        held = await look(js, sources, service)
        if service == "booking":
            await story.appointment(hours=7, practitioner=new_id())
        return held

    monkeypatch.setattr(events, "_stream", look_while_somebody_books)
    assert await story.findings() == []


async def test_an_event_nobody_published_is_found(story):
    row = await story.db["booking"].fetchrow("SELECT body FROM outbox ORDER BY seq DESC LIMIT 1")
    told = AppointmentBooked.model_validate_json(row["body"])
    following = AppointmentConfirmed(**{**told.model_dump(), "event_id": new_id(), "version": 2})
    await story.tell("booking", following, publish=False)
    await story.db["booking"].execute(
        "UPDATE appointments SET version = 2 WHERE appointment_id = $1", story.second
    )
    assert await story.findings() == [], "it was written only now"
    await story.db["booking"].execute(
        "UPDATE outbox SET recorded_at = now() - interval '5 minutes' WHERE published_at IS NULL"
    )
    (finding,) = await story.findings()
    assert "to be published" in finding


async def test_an_event_that_was_acknowledged_and_not_applied_is_found(story):
    await story.db["recall"].execute(
        "DELETE FROM inbox WHERE event_id = (SELECT event_id FROM inbox ORDER BY applied_at LIMIT 1)"
    )
    (finding,) = await story.findings()
    assert finding.startswith(READER)
    assert "was read and never applied" in finding


async def test_a_dead_letter_counts_as_dealt_with_and_is_named(story):
    lost = await story.db["recall"].fetchval("DELETE FROM inbox RETURNING event_id")
    await story.db["recall"].execute(
        "INSERT INTO dead_letters (event_id, durable, network_id, subject, body, headers, error, attempts)"
        " SELECT unnest($1::uuid[]), $2, $3, 's', '', '{}', 'ValueError at x.py:1', 6",
        [row["event_id"] for row in await story.db["booking"].fetch("SELECT event_id FROM outbox")], READER, NETWORK,
    )  # fmt: skip
    assert await story.findings() == []
    notes = [note for check in await verify(story.targets) for note in check.notes]
    assert any(str(lost) in note and "ValueError at x.py:1" in note for note in notes)


async def test_an_event_that_waits_too_long_to_be_read_is_found(story):
    await story.appointment(hours=7, practitioner=new_id())
    assert await story.findings() == []
    await story.db["booking"].execute("UPDATE outbox SET published_at = published_at - interval '5 minutes'")
    (finding,) = await story.findings()
    assert "to be read" in finding


async def test_a_planned_message_without_an_end_is_found(story):
    endless = await story.message(outcome="planned", due_at=None)
    (finding,) = await story.findings()
    assert str(endless) in finding


async def test_a_message_long_past_its_time_is_found(story):
    past = datetime.now(UTC) - timedelta(hours=3)
    late = await story.message(outcome="planned", due_at=past)
    (finding,) = await story.findings()
    assert str(late) in finding


async def test_a_message_planned_for_later_and_a_paused_one_are_no_findings(story):
    later = datetime.now(UTC) + timedelta(days=2)
    await story.message(outcome="planned", due_at=later, latest_at=later)
    await story.message(outcome="planned", due_at=None, paused=True)
    assert await story.findings() == []


async def test_a_second_attempt_on_one_channel_is_found(story):
    await story.without("notifications", "attempts", "attempts_once_per_channel")
    await story.attempt(story.sent)
    (finding,) = await story.findings()
    assert f"{story.sent} was tried 2 times on whatsapp" in finding


async def test_an_attempt_that_stays_unknown_is_found(story):
    later = datetime.now(UTC) + timedelta(days=1)
    waiting = await story.message(outcome="sending", due_at=later, latest_at=later)
    unknown = await story.attempt(waiting, outcome="unknown", at=datetime.now(UTC) - timedelta(hours=1))
    (finding,) = await story.findings()
    assert f"{unknown} on whatsapp" in finding
    await story.db["notifications"].execute(
        "UPDATE messages SET outcome = 'unknown', due_at = NULL WHERE message_id = $1", waiting
    )
    assert await story.findings() == [], "it ended as unknown, and staff were asked"


async def test_a_doubled_line_of_the_ledger_is_found(story):
    story.accept(story.reference)
    (finding,) = await story.findings()
    assert f"{story.reference} was accepted 2 times" in finding


async def test_a_line_nobody_meant_to_send_is_found(story):
    strange = new_id()
    story.accept(strange)
    assert await story.findings() == [f"reference {strange} was accepted and is no attempt"]


async def test_an_acceptance_that_the_provider_does_not_know_is_found(story):
    story.targets.ledger.write_text("")
    assert await story.findings() == [
        f"attempt {story.reference} counts as accepted and is not in the ledger"
    ]


async def test_a_line_torn_by_a_crash_is_no_line(story):
    with story.targets.ledger.open("a") as ledger:
        ledger.write('{"channel": "whatsapp", "to": "+7')
    assert await story.findings() == []

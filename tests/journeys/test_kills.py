"""Whatever is killed, nothing that was acknowledged is lost and nothing happens twice.

Clients here are good ones: each booking has its idempotency key, and is repeated until it has an answer that settles it.
"""

import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import nats
import nats.errors
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from devkit.home import SERVICES, Home
from devkit.verify import Targets, verify
from devkit.verify.identity import APPLIES_ONLY
from tests.conftest import (
    BEGINS,
    Clinic,
    Person,
    System,
    eventually,
    somebody,
    start_system,
    stop_system,
    utc,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLED = [*SERVICES, "nats", "postgres"]
BURST = 10
AHEAD = timedelta(days=7)
"""From today to the first visit: time enough to be reminded, whatever is killed meanwhile."""
STEP = timedelta(hours=6)
EVERY_SECONDS = 2.5
"""Between two steps: who has registered and books no visit is forgotten after a day, and a lost order takes seven seconds
to be given again."""
HALF_A_DAY = timedelta(hours=12)
SETTLED = {200, 201, 400, 404, 409, 422}
"""What a client need not ask again: it was done, or it will never be."""
PATIENCE = {
    "GATEWAY_COMMAND_SECONDS": "60",
    **{f"{service.upper()}_SHUTDOWN_SECONDS": "60" for service in SERVICES},
}
"""Nothing runs out of time on a busy machine: what waits that long was lost."""


@pytest.fixture
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """A fresh one, with the settings that the test asks for."""
    if os.environ.get("VINCULO_GATEWAY_URL"):
        pytest.skip("what runs was given by URL, and is not ours to kill")
    with tempfile.TemporaryDirectory(prefix="vinculo kills ") as folder:
        settings: dict[str, str] = getattr(request, "param", {})
        process, started = start_system(Path(folder) / "home", VINCULO_CLOCK_START=BEGINS, **settings)
        yield started
        stop_system(process)


@dataclass
class Load:
    """Patients who book, one after the other, and never the same slot."""

    clinic: Clinic
    service_id: str
    slots: list[dict[str, Any]]
    before: set[str]
    """What was booked in this system before."""
    until: datetime
    """The clock goes no further: the first visit is half a day ahead, every link holds, every slot can be booked."""
    acknowledged: dict[str, Person] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    @classmethod
    async def on(cls, clinic: Clinic) -> "Load":
        stored = await rows(clinic.system, "booking", "SELECT appointment_id::text AS id FROM appointments")
        service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
        start = (await clinic.now() + AHEAD).date()
        found = await clinic.slots(service_id=service["service_id"], days=40, **{"from": start.isoformat()})
        ends: dict[str, str] = {}
        apart = []
        for slot in found:
            if slot["starts_at"] >= ends.get(slot["practitioner_id"], ""):
                # twice the length leaves room for buffers
                apart.append(slot)
                ends[slot["practitioner_id"]] = slot["ends_at"]
        before = {row["id"] for row in stored}
        return cls(clinic, service["service_id"], apart[::2], before, utc(apart[0]["starts_at"]) - HALF_A_DAY)

    @property
    def url(self) -> str:
        return f"/api/v1/networks/{self.clinic.network}/bookings"

    async def one(self) -> None:
        slot, person = self.slots.pop(0), somebody()
        headers = {"Idempotency-Key": f"kills-{person.phone}"}
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = await self.clinic.book(self.service_id, slot, person, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in SETTLED:
                break
            assert time.monotonic() < deadline, f"no answer for two minutes: {answer and answer.text}"
            await asyncio.sleep(0.1)
        if answer.status_code == 201:
            self.keep(answer.json(), person)
        else:
            self.refused[answer.json()["type"]] += 1

    def keep(self, booked: dict[str, Any], person: Person) -> None:
        """It was acknowledged."""
        self.acknowledged[booked["appointment"]["id"]] = person
        self.links[booked["appointment"]["id"]] = booked["manage_url"].rsplit("/", 1)[-1]

    async def burst(self, size: int = BURST) -> None:
        async def later() -> None:
            await asyncio.sleep(random.random())
            await self.one()

        await asyncio.gather(*(later() for _ in range(size)))

    async def step(self) -> int:
        """Move the clock on; returns the status that was answered."""
        to = min(await self.clinic.now() + STEP, self.until)
        answer = await self.clinic.http.post("/dev/clock", json={"now": to.isoformat()}, timeout=100)
        return answer.status_code

    @asynccontextmanager
    async def moving(self) -> AsyncIterator[Counter[int]]:
        """Meanwhile the clock is moved on and on, whatever is killed under it; counts what was answered."""
        answered, over = Counter[int](), asyncio.Event()

        async def move() -> None:
            while not over.is_set():
                with suppress(httpx.HTTPError):
                    answered[await self.step()] += 1
                await asyncio.sleep(EVERY_SECONDS)

        mover = asyncio.create_task(move())
        try:
            yield answered
        finally:
            over.set()
            await mover

    async def reply(self) -> int:
        """Whoever was asked to confirm presses the first button; returns how many did."""
        replied = 0
        for person in list(self.acknowledged.values()):
            with suppress(httpx.HTTPError):
                messages = await self.clinic.messages(person.phone)
                asked = [one for one in messages if one.get("buttons")]
                if asked and person.locale != "answered":
                    await self.clinic.reply(person.phone, channel="whatsapp", button="1")
                    person.locale = "answered"
                    replied += 1
        return replied


@pytest.fixture
async def opened(system: System) -> AsyncIterator[Clinic]:
    clinic = Clinic(system)
    yield clinic
    await clinic.close()


async def ready(system: System) -> bool:
    async with httpx.AsyncClient(timeout=3) as http:
        for name in SERVICES:
            try:
                answer = await http.get(f"http://127.0.0.1:{system.run['processes'][name]['port']}/readyz")
            except httpx.TransportError:
                return False
            if answer.status_code != 200:
                return False
    return True


async def until_ready(system: System, killed: str, old: int) -> None:
    async def again() -> bool:
        return system.pid(killed) != old and await ready(system)

    await eventually(again, within=180)


async def rows(system: System, service: str, query: str, *values: Any) -> list[Any]:
    connection = await asyncpg.connect(
        system.run["admin_url"].replace("postgresql+asyncpg://", "postgresql://"), database=service
    )
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def settle(clinic: Clinic) -> None:
    """Also after servers were killed: what waits for a lease or an acknowledgement takes half a minute."""

    deadline, said = time.monotonic() + 150, ""
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            answer = await clinic.http.post("/dev/clock", json={"advance": "PT1S"})
            if answer.status_code == 200:
                return
            said = answer.text
        await asyncio.sleep(0.2)
    raise AssertionError(f"it never settled: {said}")


async def nothing_is_lost_or_doubled(system: System, load: Load) -> None:
    clinic = load.clinic
    await settle(clinic)

    # every booking that was acknowledged is there, over HTTP and in the table, and there is none beside them
    for appointment_id, token in load.links.items():
        answer = await clinic.http.get(f"/api/v1/links/{token}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["appointment"]["id"] == appointment_id
    stored = await rows(
        system,
        "booking",
        "SELECT appointment_id::text AS id, status FROM appointments WHERE network_id = $1",
        clinic.network,
    )
    assert {row["id"] for row in stored} - load.before == set(load.acknowledged)
    assert {row["status"] for row in stored} <= {"booked", "confirmed"}

    # the sandbox's ledger decides what was sent
    accepted = Counter(
        (line["channel"], line["to"], line["reference"])
        for line in await clinic.ledger()
        if line.get("reference")
    )
    assert [line for line, count in accepted.items() if count > 1] == []
    attempts = await rows(
        system, "notifications",
        "SELECT attempt_id::text AS id, patient_id, appointment_id, step, channel, starts_at, in_flight"
        " FROM attempts JOIN messages USING (network_id, message_id, patient_id, appointment_id)",
    )  # fmt: skip
    steps = Counter(
        (row["patient_id"], row["appointment_id"], row["step"], row["channel"], row["starts_at"])
        for row in attempts
        if row["id"] in {reference for _, _, reference in accepted}
    )
    assert set(load.acknowledged) <= {str(row["appointment_id"]) for row in attempts}, (
        "everybody who booked was told so, as far as we know"
    )
    assert [step for step, count in steps.items() if count > 1] == []
    assert not any(row["in_flight"] for row in attempts)

    # what `verify` promises is kept, outboxes are empty, and every reader applied every event of its subjects once
    assert await soon_kept(system) == []
    for service in SERVICES:
        dead = await rows(system, service, "SELECT durable, subject, error FROM dead_letters")
        assert dead == []
    await every_event_was_applied_by_every_reader(system)


async def soon_kept(system: System) -> list[str]:
    """What is still wrong after a while: a server may notice only as it is read that it has lost its files, and then
    everything is published and read again."""
    assert system.home is not None
    targets, wrong = Targets.of(Home(system.home)), ["not looked yet"]

    async def kept() -> bool:
        wrong[:] = [line for check in await verify(targets) if not check.kept for line in check.lines()]
        for service in SERVICES:
            [[waiting]] = await rows(
                system, service, "SELECT count(*) FROM outbox WHERE published_at IS NULL"
            )
            if waiting:
                wrong.append(f"{service} has {waiting} events to publish")
        return not wrong

    with suppress(TimeoutError):
        await eventually(kept, within=120)
    return wrong


async def every_event_was_applied_by_every_reader(system: System) -> None:
    """What each durable reads is asked of the server; what was told and what was applied, of the databases."""
    client = await nats.connect(system.run["nats_url"])
    try:
        durables = [
            (
                owner,
                info.config.durable_name,
                info.config.filter_subjects or [info.config.filter_subject or ""],
            )
            for owner in SERVICES
            for info in await client.jetstream(timeout=30).consumers_info(f"{owner.upper()}_EVENTS")
            if info.config.durable_name
        ]
    finally:
        await client.close()
    assert len(durables) >= 10
    for owner, durable, subjects in durables:
        told = await rows(
            system, owner,
            "SELECT event_id FROM outbox WHERE subject = ANY($1)"
            " AND ($2::text IS NULL OR convert_from(body, 'UTF8')::jsonb ->> $2 = $3)",
            subjects, *APPLIES_ONLY.get(durable, (None, None)),
        )  # fmt: skip
        service = durable.partition("-")[0]
        applied = await rows(system, service, "SELECT event_id FROM inbox WHERE reader = $1", durable)
        missing = {row["event_id"] for row in told} - {row["event_id"] for row in applied}
        assert not missing, f"{durable} has not applied {len(missing)} of {len(told)}"


@dataclass
class Sent:
    """A booking whose request is wholly on its way, over a connection of its own."""

    body: bytes
    person: Person
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def headers(self) -> dict[str, str]:
        return {"Idempotency-Key": f"term-{self.person.phone}", "Content-Type": "application/json"}

    async def answer(self) -> tuple[int, dict[str, Any]]:
        head, _, body = (await self.reader.read()).partition(b"\r\n\r\n")
        self.writer.close()
        assert head, "the connection was closed without an answer"
        return int(head.split(b" ", 2)[1]), json.loads(body)


async def send(load: Load, connection: Any, slot: dict[str, Any]) -> Sent:
    reader, writer = connection
    person = somebody()
    wanted = {
        "service_id": load.service_id, "branch_id": slot["branch_id"], "starts_at": slot["starts_at"],
        "practitioner_id": slot["practitioner_id"], "patient": person.body, "source": "site",
    }  # fmt: skip
    sent = Sent(json.dumps(wanted).encode(), person, reader, writer)
    request = load.clinic.http.build_request(
        "POST",
        load.url,
        content=sent.body,
        headers={**sent.headers, "Connection": "close"},
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    writer.write(f"POST {request.url.path} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
    return sent


def timed_out(system: System) -> int:
    """How many of the gateway's questions so far were answered by nobody in their time."""
    assert system.home is not None
    return (system.home / "logs" / "gateway.log").read_text().count("no answer in time")


@pytest.mark.parametrize("system", [pytest.param(PATIENCE, id="patient")], indirect=True)
async def test_sigterm_finishes_what_is_in_flight(system: System, opened: Clinic) -> None:
    load = await Load.on(opened)
    await load.burst(4)
    for name in ("gateway", "booking", "patient_profile", "notifications"):
        old = system.pid(name)
        gateway = urlsplit(system.gateway)
        connections = [await asyncio.open_connection(gateway.hostname, gateway.port) for _ in range(16)]
        await asyncio.sleep(0.2)  # all are accepted: one in the backlog is not yet the server's
        sent = [await send(load, connection, load.slots.pop(0)) for connection in connections]
        # at the first answer all requests have arrived
        answering = [asyncio.create_task(one.answer()) for one in sent]
        await asyncio.wait(answering, return_when=asyncio.FIRST_COMPLETED)
        waited_in_vain = timed_out(system)
        os.kill(old, signal.SIGTERM)
        answers = await asyncio.gather(*answering)
        # what comes after the last is refused at once: only a lost request would wait for its time-out
        assert timed_out(system) == waited_in_vain, f"a request was lost when {name} ended"
        statuses = Counter(status for status, _ in answers)
        assert set(statuses) <= ({201} if name in {"gateway", "notifications"} else {201, 503}), statuses
        await until_ready(system, name, old)
        for one, (status, body) in zip(sent, answers, strict=True):
            again = await opened.http.post(load.url, content=one.body, headers=one.headers)
            assert again.status_code == 201, again.text
            if status == 201:
                assert again.json()["appointment"]["id"] == body["appointment"]["id"]
            load.keep(again.json(), one.person)
    await nothing_is_lost_or_doubled(system, load)
    # nobody was killed: no attempt may have ended otherwise, but where the provider itself took too long to answer
    ended = await rows(
        system,
        "notifications",
        "SELECT DISTINCT outcome, reason FROM attempts WHERE outcome NOT IN ('accepted', 'open')",
    )
    assert {tuple(row) for row in ended} <= {("unknown", "ReadTimeout")}


async def test_kill_9_of_everything_in_turn_loses_nothing_and_doubles_nothing(
    system: System, opened: Clinic
) -> None:
    load = await Load.on(opened)
    before = await confirmed(system)
    replied = 0
    async with load.moving() as moves:
        for name in KILLED:
            old = system.pid(name)
            flow = asyncio.gather(load.burst(), load.reply())
            await asyncio.sleep(0.2 + random.random() * 0.6)
            system.kill(name)
            _, pressed = await flow
            replied += pressed
            await until_ready(system, name, old)
            await asyncio.sleep(1)
        await lose_the_store(system, load)

        async def moved() -> bool:
            return moves[200] > 0

        await eventually(moved, within=200)
    await settle(opened)
    replied += await load.reply()
    while not replied and await opened.now() < load.until:
        # however slow the moves were under fire, the reminders that ask come in their time
        with suppress(httpx.HTTPError):
            await load.step()
        await settle(opened)
        replied += await load.reply()
    assert not load.refused, load.refused
    assert replied, "somebody was asked and answered"
    await nothing_is_lost_or_doubled(system, load)
    assert await confirmed(system) - before == replied


async def confirmed(system: System) -> int:
    found = await rows(system, "booking", "SELECT count(*) FROM appointments WHERE status = 'confirmed'")
    return int(found[0][0])


async def lose_the_store(system: System, load: Load) -> None:
    """Of JetStream: while it is stopped, under the running server, and by deleting the streams."""
    assert system.home is not None
    store = system.home / "nats" / "store"

    # gone before the killed server can come again
    old = system.pid("nats")
    flow = asyncio.create_task(load.burst())
    await asyncio.sleep(0.4)
    store.rename(store.with_name("lost while stopped"))
    system.kill("nats")
    await flow
    await until_ready(system, "nats", old)

    flow = asyncio.create_task(load.burst())
    await asyncio.sleep(0.4)
    client = await nats.connect(system.run["nats_url"])
    for service in SERVICES:
        await delete_stream(client.jetstream(timeout=30), f"{service.upper()}_EVENTS")
    await client.close()
    await flow

    # under the running server, which notices when it next opens a file
    flow = asyncio.create_task(load.burst())
    await asyncio.sleep(0.4)
    store.rename(store.with_name("lost while running"))
    await flow


async def delete_stream(js: JetStreamContext, name: str) -> None:
    """A service is ready before it has noticed that its stream was lost, so it is waited for."""

    async def deleted() -> bool:
        with suppress(NotFoundError, nats.errors.TimeoutError):
            return await js.delete_stream(name)
        return False

    await eventually(deleted, within=60)

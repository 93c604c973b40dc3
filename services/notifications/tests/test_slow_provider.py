"""A provider that is alive but slow: whoever waits for it is not taken for dead, and nothing leaves on an old answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import orjson
import pytest
import sqlalchemy as sa

from common import due
from common.testing import PATIENCE
from notifications import workers
from notifications.channels import Accepted, NotReached, Refused, http
from notifications.channels.whatsapp import WhatsApp
from notifications.operations import sending
from notifications.operations.asking import FRESH_SECONDS
from notifications.operations.sending import send_due
from notifications.operations.settling import settle_old
from notifications.tables.messages import LANES
from notifications.tables.schema import messages

from .conftest import Service
from .world import NOW, almaty

LEASE = 0.6
A_CALL = FRESH_SECONDS + 0.3


async def booked(service, world, count):
    """Visits whose confirmations are due."""
    cards = [world.patient(f"+770100001{number:02}") for number in range(count)]
    await service.apply(*(world.booked(one, almaty(12, 15)) for one in cards))
    return cards


async def confirmations(service):
    return [one for one in await service.messages() if one.step == "confirmation"]


async def another_takes_over(service, message_ids):
    """A worker that finds these after their lease."""
    await send_due(service.parts, service.world.network_id, message_ids)


@dataclass
class Wall:
    """Time that goes by as far as everybody has renewed what they hold: on a busy machine, too, nobody seems dead."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    async def go_on(self, service: Service) -> None:
        in_hand = sa.select(sa.func.min(messages.c.leased_until)).where(
            messages.c.outcome.in_(("planned", "sending"))
        )
        while True:
            async with service.parts.database.reading(service.world.network_id) as tx:
                runs_out = (await tx.execute(in_hand)).scalar_one()
            if runs_out is not None:
                self.now = max(self.now, runs_out - timedelta(seconds=LEASE / 3))
            await asyncio.sleep(0.01)

    async def longer_than_a_lease(self) -> None:
        over = self.now + timedelta(seconds=LEASE * 4 / 3)
        while self.now < over:  # noqa: ASYNC110 - a clock has no bell
            await asyncio.sleep(0.01)


async def test_two_workers_and_calls_longer_than_a_lease_leave_nothing_unknown_and_nothing_twice(
    service, world, provider, database, monkeypatch
):
    monkeypatch.setattr(sending, "AT_ONCE", 4)
    monkeypatch.setattr(due, "wall", wall := Wall())
    await booked(service, world, 12)
    provider.before_answer = wall.longer_than_a_lease
    loops = [
        loop
        for _ in range(2)
        for loop in workers.loops(service.parts, database, service.clock, lease_seconds=LEASE)[: len(LANES)]
    ]
    going_on = asyncio.create_task(wall.go_on(service))
    working = [asyncio.create_task(loop.run()) for loop in loops]
    async with asyncio.timeout(PATIENCE):
        while any(one.outcome in {"planned", "sending"} for one in await confirmations(service)):  # noqa: ASYNC110 - no bell
            await asyncio.sleep(0.1)
    for loop in loops:
        loop.stop()
    await asyncio.gather(*working)
    going_on.cancel()
    await asyncio.gather(going_on, return_exceptions=True)
    assert {one.outcome for one in await confirmations(service)} == {"accepted"}
    assert {one.outcome for one in await service.attempts()} == {"accepted"}
    assert len(provider.sent) == len({one["reference"] for one in provider.sent}) == 12


@pytest.mark.parametrize(
    ("answer", "attempts"),
    [
        (Accepted("wamid.1"), [("whatsapp", "accepted")]),
        (Refused("no"), [("whatsapp", "failed"), ("sms", "accepted")]),
        (NotReached(), [("whatsapp", "open")]),
    ],
)
async def test_whoever_was_taken_for_dead_still_says_what_came_of_its_call(
    service, world, monkeypatch, answer, attempts
):
    await booked(service, world, 1)
    (confirmation,) = await confirmations(service)

    async def slowly(*_):
        await another_takes_over(service, [confirmation.message_id])
        (attempt,) = await service.attempts()
        assert (attempt.outcome, attempt.reason) == ("unknown", "interrupted")
        return answer

    monkeypatch.setattr(WhatsApp, "send", slowly)
    await send_due(service.parts, world.network_id, [confirmation.message_id])
    await service.send()
    assert [(one.channel, one.outcome) for one in await service.attempts()] == attempts


async def test_an_answer_that_came_while_somebody_took_its_caller_for_dead_stands(
    service, world, monkeypatch
):
    await booked(service, world, 1)
    (confirmation,) = await confirmations(service)
    seen = []

    async def slowly(*_):
        seen.append(await sending._read(service.parts, world.network_id, [confirmation.message_id]))
        return Accepted("wamid.1")

    monkeypatch.setattr(WhatsApp, "send", slowly)
    await send_due(service.parts, world.network_id, [confirmation.message_id])
    await settle_old(service.parts, seen[0], NOW)
    assert [one.outcome for one in await service.attempts()] == ["accepted"]
    assert (await service.step("confirmation")).outcome == "accepted"


async def test_what_another_has_taken_over_is_not_called_any_more_and_goes_out_once(
    service, world, provider, monkeypatch
):
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    await booked(service, world, 2)

    async def slowly():
        provider.before_answer = None
        called = await message_of(service, provider.sent[0]["reference"])
        others = [one.message_id for one in await confirmations(service) if one.message_id != called]
        await another_takes_over(service, others)
        await asyncio.sleep(A_CALL)

    provider.before_answer = slowly
    await service.sending.step()
    assert len(provider.sent) == 1
    await service.at(NOW + timedelta(seconds=10))
    assert len({one["reference"] for one in provider.sent}) == len(provider.sent) == 2
    assert {one.outcome for one in await service.attempts()} == {"accepted"}


async def message_of(service, reference):
    return next(one.message_id for one in await service.attempts() if str(one.attempt_id) == reference)


@dataclass
class Server:
    """A provider at a socket, which takes its time before each answer."""

    url: str = ""
    came: list[str] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )  # fmt: skip
            self.came.append(orjson.loads(await reader.readexactly(length))["to"])
            await self.answering.wait()
            body = orjson.dumps({"messages": [{"id": f"wamid.{len(self.came)}"}]})
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@asynccontextmanager
async def slow_server() -> AsyncIterator[Server]:
    made = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.ensure_future(made.take(reader, writer)))
        await asyncio.gather(task, return_exceptions=True)
        writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0, backlog=1024)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with slow_server() as running:
        yield running


async def test_what_is_withdrawn_while_it_waits_for_a_connection_does_not_leave(service, world, server):
    """One connection for two messages: the second has been looked at and found wanted when it begins to wait."""
    cards = await booked(service, world, 2)
    one_connection = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(limits=one_connection, timeout=PATIENCE, trust_env=False) as client:
        service.parts.adapters["whatsapp"] = WhatsApp(client, server.url, "token")
        working = asyncio.create_task(service.sending.step())
        async with asyncio.timeout(PATIENCE):
            while not server.came:  # noqa: ASYNC110 - the provider has no bell
                await asyncio.sleep(0.01)
        for card in cards:
            for message_class in LANES:
                world.refused[card.patient_id, message_class] = "withdrawn"
        await asyncio.sleep(A_CALL)
        server.answering.set()
        await working
    assert len(server.came) == 1
    ended = {one.outcome: one.reason for one in await confirmations(service)}
    assert ended == {"accepted": None, "suppressed": "withdrawn"}


async def test_no_call_waits_for_the_connections_of_others(server, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", PATIENCE)
    url = f"{server.url}/messages"
    async with http.client() as client:
        calls = [
            asyncio.create_task(client.post(url, json={"to": str(number)}))
            for number in range(2 * sending.AT_ONCE * sum(workers.AT_ONCE.values()))
        ]
        async with asyncio.timeout(PATIENCE):
            while len(server.came) < len(calls):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        server.answering.set()
        assert {one.status_code for one in await asyncio.gather(*calls)} == {200}

"""The keeper of the development clock, over a real NATS, with processes that a test plays."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import nats
import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from common.bus import Bus
from common.clock import Clock
from common.development import Status, follow, learn_the_time
from common.testing import PATIENCE
from devkit.sandbox import keeper as keeper_module
from devkit.sandbox.clock import ClockBackward, DevelopmentClock
from devkit.sandbox.keeper import Keeper, Move
from devkit.sandbox.testing import eventually, sandbox, settings_for

START = datetime.fromisoformat("2026-12-01T09:00:00+00:00")
IDLE = {
    "next_due": None,
    "due_now": 0,
    "in_flight": 0,
    "unpublished": 0,
    "unread": 0,
    "callbacks": 0,
    "activity": 0,
}


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


@dataclass
class Process:
    """A process as a test plays it: it does its due work at once, unless it is told otherwise."""

    name: str
    due: list[datetime] = field(default_factory=list)
    now: datetime = START
    done: list[datetime] = field(default_factory=list)
    moves: list[datetime] = field(default_factory=list)
    asked: int = 0
    work: Callable[["Process"], dict[str, Any]] = lambda _: {}

    async def join(self, client: Client) -> None:
        await client.subscribe("dev.clock.set", cb=self._moved)
        await client.subscribe("dev.status", cb=self._asked)
        await client.flush()

    async def _moved(self, message: Msg) -> None:
        self.now = datetime.fromisoformat(orjson.loads(message.data)["now"])
        self.moves.append(self.now)
        while self.due and min(self.due) <= self.now:
            self.done.append(self.now)
            self.due.remove(min(self.due))
        if message.reply:
            await message.respond(orjson.dumps({"name": self.name}))

    async def _asked(self, message: Msg) -> None:
        self.asked += 1
        next_due = min(self.due).isoformat() if self.due else None
        status = {
            **IDLE,
            "name": self.name,
            "next_due": next_due,
            "activity": len(self.done),
            **self.work(self),
        }
        await message.respond(orjson.dumps(status))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(nats_server) -> AsyncIterator[Client]:
    async with connected(nats_server.url) as connection:
        yield connection


@pytest.fixture
def clock(tmp_path: Path) -> DevelopmentClock:
    return DevelopmentClock(tmp_path / "clock.json", start=START)


@pytest.fixture
def asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is slow to answer is not asked again: for tests that count questions or moves."""
    monkeypatch.setattr(keeper_module, "ASK_AGAIN", (PATIENCE,))


@asynccontextmanager
async def keeping(
    client: Client, clock: DevelopmentClock, *names: str, patience: float = PATIENCE
) -> AsyncIterator[Keeper]:
    keeper = Keeper(clock, lambda: {**IDLE, "name": "sandbox"}, expected=names, patience=patience)
    await keeper.serve(client)
    try:
        yield keeper
    finally:
        await keeper.close()


async def ask(client: Client, question: dict[str, Any]) -> dict[str, Any]:
    answer = await client.request("dev.clock.advance", orjson.dumps(question), timeout=PATIENCE)
    content: dict[str, Any] = orjson.loads(answer.data)
    return content


@pytest.mark.usefixtures("asked_once")
async def test_a_jump_goes_through_every_due_instant_in_order_and_ends_at_its_target(client, clock):
    booking = Process("booking", [hours(5), hours(1)])
    recall = Process("recall", [hours(3), hours(100)])
    await booking.join(client)
    await recall.join(client)

    async with keeping(client, clock, "booking", "recall"):
        assert await ask(client, {"advance": "PT6H"}) == {"now": "2026-12-01T15:00:00Z"}

    assert (booking.done, recall.done) == ([hours(1), hours(5)], [hours(3)])
    assert list(dict.fromkeys(booking.moves)) == [START, hours(1), hours(3), hours(5), hours(6)]
    assert booking.moves == recall.moves


async def test_work_that_appears_on_the_way_is_done_at_its_own_time(client, clock):
    booking = Process("booking", [hours(1)])
    notifications = Process("notifications")

    def plans(process: Process) -> dict[str, Any]:
        if booking.done and not process.done and not process.due:
            process.due.append(hours(2))
        return {"next_due": process.due[0].isoformat() if process.due else None}

    notifications.work = plans
    await booking.join(client)
    await notifications.join(client)

    async with keeping(client, clock, "booking", "notifications"):
        await ask(client, {"advance": "P1D"})

    assert notifications.done == [hours(2)]


@pytest.mark.parametrize("work", ["due_now", "in_flight", "unpublished", "unread", "callbacks"])
async def test_the_clock_waits_for_every_kind_of_work(client, clock, work: str):
    booking = Process("booking")
    booking.work = lambda process: {work: 1 if process.asked < 6 else 0}
    await booking.join(client)

    async with keeping(client, clock, "booking"):
        await ask(client, {"advance": "PT1H"})

    assert booking.asked >= 7


@pytest.mark.usefixtures("asked_once")
async def test_settled_takes_two_rounds_with_nothing_done_in_between(client, clock):
    booking = Process("booking")
    seen: list[int] = []

    def busy_between_questions(process: Process) -> dict[str, Any]:
        seen.append(min(process.asked, 5))
        return {"activity": seen[-1]}

    booking.work = busy_between_questions
    await booking.join(client)

    async with keeping(client, clock, "booking") as keeper:
        await keeper.advance(Move(advance=timedelta(0)))

    assert seen == [1, 2, 3, 4, 5, 5]


async def test_backward_is_refused(client, clock):
    async with keeping(client, clock) as keeper:
        assert await ask(client, {"now": "2026-12-01T08:59:59Z"}) == {"error": "clock-backward"}
        with pytest.raises(ClockBackward):
            await keeper.advance(Move(advance=timedelta(seconds=-1)))
        assert clock.now() == START


@pytest.mark.parametrize(
    "question", [{}, {"now": "yesterday"}, {"advance": "PT1H", "now": "2027-01-01T00:00:00Z"}]
)
async def test_a_question_that_is_no_move_is_answered(client, clock, question):
    async with keeping(client, clock):
        assert await ask(client, question) == {"error": "invalid-move"}


async def test_who_is_absent_is_named(client, clock):
    await Process("booking").join(client)

    async with keeping(client, clock, "booking", "recall", patience=3):
        answer = await ask(client, {"advance": "PT1H"})

    assert answer["error"] == "not-settled"
    assert [each["name"] for each in answer["waiting_for"]] == ["recall"]


async def test_who_does_not_settle_is_named_with_what_is_left_and_can_be_waited_for_again(client, clock):
    booking = Process("booking", [hours(1)])
    booking.work = lambda process: {"unpublished": 3} if process.now == hours(1) else {}
    await booking.join(client)
    await Process("recall").join(client)

    async with keeping(client, clock, "booking", "recall", patience=3):
        answer = await ask(client, {"advance": "PT2H"})
        assert answer["error"] == "not-settled"
        assert [(each["name"], each["unpublished"]) for each in answer["waiting_for"]] == [("booking", 3)]
        assert clock.now() == hours(1), "it stands where it did not settle"

        booking.work = lambda _: {}
        assert await ask(client, {"now": "2026-12-01T11:00:00Z"}) == {"now": "2026-12-01T11:00:00Z"}


async def test_a_process_that_starts_late_is_waited_for(client, clock):
    async with keeping(client, clock, "booking"):
        moving = asyncio.create_task(ask(client, {"advance": "PT1H"}))
        await asyncio.sleep(0.1)
        await Process("booking").join(client)
        assert await moving == {"now": "2026-12-01T10:00:00Z"}


async def test_two_moves_at_once_go_one_after_the_other(client, clock):
    booking = Process("booking", [hours(n) for n in range(1, 10)])
    await booking.join(client)

    async with keeping(client, clock, "booking"):
        first, second = await asyncio.gather(
            ask(client, {"advance": "PT4H"}), ask(client, {"advance": "PT5H"})
        )

    assert (first, second) == ({"now": "2026-12-01T13:00:00Z"}, {"now": "2026-12-01T18:00:00Z"})
    assert booking.moves == sorted(booking.moves)


async def test_the_clock_ticks_until_it_is_first_moved(client, tmp_path: Path):
    clock = DevelopmentClock(tmp_path / "clock.json")

    async with keeping(client, clock):
        before = orjson.loads((await client.request("dev.clock.get", b"{}", timeout=PATIENCE)).data)
        await ask(client, {"advance": "PT1H"})
        after = orjson.loads((await client.request("dev.clock.get", b"{}", timeout=PATIENCE)).data)

    assert (before["frozen"], after["frozen"]) == (False, True)
    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert timedelta(hours=1) <= moved < timedelta(hours=1, minutes=1)


def test_a_restart_keeps_the_clock_whatever_start_is_given(tmp_path: Path):
    DevelopmentClock(tmp_path / "clock.json", start=START).put(hours(7))

    again = DevelopmentClock(tmp_path / "clock.json", start=hours(1000))

    assert (again.now(), again.frozen) == (hours(7), True)


def test_durations_are_read_as_iso_8601():
    moves = ["PT2H", "P1DT2H30M", "P2W", "PT0.5S"]

    assert [Move.model_validate({"advance": text}).advance for text in moves] == [
        timedelta(hours=2),
        timedelta(days=1, hours=2, minutes=30),
        timedelta(weeks=2),
        timedelta(seconds=0.5),
    ]


async def test_an_empty_step_is_quick(client, clock):
    names = ["gateway", "booking", "notifications", "consents", "recall", "patient_profile"]
    for name in names:
        await Process(name, [hours(n) for n in range(1, 101)] if name == "recall" else []).join(client)

    async with keeping(client, clock, *names):
        tens = []
        for _ in range(10):
            began = time.perf_counter()
            await ask(client, {"advance": "PT10H"})
            tens.append(time.perf_counter() - began)

    # the quickest: the others say how busy the machine was
    assert min(tens) < 1, f"{min(tens) * 100:.1f} ms each"


async def test_the_sandbox_mirrors_it_over_http_and_keeps_it_on_nats(client, nats_server, tmp_path: Path):
    booking = Process("booking", [hours(1)])
    await booking.join(client)
    settings = settings_for(
        tmp_path, nats_url=nats_server.url, expected="booking", clock_start=START, settle_seconds=3
    )
    async with sandbox(settings) as running:

        async def ready() -> bool:
            return (await running.http.get("/readyz")).status_code == 200

        await eventually(ready)
        assert (await running.http.get("/clock")).json() == {"now": "2026-12-01T09:00:00Z", "frozen": True}
        moved = await running.http.post("/clock", json={"advance": "PT2H"})
        assert (moved.status_code, moved.json()) == (200, {"now": "2026-12-01T11:00:00Z"})
        assert booking.done == [hours(1)]
        answered: list[dict[str, Any]] = []

        async def hear(message: Msg) -> None:
            answered.append(orjson.loads(message.data))

        await client.subscribe("test.answers", cb=hear)
        await client.publish("dev.status", b"{}", reply="test.answers")
        await eventually(lambda: len(answered) == 2)
        [own] = [status for status in answered if status["name"] == "sandbox"]
        assert set(own) == {*IDLE, "name", "blocked"}

        backward = await running.http.post("/clock", json={"now": "2026-12-01T09:00:00Z"})
        assert (backward.status_code, backward.json()["type"]) == (409, "/problems/clock-backward")
        booking.work = lambda _: {"unread": 1}
        stuck = await running.http.post("/clock", json={"advance": "PT1H"})
        assert (stuck.status_code, stuck.json()["waiting_for"][0]["name"]) == (504, "booking")
        with pytest.raises(httpx.HTTPStatusError):
            (await running.http.post("/clock", json={"advance": "soon"})).raise_for_status()


async def test_processes_that_follow_by_the_common_module_are_moved(nats_server, client, clock):
    bus, theirs = Bus(nats_server.url, "booking"), Clock()
    due = [hours(1)]

    async def status() -> Status:
        while due and due[0] <= theirs.now():
            due.pop()
        return Status(next_due=due[0] if due else None)

    await bus.connect()
    try:
        async with keeping(client, clock, "booking"):
            await learn_the_time(bus, theirs)
            assert (theirs.now(), theirs.frozen) == (START, True)
            await follow("booking", bus, theirs, status)
            assert await ask(client, {"advance": "PT2H"}) == {"now": "2026-12-01T11:00:00Z"}
        assert (theirs.now(), due) == (hours(2), [])
    finally:
        await bus.close()


async def test_the_clock_can_be_moved_after_nats_was_gone(nats_server, tmp_path: Path):
    booking = Process("booking", [hours(1)])
    theirs = await nats.connect(nats_server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.05)
    await booking.join(theirs)
    settings = settings_for(tmp_path, nats_url=nats_server.url, expected="booking", clock_start=START)
    try:
        async with sandbox(settings) as running:

            async def ready() -> bool:
                return (await running.http.get("/readyz")).status_code == 200

            await eventually(ready)
            nats_server.kill()
            await eventually(lambda: _not(ready()))
            nats_server.start()
            moved = await running.http.post("/clock", json={"advance": "PT2H"})
            assert (moved.status_code, moved.json()) == (200, {"now": "2026-12-01T11:00:00Z"})
            assert booking.done == [hours(1)]
    finally:
        await theirs.close()


async def _not(answer: Awaitable[bool]) -> bool:
    return not await answer

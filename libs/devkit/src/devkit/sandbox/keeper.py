"""The keeper of the development clock: moves all processes through every due instant on the way, in order.

It asks over core NATS (`dev.clock.set`, `dev.status`) and answers `dev.clock.get` and `dev.clock.advance`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain, count, repeat
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from devkit.sandbox.clock import ClockBackward, DevelopmentClock
from devkit.sandbox.messages import instant

log = logging.getLogger(__name__)

ASK_AGAIN = (0.5, 1.0, 2.0)
"""Seconds after which whoever has not answered is asked again: it may have been starting, or be at its limit."""
PAUSES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1)
"""Seconds between two rounds while work goes on. A round costs every process some queries."""
WORK = ("due_now", "in_flight", "unpublished", "unread", "callbacks")

Status = dict[str, Any]


class Move(BaseModel):
    """Where to: an instant, or a duration (ISO 8601, or seconds) from now."""

    model_config = ConfigDict(extra="forbid")

    now: AwareDatetime | None = None
    advance: timedelta | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Move":
        if (self.now is None) is (self.advance is None):
            raise ValueError("give either now or advance")
        return self

    def target(self, now: datetime) -> datetime:
        return self.now if self.now is not None else now + (self.advance or timedelta(0))


class NotSettled(Exception):  # noqa: N818 - a refusal is named after what it refuses
    code = "not-settled"

    def __init__(self, waiting_for: list[Status]) -> None:
        super().__init__(", ".join(str(status["name"]) for status in waiting_for))
        self.waiting_for = waiting_for


class Keeper:
    def __init__(
        self,
        clock: DevelopmentClock,
        own_status: Callable[[], Status],
        *,
        expected: tuple[str, ...] = (),
        patience: float = 60,
    ) -> None:
        self._clock = clock
        self._own_status = own_status
        self._expected = frozenset(expected) - {own_status()["name"]}
        self._patience = patience
        self._nats: Client | None = None
        self._one_at_a_time = asyncio.Lock()
        self._rounds: dict[str, asyncio.Queue[Status]] = {}
        self._inbox = ""
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, nats: Client) -> None:
        """Answer on NATS, and put everyone where the clock stood when this process was last alive."""
        self._nats = nats
        self._inbox = nats.new_inbox()
        await nats.subscribe(f"{self._inbox}.*", cb=self._on_reply)
        await nats.subscribe("dev.clock.get", cb=self._on_get)
        await nats.subscribe("dev.clock.advance", cb=self._on_advance)
        await nats.subscribe("dev.status", cb=self._on_status)
        await nats.flush()
        if self._clock.frozen:
            await nats.publish("dev.clock.set", orjson.dumps(self._clock.shown()))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def advance(self, move: Move) -> datetime:
        """Step through every due instant up to the target; raises ClockBackward, NotSettled.

        After NotSettled the clock stands at the instant that did not settle, and a second call goes on from there.
        """
        async with self._one_at_a_time:
            now = self._clock.now()
            target = move.target(now)
            if target < now:
                raise ClockBackward(instant(target))
            await self._put(now)
            while True:
                statuses = await self._settled()
                step = min([due for due in _next_due(statuses) if due > self._clock.now()], default=target)
                if self._clock.now() >= target:
                    return self._clock.now()
                await self._put(min(step, target))

    async def _put(self, now: datetime) -> None:
        self._clock.put(now)
        await self._ask("dev.clock.set", self._clock.shown(), until=self._deadline())

    async def _settled(self) -> list[Status]:
        """Everyone idle twice in a row, with nothing done in between."""
        deadline = self._deadline()
        before: int | None = None
        for pause in _on_and_on(PAUSES):
            # A round that begins just before the deadline still gets its answers: they say who is waited for.
            until = max(deadline, asyncio.get_running_loop().time() + ASK_AGAIN[0])
            statuses = await self._ask("dev.status", {}, until=until)
            statuses.append(self._own_status())
            busy = [status for status in statuses if any(status.get(work) for work in WORK)]
            activity = sum(int(status.get("activity", 0)) for status in statuses)
            if not busy and activity == before:
                return statuses
            if asyncio.get_running_loop().time() > deadline:
                raise NotSettled(busy or statuses)
            before = None if busy else activity
            if busy:
                await asyncio.sleep(pause)
        raise AssertionError("pauses never end")

    async def _ask(self, subject: str, question: dict[str, Any], *, until: float) -> list[Status]:
        """One answer from each expected process; whoever is silent at the end is named."""
        if not self._expected:
            return []
        answers: dict[str, Status] = {}
        inbox, replies = self._open_round()
        try:
            for patience in _on_and_on(ASK_AGAIN):
                missing = self._expected - answers.keys()
                if not missing:
                    break
                if (left := until - asyncio.get_running_loop().time()) <= 0:
                    raise NotSettled([{"name": name, "answered": False} for name in sorted(missing)])
                await self._publish(subject, question, inbox)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(patience, left)):
                        while self._expected - answers.keys():
                            status = await replies.get()
                            answers[status["name"]] = status
        finally:
            self._rounds.pop(inbox, None)
        return [status for name, status in answers.items() if name in self._expected]

    def _open_round(self) -> tuple[str, asyncio.Queue[Status]]:
        """Answers to an earlier question must not count for this one."""
        inbox = f"{self._inbox}.{next(self._numbers)}"
        replies = self._rounds[inbox] = asyncio.Queue()
        return inbox, replies

    async def _publish(self, subject: str, question: dict[str, Any], inbox: str) -> None:
        if self._nats is None or not self._nats.is_connected:
            return
        with contextlib.suppress(NatsError):
            await self._nats.publish(subject, orjson.dumps(question), reply=inbox)

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._patience

    async def _on_reply(self, message: Msg) -> None:
        if replies := self._rounds.get(message.subject):
            replies.put_nowait(orjson.loads(message.data))

    async def _on_get(self, message: Msg) -> None:
        await message.respond(orjson.dumps(self._clock.shown()))

    async def _on_status(self, message: Msg) -> None:
        if message.reply:
            await message.respond(orjson.dumps(self._own_status()))

    async def _on_advance(self, message: Msg) -> None:
        # nats-py awaits one callback at a time, and this one takes long.
        task = asyncio.create_task(self._answer_advance(message), name="advance")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_advance(self, message: Msg) -> None:
        answer: dict[str, Any]
        try:
            answer = {"now": instant(await self.advance(Move.model_validate_json(message.data)))}
        except ValidationError:
            answer = {"error": "invalid-move"}
        except ClockBackward as backward:
            answer = {"error": backward.code}
        except NotSettled as waiting:
            answer = {
                "error": waiting.code,
                "waiting_for": waiting.waiting_for,
                "now": instant(self._clock.now()),
            }
        if message.reply:
            await message.respond(orjson.dumps(answer))


def _on_and_on(pauses: tuple[float, ...]) -> Iterator[float]:
    return chain(pauses, repeat(pauses[-1]))


def _next_due(statuses: list[Status]) -> list[datetime]:
    return [datetime.fromisoformat(status["next_due"]) for status in statuses if status.get("next_due")]

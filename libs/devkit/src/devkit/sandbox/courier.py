"""Webhooks to the gateway: in order inside a lane, several in one POST where the provider does so, tried again
until they are taken."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from devkit.sandbox.clock import DevelopmentClock
from devkit.sandbox.metrics import Metrics
from devkit.sandbox.posting import Poster, Unreachable

log = logging.getLogger(__name__)

LINGER = 0.004
"""Seconds that a lane waits for others to share its POST."""
FROZEN_RETRY = 0.2
LONGEST_RETRY = 10.0
REFUSALS_TAKEN = 10
"""So many 4xx in a row mean that nobody will ever take it; a 5xx or silence is tried again without end."""


@dataclass(frozen=True, slots=True)
class Post:
    headers: Mapping[str, str]
    content: bytes


class Wire(Protocol):
    """How one provider writes its webhooks."""

    batch: int

    def post(self, url: str, items: list[Any]) -> Post: ...


@dataclass(frozen=True, slots=True)
class Callback:
    channel: str
    lane: str
    url: str
    item: Any
    taken: Callable[[bool], None]
    """Called once: True when the gateway took it, False when it was given up."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[Callback] = field(default_factory=deque)
    trouble: str | None = None


class Courier:
    def __init__(self, clock: DevelopmentClock, wires: Mapping[str, Wire], metrics: Metrics) -> None:
        self._clock = clock
        self._wires = wires
        self._metrics = metrics
        self._lanes: dict[str, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._posts = asyncio.Semaphore(32)
        self._poster = Poster()
        self.outstanding = 0
        self.done = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """What was not taken stays in the journal as untold, and goes out after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._poster.close()

    def send(self, callback: Callback) -> None:
        self.outstanding += 1
        self._metrics.outstanding.set(self.outstanding)
        lane = self._lanes.get(callback.lane)
        if lane is None:
            lane = self._lanes[callback.lane] = _Lane()
            task = asyncio.create_task(self._drive(callback.lane, lane), name=f"callbacks {callback.lane}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.waiting.append(callback)

    def troubles(self) -> list[str]:
        return sorted({lane.trouble for lane in self._lanes.values() if lane.trouble})

    async def _drive(self, name: str, lane: _Lane) -> None:
        try:
            while lane.waiting:
                wire = self._wires[lane.waiting[0].channel]
                if wire.batch > 1 and len(lane.waiting) < wire.batch:
                    await asyncio.sleep(LINGER)
                await self._deliver(lane, wire, self._next_batch(lane, wire))
        finally:
            del self._lanes[name]

    def _next_batch(self, lane: _Lane, wire: Wire) -> list[Callback]:
        first = lane.waiting.popleft()
        batch = [first]
        while lane.waiting and len(batch) < wire.batch and lane.waiting[0].url == first.url:
            batch.append(lane.waiting.popleft())
        return batch

    async def _deliver(self, lane: _Lane, wire: Wire, batch: list[Callback]) -> None:
        url = batch[0].url
        post = wire.post(url, [callback.item for callback in batch])
        attempt = refusals = 0
        while True:
            trouble, refused = await self._attempt(batch[0].channel, url, post)
            lane.trouble = trouble
            refusals = refusals + 1 if refused else 0
            if trouble is None or refusals >= REFUSALS_TAKEN:
                break
            if attempt in (0, 10, 100):
                log.warning("callback not taken: %s", trouble)
            await self._pause(attempt)
            attempt += 1
        if trouble:
            log.error("callback given up: %s", trouble)
        self._settle(batch, taken=trouble is None)

    def _settle(self, batch: list[Callback], *, taken: bool) -> None:
        for callback in batch:
            callback.taken(taken)
        self.outstanding -= len(batch)
        self.done += len(batch)
        self._metrics.outstanding.set(self.outstanding)

    async def _attempt(self, channel: str, url: str, post: Post) -> tuple[str | None, bool]:
        """What went wrong, if anything, and whether it was a refusal rather than an outage."""
        place = url.partition("?")[0]
        async with self._posts:
            try:
                status = await self._poster.post(url, post.headers, post.content)
            except Unreachable as error:
                self._metrics.callbacks.labels(channel, "unreachable").inc()
                return f"{place}: {error}", False
        self._metrics.callbacks.labels(channel, f"{status // 100}xx").inc()
        if 200 <= status < 300:
            return None, False
        return f"{place}: HTTP {status}", 400 <= status < 500 and status not in (408, 429)

    async def _pause(self, attempt: int) -> None:
        """Under a standing clock nobody waits for wall time: try again soon."""
        if self._clock.frozen:
            await asyncio.sleep(FROZEN_RETRY)
        else:
            await self._clock.moved.heard(min(FROZEN_RETRY * 2**attempt, LONGEST_RETRY))

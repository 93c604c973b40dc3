"""Live updates: what owners publish, ids only, to every open stream of the same network. Best effort by intent.

A reader that is too slow loses its oldest messages and is told to load everything again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any

import orjson
from nats.aio.msg import Msg

from common import telemetry
from common.bus import Bus

OWNERS = ("booking", "notifications", "patient_profile", "consents", "recall")
QUEUE = 256

_IDS = (
    "appointment_id", "patient_id", "branch_id", "practitioner_id", "service_id", "message_id", "task_id",
    "outreach_id", "room_id", "call_id", "visit_id", "permission_id", "ticket_id",
    "conversation_id",
)  # fmt: skip


class Live:
    """Subscribed to the owners' events only while somebody watches."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._watchers: dict[str, set[asyncio.Queue[dict[str, Any]]]] = defaultdict(set)
        self._subscriptions: list[Any] = []
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def watch(self, network_id: str) -> asyncio.Queue[dict[str, Any]]:
        """A bounded queue of what happens in one network from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE)
        self._watchers[network_id].add(queue)
        try:
            await self._whole(self._listen())
        except BaseException:
            await self.leave(network_id, queue)
            raise
        return queue

    async def leave(self, network_id: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        """Nobody reads this queue any more."""
        self._watchers[network_id].discard(queue)
        if not self._watchers[network_id]:
            del self._watchers[network_id]
        await self._whole(self._listen_no_more())

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        """Done to its end, though a page that is closed cancels whoever waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _listen(self) -> None:
        async with self._lock:
            if not self._subscriptions:
                client = await self._bus.client()
                for owner in OWNERS:
                    self._subscriptions.append(await client.subscribe(f"{owner}.event.>", cb=self._received))
                await self._bus.flush()

    async def _listen_no_more(self) -> None:
        async with self._lock:
            if not self._watchers:
                subscriptions, self._subscriptions = self._subscriptions, []
                for subscription in subscriptions:
                    try:
                        await subscription.unsubscribe()
                    except Exception as error:  # noqa: BLE001 - gone with its connection
                        telemetry.log().info("subscription already gone", error=telemetry.where(error))

    async def _received(self, message: Msg) -> None:
        try:
            body = orjson.loads(message.data)
            watchers = self._watchers.get(body["network_id"])
        except (ValueError, KeyError, TypeError):
            return
        if not watchers:
            return
        told = _told(message.subject, body)
        for queue in watchers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"event": "reload"})
            queue.put_nowait(told)


def _told(subject: str, body: dict[str, Any]) -> dict[str, Any]:
    """`booking.event.appointment.booked.v1` becomes `appointment.booked`, with ids and version."""
    things = [body, *(value for value in body.values() if isinstance(value, dict))]
    ids = {name: thing[name] for thing in reversed(things) for name in _IDS if thing.get(name)}
    return {
        "event": ".".join(subject.split(".")[2:-1]),
        "owner": subject.split(".", 1)[0],
        "version": body.get("version"),
        "occurred_at": body.get("occurred_at"),
        **ids,
    }

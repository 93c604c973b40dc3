"""Every point of the send path at which a process can die, times everything that a provider can answer.

Here a death is a cancelled task, and the survivor new parts on the same database; `tests/journeys` kills processes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from notifications.channels.sms import Sms
from notifications.channels.whatsapp import WhatsApp
from notifications.operations import sending, statuses, webhooks
from notifications.operations.changes import Changes

from .conftest import Service, in_hand
from .world import NOW, almaty, status, whatsapp_webhook

MINUTE = timedelta(minutes=1)


@dataclass
class Death:
    """Where whoever comes by first stays, until it is killed."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def strike(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await asyncio.Event().wait()

    def before(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def dying(*arguments: Any, **more: Any) -> Any:
            await self.strike()
            return await real(*arguments, **more)

        return dying

    def after(self, real: Callable[..., Awaitable[Any]], *, times: int = 1) -> Callable[..., Awaitable[Any]]:
        calls = Counter[str]()

        async def dying(*arguments: Any, **more: Any) -> Any:
            found = await real(*arguments, **more)
            calls["done"] += 1
            if calls["done"] == times:
                await self.strike()
            return found

        return dying


Lay = Callable[[Death, pytest.MonkeyPatch], None]

POINTS: dict[str, Lay] = {
    "after claiming": lambda death, patch: patch.setattr(sending, "_read", death.before(sending._read)),
    "while writing the attempt": lambda death, patch: patch.setattr(
        Changes, "write", death.after(Changes.write)
    ),
    "after the attempt's commit": lambda death, patch: patch.setattr(
        sending, "_decide_and_write", death.after(sending._decide_and_write)
    ),
    "before the call": lambda death, patch: _every_channel(patch, death.before),
    "after the call": lambda death, patch: _every_channel(patch, death.after),
    "while recording": lambda death, patch: patch.setattr(
        Changes, "write", death.after(Changes.write, times=2)
    ),
    "before the event is published": lambda death, patch: patch.setattr(
        sending, "_record", death.after(sending._record)
    ),
}
ATTEMPT_OPEN = {"after the attempt's commit", "before the call", "after the call", "while recording"}
"""There it cannot be known what became of the call."""


def _every_channel(patch: pytest.MonkeyPatch, dying: Callable[..., Any]) -> None:
    for adapter in (WhatsApp, Sms):
        patch.setattr(adapter, "send", dying(adapter.send))


@dataclass(frozen=True)
class Answer:
    """What the provider does with the first call, and when it tells of deliveries (minutes, each time)."""

    fault: int | str | None = None
    told: tuple[int, ...] = (3,)
    lost: bool = False


ANSWERS = {
    "accepted": Answer(),
    "429": Answer(429),
    "500": Answer(500, lost=True),
    "timeout before acceptance": Answer("lost-before", lost=True),
    "timeout after acceptance": Answer("lost-after", lost=True),
    "no status": Answer(told=()),
    "late status": Answer(told=(90,)),
    "repeated status": Answer(told=(3, 3, 4, 90)),
}


async def killed(death: Death, work: Awaitable[Any]) -> None:
    """Let it work until it dies."""
    task = asyncio.ensure_future(work)
    struck = asyncio.ensure_future(death.reached.wait())
    await asyncio.wait({task, struck}, return_when=asyncio.FIRST_COMPLETED)
    assert death.reached.is_set(), f"it did not come that far: {task}"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def survivor(service: Service) -> Service:
    """Another process on the same database, when the leases of the dead one have run out."""
    async with service.parts.database.claiming() as tx:
        for table in ("messages", "webhooks"):
            await tx.execute(sa.text(f"UPDATE {table} SET leased_until = NULL"))
    parts = replace(service.parts)
    return in_hand(parts, service.world, service.provider, service.clock, parts.database)


async def deliveries(service: Service) -> None:
    """The provider tells of everything that it has."""
    told = [
        status(one["id"], "delivered", one["reference"])
        for one in service.provider.sent
        if one["channel"] == "whatsapp"
    ]
    if told:
        await service.webhook(whatsapp_webhook(statuses=told))


async def live_on(service: Service, answer: Answer) -> None:
    """Three hours, with what the provider tells in them."""
    for minute in (0, 1, 2, 3, 4, 31, 62, 90, 120, 180):
        await service.at(NOW + minute * MINUTE)
        for _ in range(answer.told.count(minute)):
            await deliveries(service)
    await service.at(NOW + 181 * MINUTE)


async def check(service: Service, *, unknown: int) -> None:
    """Nothing twice, nothing lost, and nothing unknown but what cannot be known."""
    (message,) = [one for one in await service.messages() if one.step == "confirmation"]
    attempts = [one for one in await service.attempts() if one.message_id == message.message_id]
    channels = Counter(one["channel"] for one in service.provider.sent)
    assert not channels or max(channels.values()) == 1, f"sent twice: {channels}"
    references = {str(one.attempt_id) for one in attempts}
    assert {one["reference"] for one in service.provider.sent} <= references, "sent, but never written"
    assert len({one.channel for one in attempts}) == len(attempts)
    assert sum(one.outcome == "unknown" for one in attempts) <= unknown
    assert not any(one.in_flight or one.outcome == "open" for one in attempts)
    assert message.due_at is None, "it would go on for ever"
    if message.outcome == "unknown":
        assert unknown
    else:
        assert message.outcome in {"accepted", "delivered", "read", "suppressed", "failed"}
        assert message.outcome not in {"suppressed", "failed"} or message.reason


@asynccontextmanager
async def dying(lay: Lay) -> AsyncIterator[Death]:
    death = Death()
    with pytest.MonkeyPatch.context() as patch:
        lay(death, patch)
        yield death


@pytest.mark.parametrize(("point", "answer"), list(product(POINTS, ANSWERS)))
async def test_whoever_dies_neither_repeats_nor_loses_a_message(service, world, provider, point, answer):
    told = ANSWERS[answer]
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    provider.faults = [told.fault] if told.fault else []
    async with dying(POINTS[point]) as death:
        await killed(death, service.send())
    after = await survivor(service)
    await live_on(after, told)
    await check(after, unknown=int(told.lost or point in ATTEMPT_OPEN))


@pytest.mark.parametrize("answer", [name for name, one in ANSWERS.items() if one.told])
async def test_whoever_dies_while_applying_a_status_has_it_applied_by_another(
    service, world, provider, answer
):
    told = ANSWERS[answer]
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    provider.faults = [told.fault] if told.fault else []
    await service.send()
    await service.at(NOW + 2 * MINUTE)
    if provider.sent:
        applying = statuses.apply_statuses
        async with dying(
            lambda death, patch: patch.setattr(webhooks, "apply_statuses", death.after(applying))
        ) as death:
            await killed(death, deliveries(service))
    after = await survivor(service)
    await after.understand()
    await live_on(after, told)
    await check(after, unknown=int(told.lost and not provider.sent))
    if provider.sent:
        assert (await after.step("confirmation")).outcome == "delivered"

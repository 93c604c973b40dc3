"""What is stopped while it is going out: nothing of that kind leaves later than a second after the acknowledgement.

The judge is the provider's own record of what came to it, and when: by a watch that the provider moves itself, so that
a busy machine makes nothing late. Whatever comes may stand on an answer of the last half second, and no older one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from common.contracts.consents import WithdrawPermission
from common.contracts.notifications import PauseSending, ResumeSending
from common.contracts.recall import OutreachDue
from common.ids import new_id
from common.testing import PATIENCE, caller
from notifications.operations import asking, brake
from notifications.tables.schema import messages

from .conftest import Service
from .world import NOW, almaty, whatsapp_webhook, wrote

MANY = 100
A_CALL = 0.6
"""Seconds that the provider takes: longer than an answer of the owners may be relied upon."""


@dataclass
class Watch:
    """Seconds, as far as the provider lets them go by."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(asking, "time", made)
    return made


@dataclass
class Stream:
    """Messages on their way to a slow provider, which notes when each came to it, and answers when it is let."""

    service: Service
    watch: Watch
    says: str = ""
    """What all of its texts say; anything else that leaves is none of it."""
    phones: list[str] = field(default_factory=list)
    came: dict[str, float] = field(default_factory=dict)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[int] | None" = None

    def begin(self) -> None:
        self.service.provider.before_answer = self._note
        self.task = asyncio.create_task(self.service.sending.step())

    async def _note(self) -> None:
        message, came = self.service.provider.sent[-1], self.watch.seconds
        if self.says in message["text"]:
            self.came[message["to"]] = came
        await self.answering.wait()
        self.watch.seconds = max(self.watch.seconds, came + A_CALL)

    async def under_way(self) -> None:
        """Some have left, others have not."""
        async with asyncio.timeout(PATIENCE):
            while len(self.came) < MANY // 5:  # noqa: ASYNC110 - the provider has no bell
                await asyncio.sleep(0.01)
        assert len(self.came) < MANY

    async def end(self) -> None:
        assert self.task is not None
        self.answering.set()
        await self.task

    def late(self, acknowledged: float) -> list[str]:
        return [phone for phone, at in self.came.items() if at > acknowledged + asking.FRESH_SECONDS]


def invitation(service: Service, patient_id: Any) -> OutreachDue:
    world = service.world
    return OutreachDue(
        network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=patient_id,
        template="recall", branch_id=world.branch.branch_id, service_id=world.service.service_id,
        practitioner_id=world.practitioner.practitioner_id, last_visit_at=NOW - timedelta(days=165),
        expires_at=NOW + timedelta(days=14),
    )  # fmt: skip


async def invited(service: Service, watch: Watch) -> Stream:
    stream = Stream(service, watch, says="campaign=")
    for number in range(MANY):
        card = service.world.patient(f"+7701{number:07}")
        stream.phones.append(card.phones[0].phone)
    await asyncio.gather(*(service.apply(invitation(service, one)) for one in service.world.cards))
    return stream


async def reminded(service: Service, watch: Watch) -> Stream:
    """Two days before their visits; all confirmations have gone out before."""
    stream = Stream(service, watch)
    for number in range(MANY):
        card = service.world.patient(f"+7701{number:07}")
        stream.phones.append(card.phones[0].phone)
    booked = [service.world.booked(card, almaty(12, 15)) for card in service.world.cards.values()]
    await asyncio.gather(*(service.apply(one) for one in booked))
    async with service.parts.database.transaction(service.world.network_id) as tx:
        await tx.execute(
            sa.update(messages)
            .where(messages.c.step == "confirmation")
            .values(due_at=None, outcome="delivered")
        )
    service.clock.put(almaty(10, 15))
    return stream


async def withdraw(service: Service) -> None:
    for card in service.world.cards.values():
        service.world.refused[card.patient_id, "service"] = "withdrawn"


async def cancel(service: Service) -> None:
    for appointment_id in list(service.world.appointments):
        service.world.cancel(appointment_id)


async def pause(service: Service) -> None:
    async with service.parts.database.transaction(service.world.network_id) as tx:
        await brake.pause(tx, PauseSending(), caller(service.world.network_id), now=service.clock.now())


@pytest.mark.parametrize("stop", [withdraw, cancel, pause])
async def test_nothing_leaves_a_second_after_it_was_stopped(
    service, watch, stop: Callable[[Service], Awaitable[None]]
):
    stream = await reminded(service, watch)
    stream.begin()
    await stream.under_way()
    await stop(service)
    acknowledged = watch.seconds
    await stream.end()
    await service.send()
    assert stream.late(acknowledged) == []
    assert len(stream.came) < MANY, "all had left before: nothing was stopped"
    open_now = [one for one in await service.messages() if one.step == "confirm" and one.due_at is not None]
    assert {one.outcome for one in open_now} <= {"accepted"}


async def test_what_a_brake_stopped_on_its_way_goes_out_once_when_it_is_let_go(service, provider, watch):
    stream = await reminded(service, watch)
    stream.begin()
    await stream.under_way()
    await pause(service)
    await stream.end()
    provider.before_answer = None
    async with service.parts.database.transaction(service.world.network_id) as tx:
        await brake.resume(tx, ResumeSending(), caller(service.world.network_id), now=service.clock.now())
    await service.send()
    assert sorted(one["to"] for one in provider.sent) == sorted(stream.phones)
    assert {one["channel"] for one in provider.sent} == {"whatsapp"}


async def test_an_opt_out_word_stops_the_invitation_that_is_on_its_way(service, world, watch):
    stream = await invited(service, watch)
    stream.begin()
    await stream.under_way()
    card = next(one for one in reversed(world.cards.values()) if one.phones[0].phone not in stream.came)
    understanding = asyncio.create_task(
        service.webhook(whatsapp_webhook(messages=[wrote(card.phones[0].phone, "СТОП")]))
    )
    async with asyncio.timeout(PATIENCE):
        while not any(isinstance(one, WithdrawPermission) for _, one in world.commands):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    world.refused[card.patient_id, "marketing"] = "withdrawn"
    acknowledged = watch.seconds
    await stream.end()
    await understanding
    assert card.phones[0].phone not in stream.late(acknowledged)
    assert len(stream.came) >= MANY - 1, "everybody else has theirs"

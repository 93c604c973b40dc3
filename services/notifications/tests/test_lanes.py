"""A campaign that is due all at once makes neither reminders nor answers wait."""

import asyncio
import time
from datetime import timedelta

import sqlalchemy as sa

from common.contracts.recall import OutreachDue
from common.ids import new_id
from notifications.tables.schema import messages

from .world import NOW, almaty

CAMPAIGN = 120
A_CALL = 0.6
"""Seconds that the provider takes: the campaign alone keeps it busy for more than two."""


def invitation(world, patient_id):
    return OutreachDue(
        network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=patient_id,
        template="recall", branch_id=world.branch.branch_id, service_id=world.service.service_id,
        practitioner_id=world.practitioner.practitioner_id, last_visit_at=NOW - timedelta(days=165),
        expires_at=NOW + timedelta(days=14),
    )  # fmt: skip


async def test_a_campaign_under_way_makes_no_reminder_and_no_answer_late(service, world, provider):
    came: list[tuple[str, float]] = []

    async def slowly() -> None:
        came.append((provider.sent[-1]["to"], time.monotonic()))
        await asyncio.sleep(A_CALL)

    provider.before_answer = slowly
    cards = [world.patient(f"+7701{number:07}") for number in range(CAMPAIGN)]
    await asyncio.gather(*(service.apply(invitation(world, one.patient_id)) for one in cards))
    loops = [asyncio.create_task(loop.run()) for loop in service.sending.loops]
    async with asyncio.timeout(30):
        while not came:  # noqa: ASYNC110 - the provider has no bell
            await asyncio.sleep(0.01)
    due = time.monotonic()
    booked = world.patient("+77770000001")
    await service.apply(world.booked(booked, almaty(12, 15)))  # its confirmation is immediate
    async with service.parts.database.transaction(world.network_id) as tx:
        reminder = sa.update(messages).where(messages.c.step == "confirm").values(due_at=NOW, target_at=NOW)
        await tx.execute(reminder)
    service.parts.wakes.sending()
    async with asyncio.timeout(30):
        while [phone for phone, _ in came].count(booked.phones[0].phone) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    late = [at - due for phone, at in came if phone == booked.phones[0].phone]
    behind = CAMPAIGN - sum(at <= due + max(late) for phone, at in came if phone != booked.phones[0].phone)
    for loop in service.sending.loops:
        loop.stop()
    await asyncio.gather(*loops)
    assert late[0] < 1.0
    assert late[1] < 2.0
    assert behind > 0, "the campaign was over before: nothing was overtaken"
    assert len(came) == CAMPAIGN + 2

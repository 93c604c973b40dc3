"""A campaign that is due all at once makes neither reminders nor answers wait."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from common.contracts.recall import OutreachDue
from common.ids import new_id
from common.testing import PATIENCE
from notifications.operations import sending
from notifications.tables.schema import messages

from .world import NOW, almaty

WAVE = sending.AT_ONCE
CAMPAIGN = 3 * WAVE


def invitation(world, patient_id):
    return OutreachDue(
        network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=patient_id,
        template="recall", branch_id=world.branch.branch_id, service_id=world.service.service_id,
        practitioner_id=world.practitioner.practitioner_id, last_visit_at=NOW - timedelta(days=165),
        expires_at=NOW + timedelta(days=14),
    )  # fmt: skip


async def test_a_campaign_under_way_makes_no_reminder_and_no_answer_late(service, world, provider):
    """The provider answers nothing of the campaign before the patient has both: whatever waited for it would wait for
    ever."""
    came: list[str] = []
    both = asyncio.Event()
    cards = [world.patient(f"+7701{number:07}") for number in range(CAMPAIGN)]
    booked = world.patient("+77770000001")
    phone = booked.phones[0].phone

    async def slowly() -> None:
        came.append(provider.sent[-1]["to"])
        if came[-1] != phone:
            await both.wait()
        elif came.count(phone) == 2:
            both.set()

    provider.before_answer = slowly
    await asyncio.gather(*(service.apply(invitation(world, one.patient_id)) for one in cards))
    loops = [asyncio.create_task(loop.run()) for loop in service.sending.loops]
    async with asyncio.timeout(PATIENCE):
        while not came:  # noqa: ASYNC110 - the provider has no bell
            await asyncio.sleep(0.01)
    await service.apply(world.booked(booked, almaty(12, 15)))  # its confirmation is immediate
    async with service.parts.database.transaction(world.network_id) as tx:
        reminder = sa.update(messages).where(messages.c.step == "confirm").values(due_at=NOW, target_at=NOW)
        await tx.execute(reminder)
    service.parts.wakes.sending()
    async with asyncio.timeout(PATIENCE):
        await both.wait()
    overtaken = CAMPAIGN - len([one for one in came if one != phone])
    async with asyncio.timeout(PATIENCE):
        while len(came) < CAMPAIGN + 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    for loop in service.sending.loops:
        loop.stop()
    await asyncio.gather(*loops)
    assert overtaken >= CAMPAIGN - WAVE, "no more than one wave of the campaign had left before"
    assert sorted(came) == sorted([*(one.phones[0].phone for one in cards), phone, phone])

"""Steps that use every channel at once, on purpose: each once, and one touch."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from common.contracts.notifications import MessageAccepted, MessageFailed
from common.contracts.recall import OutreachDue
from common.ids import new_id
from notifications.tables import touches
from notifications.tables.schema import messages

from .world import NOW, almaty, status, whatsapp_webhook

MINUTE = timedelta(minutes=1)


async def by_every_channel(service, *events):
    """As a step with mode `all` plans it."""
    await service.apply(*events)
    async with service.parts.database.transaction(service.world.network_id) as tx:
        await tx.execute(sa.update(messages).values(mode="all"))
    await service.send()


def channels(provider):
    return Counter(one["channel"] for one in provider.sent)


async def confirmed(service, world):
    await by_every_channel(service, world.booked(world.patient(), almaty(12, 15)))
    return await service.step("confirmation")


async def test_it_goes_out_on_each_channel_once(service, world, provider):
    message = await confirmed(service, world)
    assert channels(provider) == {"whatsapp": 1, "sms": 1}
    assert message.outcome == "accepted"
    assert {one.outcome for one in await service.attempts()} == {"accepted"}
    assert [one.version for one in await service.told(MessageAccepted)] == [1, 2]
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered")]))
    await service.at(NOW + 180 * MINUTE)
    assert channels(provider) == {"whatsapp": 1, "sms": 1}


async def test_it_is_one_touch(service, world, provider):
    card = world.patient()
    invitation = OutreachDue(
        network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=card.patient_id,
        template="recall", branch_id=world.branch.branch_id, service_id=world.service.service_id,
        practitioner_id=world.practitioner.practitioner_id, last_visit_at=NOW - timedelta(days=165),
        expires_at=NOW + timedelta(days=14),
    )  # fmt: skip
    await by_every_channel(service, invitation)
    assert channels(provider) == {"whatsapp": 1, "sms": 1}
    async with service.parts.database.transaction(world.network_id) as tx:
        found = await touches.of_patients(
            tx, world.network_id, [card.patient_id], since=NOW - timedelta(days=1)
        )
    (touch,) = found[card.patient_id]
    assert touch.channels == {"whatsapp", "sms"}


@pytest.mark.parametrize("fault", [400, 500, "lost-after"])
async def test_one_channel_that_fails_leaves_the_other_and_is_not_repeated(service, world, provider, fault):
    provider.channel_faults["sms"] = fault
    message = await confirmed(service, world)
    assert message.outcome == "accepted"
    provider.channel_faults.clear()
    await service.at(NOW + 180 * MINUTE)
    assert channels(provider)["whatsapp"] == 1
    assert channels(provider)["sms"] == (1 if fault == "lost-after" else 0)
    assert (await service.step("confirmation")).outcome == "accepted"


async def test_a_channel_that_has_had_enough_for_now_has_its_turn_later(service, world, provider):
    provider.channel_faults["sms"] = 429
    assert (await confirmed(service, world)).outcome == "accepted"
    provider.channel_faults.clear()
    await service.at(NOW + 5 * MINUTE)
    assert channels(provider) == {"whatsapp": 1, "sms": 1}
    assert {one.outcome for one in await service.attempts()} == {"accepted"}


async def test_it_has_failed_where_every_channel_refuses(service, world, provider):
    provider.channel_faults = {"whatsapp": 400, "sms": 400}
    assert (await confirmed(service, world)).outcome == "failed"
    assert provider.calls == {"whatsapp": 1, "sms": 1}
    assert len(await service.told(MessageFailed)) == 1

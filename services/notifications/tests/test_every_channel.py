"""Steps that use every channel at once, on purpose: each once, and one touch."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from common.contracts.notifications import (
    Communications,
    CommunicationsOf,
    MessageAccepted,
    MessageFailed,
    TaskRaised,
)
from common.contracts.patient_profile import PatientErased
from common.contracts.recall import OutreachDue
from common.ids import new_id
from common.testing import caller
from notifications import handlers
from notifications.tables import attempt_texts, look_ups, touches
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


@pytest.mark.parametrize(
    ("fault", "outcome"), [(400, "accepted"), (500, "accepted"), ("lost-after", "delivered")]
)
async def test_one_channel_that_fails_leaves_the_other_and_is_not_repeated(
    service, world, provider, fault, outcome
):
    provider.channel_faults["sms"] = fault
    message = await confirmed(service, world)
    assert message.outcome == "accepted"
    provider.channel_faults.clear()
    await service.at(NOW + 180 * MINUTE)
    assert channels(provider)["whatsapp"] == 1
    assert channels(provider)["sms"] == (1 if fault == "lost-after" else 0)
    assert (await service.step("confirmation")).outcome == outcome


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


async def shown(service):
    """The message as staff see it, by channel: what each was told."""
    patient_id = (await service.step("confirmation")).patient_id
    found = await handlers.answers.routes[CommunicationsOf.subject].answer(
        CommunicationsOf(patient_ids=[patient_id]), caller(service.world.network_id), service.parts
    )
    assert isinstance(found, Communications)
    view = next(one for one in found.messages if one.step == "confirmation")
    return {one.channel: one.text for one in view.attempts}, view.text


def told(provider):
    """What each phone shows, newest last."""
    return {one["channel"]: one["text"] for one in provider.sent}


async def test_staff_see_of_each_channel_what_was_said_there(service, world, provider):
    await confirmed(service, world)
    by_channel, text = await shown(service)
    assert by_channel == told(provider)
    assert by_channel["whatsapp"] != by_channel["sms"]
    assert text == by_channel["whatsapp"]


async def test_what_went_by_the_next_channel_leaves_the_words_of_the_first(service, world, provider):
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    await service.send()
    assert (await shown(service))[0] == {"whatsapp": None}, "said once, it is the message's own text"
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "failed")]))
    by_channel, text = await shown(service)
    assert by_channel == told(provider)
    assert text == by_channel["sms"]


async def test_what_never_got_there_is_shown_as_it_went_in_the_end(service, world, provider):
    provider.channel_faults["sms"] = 429
    await confirmed(service, world)
    provider.channel_faults.clear()
    await service.at(NOW + 5 * MINUTE)
    assert (await shown(service))[0] == told(provider)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("lost-after", "accepted"), ("lost-before", "failed")],
)
async def test_a_lost_answer_is_looked_up_though_another_channel_has_the_message(
    service, world, provider, fault, outcome
):
    provider.channel_faults["sms"] = fault
    await confirmed(service, world)
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered")]))
    by_channel = {one.channel: one for one in await service.attempts()}
    assert (by_channel["whatsapp"].outcome, by_channel["sms"].outcome) == ("accepted", "unknown")
    provider.channel_faults.clear()
    await service.at(NOW + MINUTE)
    await service.at(NOW + 2 * MINUTE)
    by_channel = {one.channel: one for one in await service.attempts()}
    assert (by_channel["whatsapp"].outcome, by_channel["sms"].outcome) == ("accepted", outcome)
    assert (await service.step("confirmation")).outcome == "delivered"
    await service.at(NOW + 180 * MINUTE)
    assert channels(provider) == {"whatsapp": 1, **({"sms": 1} if fault == "lost-after" else {})}
    assert provider.calls == {"whatsapp": 1, "sms": 1}, "nothing was sent in its place"


async def test_a_look_up_that_tells_nothing_is_tried_until_the_steps_time_is_over(service, world, provider):
    provider.channel_faults["sms"] = "lost-after"
    await confirmed(service, world)
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered")]))
    provider.listing_fault = 500
    await service.at(NOW + MINUTE)
    assert await looked_up_at(service) == NOW + 2 * MINUTE
    await service.at(NOW + timedelta(days=1))
    assert await looked_up_at(service) is None
    assert {one.outcome for one in await service.attempts()} == {"accepted", "unknown"}
    assert await service.told(TaskRaised) == [], "the patient has it by another channel"


async def looked_up_at(service):
    """When somebody looks again."""
    async with service.parts.database.transaction(service.world.network_id) as tx:
        return (await tx.execute(sa.select(look_ups.look_ups.c.due_at))).scalar_one_or_none()


async def test_nothing_that_was_said_can_be_read_when_the_patient_is_erased(service, world):
    message = await confirmed(service, world)
    erased = PatientErased(
        network_id=world.network_id, occurred_at=NOW, version=2, patient_id=message.patient_id
    )
    await service.apply(erased)
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(attempt_texts.attempt_texts))).all() == []

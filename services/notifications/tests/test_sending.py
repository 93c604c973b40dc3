"""Due messages on their way: chosen channels, written attempts, outcomes, fallbacks, and what a death leaves behind."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from common.contracts.booking import AppointmentRecord
from common.contracts.notifications import (
    MessageAccepted,
    MessageDelivered,
    MessageFailed,
    MessageSuppressed,
    MessageUnknown,
    TaskRaised,
)
from common.contracts.patient_profile import Preferences
from common.contracts.recall import OutreachDue
from common.ids import new_id
from notifications.operations import composing, sending
from notifications.operations.sending import send_due
from notifications.tables import messages as message_rows
from notifications.tables.attempts import FORWARD

from .world import NOW, almaty, status, whatsapp_webhook

MINUTE = timedelta(minutes=1)


async def book(service, world, *, visit=None, card=None):
    event = world.booked(card or world.patient(), visit or almaty(12, 15))
    await service.apply(event)
    await service.send()
    return event.appointment.appointment_id


async def test_a_booking_is_confirmed_at_once_by_whatsapp_with_all_that_a_patient_needs(
    service, world, provider
):
    await book(service, world, visit=almaty(12, 10))
    assert [one["channel"] for one in provider.sent] == ["whatsapp"]
    text = provider.texts()[0]
    for said in ("Марат", "четверг, 12 ноября", "10:00", "пр. Достык, 91", "подъезд 2", "3 этаж", "кабинет 305",
                 "стоматологу Айгерим Нурлановне", "https://clinic.example/l/", "Ваша клиника «Улыбка»"):  # fmt: skip
        assert said in text
    assert (await service.step("confirmation")).outcome == "accepted"
    assert [one.version for one in await service.told(MessageAccepted)] == [1]


async def test_the_whole_chain_goes_out_at_its_times(service, world, provider):
    await book(service, world, visit=almaty(12, 10))
    for day, hour, minute in ((10, 10, 0), (11, 10, 0), (11, 20, 30)):
        await service.delivered()
        before = len(provider.sent)
        await service.at(almaty(day, hour, minute) - MINUTE)
        assert len(provider.sent) == before
        await service.at(almaty(day, hour, minute))
        assert len(provider.sent) == before + 1
    _, asking, details, short = provider.sent
    assert [one.split(":")[0] for one in asking["buttons"]] == ["confirm", "move", "cancel"]
    assert "Почистите зубы." in details["text"]
    assert "завтра (четверг, 12 ноября) в 10:00" in short["text"], "never “in two hours” the evening before"
    await service.delivered()
    await service.at(almaty(12, 12))
    assert len(provider.sent) == 4


async def test_a_message_that_lists_more_visits_than_one_question_takes_goes_out(service, world, provider):
    await book(service, world, visit=almaty(12, 10))
    await service.delivered()
    asking = await service.step("confirm")
    of_whom = ("appointment_id", "patient_id", "practitioner_id", "service_id")
    others = [{name: str(new_id()) for name in of_whom} for _ in range(1_200)]
    async with service.parts.database.transaction(world.network_id) as tx:
        changed = {"message_id": asking.message_id, "data": {**asking.data, "also": others}}
        await message_rows.update(tx, world.network_id, [changed])
    await service.at(asking.target_at)
    assert (await service.step("confirm")).outcome == "accepted"


async def test_states_arrive_in_any_order_and_only_move_forward(service, world):
    await book(service, world)
    reference = str((await service.attempts())[0].attempt_id)
    for state in ("read", "delivered", "sent", "failed", "delivered"):
        await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", state, reference)]))
    (attempt,) = await service.attempts()
    assert (attempt.outcome, attempt.delivery) == ("accepted", "read")
    message = await service.step("confirmation")
    assert (message.outcome, message.due_at) == ("read", None)
    assert [one.version for one in await service.told(MessageDelivered)] == [2]
    assert list(FORWARD) == ["none", "sent", "failed", "delivered", "read"]


async def test_a_state_that_is_faster_than_the_answer_is_kept(service, world, provider):
    async def tell():
        provider.before_answer = None
        reference = provider.sent[0]["reference"]
        await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered", reference)]))

    provider.before_answer = tell
    await book(service, world)
    assert (await service.step("confirmation")).outcome == "delivered"
    (attempt,) = await service.attempts()
    assert attempt.provider_id == "whatsapp-1"
    assert len(await service.told(MessageAccepted)) == 1
    assert len(await service.told(MessageDelivered)) == 1


async def test_what_whatsapp_refuses_goes_by_sms(service, world, provider):
    provider.channel_faults["whatsapp"] = 400
    await book(service, world)
    assert [one["channel"] for one in provider.sent] == ["sms"]
    assert [(one.channel, one.outcome) for one in await service.attempts()] == [
        ("whatsapp", "failed"),
        ("sms", "accepted"),
    ]


async def test_what_is_not_delivered_in_its_budget_goes_by_sms_once(service, world, provider):
    await book(service, world)
    await service.at(NOW + 29 * MINUTE)
    assert len(provider.sent) == 1
    await service.at(NOW + 30 * MINUTE)
    assert [one["channel"] for one in provider.sent] == ["whatsapp", "sms"]
    await service.at(NOW + 60 * MINUTE)
    assert len(provider.sent) == 2
    assert (await service.step("confirmation")).outcome == "accepted"
    (task,) = await service.told(TaskRaised)
    assert task.kind == "unreachable"


async def test_what_is_delivered_gets_no_second_channel(service, world, provider):
    await book(service, world)
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered")]))
    await service.at(NOW + 120 * MINUTE)
    assert len(provider.sent) == 1


async def test_a_failed_delivery_moves_on_at_once(service, world, provider):
    await book(service, world)
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "failed")]))
    assert [one["channel"] for one in provider.sent] == ["whatsapp", "sms"]


async def test_a_question_by_sms_says_how_to_answer(service, world, provider):
    provider.channel_faults["whatsapp"] = 400
    await book(service, world)
    await service.at(almaty(10, 15))
    assert "Ответьте: 1 приду, 2 перенести, 3 отменить" in provider.texts()[-1]


async def test_every_channel_refusing_ends_in_failed_and_one_task(service, world, provider):
    provider.channel_faults = {"whatsapp": 400, "sms": 400}
    await book(service, world)
    assert (await service.step("confirmation")).outcome == "failed"
    (failed,) = await service.told(MessageFailed)
    assert failed.reason == "all-channels-failed"
    await service.at(almaty(10, 15))
    await service.at(almaty(11, 15))
    kinds = [task.kind for task in await service.told(TaskRaised)]
    assert sorted(kinds) == ["confirm-by-phone", "unreachable"], "once per appointment and kind"


async def test_without_a_phone_nothing_is_lost_silently(service, world, provider):
    await book(service, world, card=world.patient(phone=""))
    assert provider.sent == []
    assert {one.outcome for one in await service.messages()} == {"suppressed"}
    await service.at(almaty(10, 15))
    told = await service.told(MessageSuppressed)
    assert {one.reason for one in told} == {"no-address"}


@pytest.mark.parametrize("fault", ["lost-before", "lost-after", 500, 503])
async def test_a_lost_answer_is_unknown_and_never_repeated(service, world, provider, fault):
    provider.faults = [fault]
    await book(service, world)
    count = len(provider.sent)
    (attempt,) = await service.attempts()
    assert attempt.outcome == "unknown"
    assert (await service.step("confirmation")).outcome == "unknown"
    await service.at(NOW + 29 * MINUTE)
    assert len(provider.sent) == count, "the next channel is held back until the budget ends"
    await service.at(NOW + 31 * MINUTE)
    assert len(provider.sent) == count
    assert len(await service.told(MessageUnknown)) == 1
    (task,) = await service.told(TaskRaised)
    assert task.reason == "unknown"


async def test_a_state_settles_what_was_unknown(service, world, provider):
    provider.faults = ["lost-after"]
    await book(service, world)
    reference = provider.sent[0]["reference"]
    await service.webhook(whatsapp_webhook(statuses=[status("whatsapp-1", "delivered", reference)]))
    assert (await service.step("confirmation")).outcome == "delivered"
    await service.at(NOW + 31 * MINUTE)
    assert await service.told(TaskRaised) == []
    assert len(provider.sent) == 1


async def test_an_unknown_sms_is_looked_up(service, world, provider):
    provider.channel_faults["whatsapp"] = 400
    provider.faults = [400, "lost-after"]
    await book(service, world)
    assert (await service.step("confirmation")).outcome == "unknown"
    await service.at(NOW + MINUTE)
    assert (await service.step("confirmation")).outcome == "delivered"
    assert len(provider.sent) == 1


async def test_an_unknown_sms_that_the_provider_did_not_have_twice_has_failed(service, world, provider):
    provider.faults = [400, "lost-before"]
    await book(service, world)
    await service.at(NOW + MINUTE)
    assert (await service.step("confirmation")).outcome == "unknown"
    await service.at(NOW + 2 * MINUTE)
    assert (await service.step("confirmation")).outcome == "failed"
    assert provider.sent == []


@pytest.mark.parametrize("fault", [429, httpx.ConnectError])
async def test_what_was_refused_before_accepting_goes_again_on_the_same_attempt(
    service, world, provider, fault
):
    provider.faults = [fault, fault]
    await book(service, world)
    assert provider.sent == []
    assert (await service.step("confirmation")).due_at == NOW + timedelta(seconds=5)
    await service.at(NOW + timedelta(seconds=5))
    assert provider.sent == []
    await service.at(NOW + timedelta(seconds=15))
    (attempt,) = await service.attempts()
    assert (attempt.outcome, attempt.tries) == ("accepted", 3)
    assert len(provider.sent) == 1


async def test_a_provider_that_stays_away_for_the_whole_budget_gives_way_to_the_next(
    service, world, provider
):
    provider.channel_faults["whatsapp"] = httpx.ConnectError
    await book(service, world)
    for _ in range(12):
        message = await service.step("confirmation")
        if message.due_at is None or provider.sent:
            break
        await service.at(message.due_at)
    assert [one["channel"] for one in provider.sent] == ["sms"]


async def test_whoever_dies_between_the_attempt_and_its_answer_leaves_an_unknown(
    service, world, provider, monkeypatch
):
    """The attempt is committed, the provider has the message, and the process is gone before it wrote the answer."""

    async def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_record", killed)
        event = world.booked(world.patient(), almaty(12, 15))
        await service.apply(event)
        confirmation = await service.step("confirmation")
        with pytest.raises(KeyboardInterrupt):
            await send_due(service.parts, world.network_id, [confirmation.message_id])
    assert len(provider.sent) == 1
    (attempt,) = await service.attempts()
    assert (attempt.outcome, attempt.in_flight) == ("open", True)
    await service.sending.release(world.network_id, [confirmation.message_id], after=timedelta(seconds=-1))
    await service.send()
    (attempt,) = await service.attempts()
    assert (attempt.outcome, attempt.reason) == ("unknown", "interrupted")
    await service.at(NOW + 40 * MINUTE)
    assert len(provider.sent) == 1
    assert len(await service.told(TaskRaised)) == 1


async def test_whoever_dies_before_the_call_leaves_an_unknown_too(service, world, provider, monkeypatch):
    async def killed(*_):
        raise KeyboardInterrupt

    event = world.booked(world.patient(), almaty(12, 15))
    await service.apply(event)
    confirmation = await service.step("confirmation")
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_call", killed)
        with pytest.raises(KeyboardInterrupt):
            await send_due(service.parts, world.network_id, [confirmation.message_id])
    await service.send()
    await service.at(NOW + 40 * MINUTE)
    assert provider.sent == []
    assert (await service.step("confirmation")).outcome == "unknown"


async def test_a_cancelled_visit_says_nothing_but_that_it_is_cancelled(service, world, provider):
    appointment_id = await book(service, world)
    await service.apply(world.cancel(appointment_id))
    await service.send()
    assert "отменена" in provider.texts()[-1]
    await service.at(almaty(12, 16))
    assert len(provider.sent) == 2
    left = [one for one in await service.messages() if one.step not in {"confirmation", "cancelled"}]
    assert {(one.outcome, one.due_at) for one in left} == {("cancelled", None)}


async def test_a_moved_visit_gets_reminders_of_its_new_time_alone(service, world, provider):
    appointment_id = await book(service, world)
    await service.apply(world.move(appointment_id, almaty(13, 15)))
    await service.send()
    assert "было четверг, 12 ноября, в 15:00, стало пятница, 13 ноября, в 15:00" in provider.texts()[-1]
    for day in (10, 11, 12):
        await service.delivered()
        await service.at(almaty(day, 15))
    later = provider.texts()[2:]
    assert len(later) == 2
    assert all("13 ноября" in text for text in later)


@pytest.mark.parametrize("change", ["cancel", "move"])
async def test_just_before_it_is_due_the_old_reminder_is_stopped_by_the_owner_even_when_no_event_came(
    service, world, provider, change
):
    appointment_id = await book(service, world)
    if change == "cancel":
        world.cancel(appointment_id)
    else:
        world.move(appointment_id, almaty(20, 15))
    await service.at(almaty(10, 15))
    assert len(provider.sent) == 1
    asking = await service.step("confirm")
    assert (asking.outcome, asking.reason) == ("suppressed", "cancelled" if change == "cancel" else "moved")


async def test_what_changes_while_a_batch_waits_for_its_turn_is_asked_again(
    service, world, provider, monkeypatch
):
    """The row is claimed, decided and written; the answers grow old; meanwhile the patient cancels."""
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    first = await book(service, world, card=world.patient("+77010000001"))
    second = await book(service, world, card=world.patient("+77010000002"))
    cancelled: list[UUID] = []

    async def slow():
        if not cancelled:
            other = second if provider.sent[-1]["buttons"][0].endswith(str(first)) else first
            cancelled.append(other)
            world.cancel(other)
            await asyncio.sleep(0.6)

    await service.delivered()
    provider.before_answer = slow
    await service.at(almaty(10, 15))
    asking = [one for one in await service.messages() if one.step == "confirm"]
    assert {one.appointment_id: one.outcome for one in asking} == {
        cancelled[0]: "suppressed",
        second if cancelled[0] == first else first: "accepted",
    }
    suppressed = [one for one in await service.attempts() if one.outcome == "suppressed"]
    assert [one.appointment_id for one in suppressed] == cancelled
    assert len(provider.sent) == 3, "two confirmations, and one of the two questions"


async def test_a_permission_withdrawn_at_the_last_moment_stops_the_invitation(
    service, world, provider, monkeypatch
):
    card = world.patient()
    world.appointments[new_id()] = AppointmentRecord(
        appointment=world.booked(card, almaty(12, 15)).appointment, version=1
    )
    await service.apply(outreach(world, card))
    asked = []

    def withdraw():
        asked.append(1)
        world.refused[card.patient_id, "marketing"] = "marketing-withdrawn"
        monkeypatch.setattr("notifications.operations.asking.FRESH_SECONDS", -1 if len(asked) == 1 else 1_000)

    world.on_permissions = withdraw
    await service.send()
    assert provider.sent == []
    assert len(asked) == 2
    invitation = await service.step("recall")
    assert (invitation.outcome, invitation.reason) == ("suppressed", "marketing-withdrawn")


def outreach(world, card):
    return OutreachDue(
        network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=card.patient_id,
        template="recall", branch_id=world.branch.branch_id, service_id=world.service.service_id,
        practitioner_id=world.practitioner.practitioner_id, last_visit_at=NOW - timedelta(days=165),
        expires_at=NOW + timedelta(days=14),
    )  # fmt: skip


async def test_an_invitation_links_to_booking_and_says_how_to_opt_out(service, world, provider):
    event = outreach(world, world.patient())
    await service.apply(event)
    await service.send()
    text = provider.texts()[0]
    assert f"/book/{world.network_id}?service={world.service.service_id}" in text
    assert f"campaign={event.outreach_id}" in text
    assert "СТОП" in text
    (accepted,) = await service.told(MessageAccepted)
    assert (accepted.origin, accepted.origin_id) == ("outreach", event.outreach_id)


async def test_without_permission_an_invitation_is_suppressed_with_the_reason_and_no_task(
    service, world, provider
):
    card = world.patient()
    world.refused[card.patient_id, "marketing"] = "no-permission"
    await service.apply(outreach(world, card))
    await service.send()
    assert provider.sent == []
    (told,) = await service.told(MessageSuppressed)
    assert told.reason == "no-permission"
    assert await service.told(TaskRaised) == []


@pytest.mark.parametrize("owner", ["booking", "patient_profile", "consents"])
async def test_while_an_owner_is_silent_nothing_leaves_and_nothing_is_lost(service, world, provider, owner):
    await book(service, world)
    await service.delivered()
    service.clock.put(almaty(10, 15))
    world.silent.add(owner)
    await service.sending.step()
    assert len(provider.sent) == 1
    asking = await service.step("confirm")
    assert (asking.outcome, asking.due_at) == ("planned", almaty(10, 15))
    assert service.sending.blocked == {world.network_id: owner} or service.sending.blocked == {
        world.network_id: "database"
    }
    world.silent.clear()
    await service.sending.release(world.network_id, [asking.message_id], after=timedelta(seconds=-1))
    await service.send()
    assert len(provider.sent) == 2
    _, reminders, *_ = service.sending.loops
    assert reminders.blocked == {}


async def test_planning_goes_on_while_nobody_knows_the_patient(service, world, provider):
    world.silent.add("patient_profile")
    event = world.booked(world.patient(), almaty(12, 15))
    await service.apply(event)
    assert all(one.provisional for one in await service.messages())
    world.silent.clear()
    await service.send()
    assert len(provider.sent) == 1


async def test_somebody_without_a_smartphone_gets_sms_with_the_phone_and_no_link(service, world, provider):
    await book(service, world, card=world.patient(preferences=Preferences(no_smartphone=True)))
    (sms,) = provider.sent
    assert sms["channel"] == "sms"
    assert "http" not in sms["text"]
    assert world.branch.phone in sms["text"]


async def test_a_patients_own_channel_goes_first(service, world, provider):
    await book(service, world, card=world.patient(preferences=Preferences(channel="sms")))
    assert provider.sent[0]["channel"] == "sms"


async def test_one_bad_record_stops_nothing_after_it(service, world, provider, monkeypatch):
    bad, good = world.patient("+77010000001", "Плохой"), world.patient("+77010000002", "Хорошая")
    real = composing.composed

    def composed(message, card, *arguments, **more):
        if card.patient_id == bad.patient_id:
            raise ValueError("a name that breaks the text")
        return real(message, card, *arguments, **more)

    monkeypatch.setattr(composing, "composed", composed)
    await service.apply(world.booked(bad, almaty(12, 15)), world.booked(good, almaty(12, 16)))
    await service.send()
    assert [one["to"] for one in provider.sent] == ["+77010000002"]
    ended = {one.patient_id: one.outcome for one in await service.messages() if one.step == "confirmation"}
    assert ended == {bad.patient_id: "suppressed", good.patient_id: "accepted"}
    (task,) = await service.told(TaskRaised)
    assert task.reason == "cannot-be-made"


async def test_two_workers_never_send_the_same_message(service, world, provider):
    for number in range(40):
        await service.apply(world.booked(world.patient(f"+770100001{number:02}"), almaty(12, 15)))
    await asyncio.gather(*(service.sending.step() for _ in range(6)))
    await service.send()
    assert len(provider.sent) == 40
    assert len({one["reference"] for one in provider.sent}) == 40

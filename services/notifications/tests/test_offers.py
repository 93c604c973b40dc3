"""Displaced visits and freed times: written about once, answered by number, word or button, and told when gone."""

from datetime import timedelta
from typing import Any

import pytest

from common.caller import Caller
from common.contracts.booking import (
    AcceptOffer,
    AppointmentBooked,
    AppointmentDisplaced,
    AppointmentRecord,
    DeclineOffer,
    HeldOffer,
    RescheduleAppointment,
    Slot,
    WaitlistEntry,
    WaitlistOffer,
    WaitlistOffered,
    WaitlistOfferEnded,
)
from common.contracts.notifications import MessageSuppressed, ReplyUnderstood, TaskRaised
from common.database import AlreadyApplied
from common.errors import Refused
from common.ids import new_id
from common.rpc import Answers

from .world import NOW, almaty, pressed, whatsapp_webhook, wrote

PHONE = "+77010000001"


@pytest.fixture
def refusals():
    """Command class -> the code that booking refuses it with."""
    return {}


@pytest.fixture(autouse=True)
async def booking(answering, world, refusals):
    """What booking says to the answers of patients."""
    answers = Answers[Any]()

    def done(command, caller: Caller):
        world.commands.append((caller.actor, command))
        if type(command) in refusals:
            raise Refused(code=refusals[type(command)])

    @answers.to(RescheduleAppointment)
    async def move(command: RescheduleAppointment, caller: Caller, _) -> AppointmentRecord:
        done(command, caller)
        world.move(command.appointment_id, command.starts_at)
        moved: AppointmentRecord = world.appointments[command.appointment_id]
        return moved

    @answers.to(AcceptOffer)
    async def accept(command: AcceptOffer, caller: Caller, _) -> AppointmentRecord:
        done(command, caller)
        booked: AppointmentRecord = world.appointments[command.offer_id]
        return booked

    @answers.to(DeclineOffer)
    async def decline(command: DeclineOffer, caller: Caller, _) -> WaitlistEntry:
        done(command, caller)
        waiting: WaitlistEntry = entry(world, world.appointments[command.offer_id])
        return waiting

    async with answering(answers, None):
        yield


def displaced(world, appointment_id, *, choice="message"):
    until = NOW + timedelta(hours=24)
    offers = [
        HeldOffer(hold_id=new_id(), slot=slot(world, almaty(day, 11)), held_until=until) for day in (13, 16)
    ]

    def event(**about) -> AppointmentDisplaced:
        return AppointmentDisplaced(
            **about, absence_id=new_id(), choice=choice, offers=offers, answer_by=until
        )

    return world.change(event, appointment_id, status="displaced")


def slot(world, starts_at):
    return Slot(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), branch_id=world.branch.branch_id,
        practitioner_id=world.practitioner.practitioner_id,
    )  # fmt: skip


def entry(world, record, status="offered", expires_at=NOW + timedelta(hours=2)):
    state = record.appointment
    return WaitlistEntry(
        entry_id=new_id(), version=2, status=status, patient_id=state.patient_id, service_id=state.service_id,
        branch_id=None, practitioner_id=None, from_date=state.starts_at.date(), to_date=state.starts_at.date(),
        from_time="00:00", to_time=None, joined_at=NOW,
        offer=WaitlistOffer(offer_id=state.appointment_id, slot=slot(world, state.starts_at), expires_at=expires_at),
    )  # fmt: skip


@pytest.fixture
async def moved_away(service, world, provider):
    """A visit that the clinic cannot keep: its patient has been offered two other times."""
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    await service.delivered()
    await service.apply(displaced(world, event.appointment.appointment_id))
    await service.send()
    return event.appointment.appointment_id


@pytest.fixture
async def offered(service, world):
    """A freed time on the 12th that is held for two hours."""
    held = world.booked(world.patient(PHONE), almaty(12, 15)).appointment
    record = world.appointments[held.appointment_id]
    record = record.model_copy(update={"appointment": held.model_copy(update={"status": "held"})})
    world.appointments[held.appointment_id] = record
    event = WaitlistOffered(
        network_id=world.network_id, occurred_at=NOW, version=2, entry=entry(world, record)
    )
    await service.apply(event)
    await service.send()
    return held.appointment_id


async def test_a_displaced_visit_is_written_about_at_once_and_its_reminders_stop(
    service, provider, moved_away
):
    text = provider.texts()[-1]
    assert "1. пятница, 13 ноября" in text
    assert "2. понедельник, 16 ноября" in text
    assert "/l/" in text
    left = [one for one in await service.messages() if one.step not in {"confirmation", "displaced"}]
    assert {(one.outcome, one.reason) for one in left} == {("cancelled", "displaced")}


async def test_a_number_takes_that_time(service, world, provider, moved_away):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "2")]))
    ((actor, command),) = world.commands
    assert actor == "patient-by-reply"
    assert isinstance(command, RescheduleAppointment)
    assert (command.appointment_id, command.starts_at) == (moved_away, almaty(16, 11))
    (understood,) = await service.told(ReplyUnderstood)
    assert understood.intent == "choose"
    assert await service.told(TaskRaised) == []


async def test_the_same_number_twice_is_one_command(service, world, moved_away):
    body = whatsapp_webhook(messages=[wrote(PHONE, "1", message_id="wamid.1")])
    await service.webhook(body)
    await service.webhook(body)
    assert len(world.commands) == 1


async def test_a_number_that_was_not_offered_changes_nothing(service, world, moved_away):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "7")]))
    assert world.commands == []
    assert await service.told(ReplyUnderstood) == []


async def test_a_time_that_is_gone_meanwhile_leads_to_the_link_and_a_person(
    service, world, provider, moved_away, refusals
):
    refusals[RescheduleAppointment] = "slot-taken"
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "1")]))
    assert "/l/" in provider.texts()[-1]
    (task,) = await service.told(TaskRaised)
    assert (task.kind, task.reason) == ("wants-to-move", "displaced: slot-taken")


async def test_whoever_is_to_be_called_is_not_written_to(service, world, provider):
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    await service.apply(displaced(world, event.appointment.appointment_id, choice="call"))
    await service.send()
    assert len(provider.sent) == 1


async def test_a_displaced_patient_without_a_phone_is_called(service, world):
    event = world.booked(world.patient(phone=""), almaty(12, 15))
    await service.apply(event, displaced(world, event.appointment.appointment_id))
    (task,) = await service.told(TaskRaised)
    assert (task.kind, task.reason) == ("call-back", "displaced: no-address")


async def test_the_event_twice_writes_once(service, world, provider):
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    away = displaced(world, event.appointment.appointment_id)
    await service.apply(event, away)
    with pytest.raises(AlreadyApplied):
        await service.apply(away)
    assert len([one for one in await service.messages() if one.step == "displaced"]) == 1


async def test_a_freed_time_is_offered_with_yes_and_no(service, provider, offered):
    (sent,) = provider.sent
    assert "четверг, 12 ноября" in sent["text"]
    assert sent["buttons"] == [f"accept:{offered}", f"decline:{offered}"]


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("Да", AcceptOffer),
        ("1", AcceptOffer),
        ("приду", AcceptOffer),
        ("нет", DeclineOffer),
        ("2", DeclineOffer),
    ],
)
async def test_words_answer_the_offer(service, world, offered, answer, command):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, answer)]))
    ((actor, given),) = world.commands
    assert (actor, type(given), given.offer_id) == ("patient-by-reply", command, offered)
    assert getattr(given, "source", "whatsapp") == "whatsapp"
    assert await service.told(TaskRaised) == []


@pytest.mark.parametrize(("button", "command"), [("accept", AcceptOffer), ("decline", DeclineOffer)])
async def test_buttons_answer_the_offer(service, world, offered, button, command):
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"{button}:{offered}")]))
    ((_, given),) = world.commands
    assert (type(given), given.offer_id) == (command, offered)


async def test_a_late_yes_is_told_that_the_time_is_gone(service, world, provider, offered, refusals):
    refusals[AcceptOffer] = "offer-over"
    await service.at(NOW + timedelta(hours=3))
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "да")]))
    assert "уже" in provider.texts()[-1]
    assert len(provider.sent) == 2
    assert await service.told(TaskRaised) == []


async def test_a_bare_yes_beside_an_open_question_is_asked_about(service, world, provider):
    card = world.patient(PHONE)
    visit = world.booked(card, almaty(12, 9))
    await service.apply(visit)
    await service.at(almaty(10, 9))
    await service.delivered()
    held = world.booked(card, almaty(12, 15)).appointment
    record = world.appointments[held.appointment_id]
    record = record.model_copy(update={"appointment": held.model_copy(update={"status": "held"})})
    world.appointments[held.appointment_id] = record
    expires_at = service.clock.now() + timedelta(hours=2)
    await service.apply(
        WaitlistOffered(
            network_id=world.network_id, occurred_at=service.clock.now(), version=2,
            entry=entry(world, record, expires_at=expires_at),
        )
    )  # fmt: skip
    await service.send()
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "да")]))
    assert world.commands == [], "which of both is meant is asked first"
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "1")]))
    ((_, given),) = world.commands
    assert isinstance(given, AcceptOffer)


def offer_ended(world, record, why):
    given = entry(world, record)
    return WaitlistOfferEnded(
        network_id=world.network_id, occurred_at=NOW, version=3, offer=given.offer, why=why,
        entry=given.model_copy(update={"status": "waiting", "offer": None}),
    )  # fmt: skip


def no_longer_held(world, offer_id):
    record = world.appointments[offer_id]
    state = record.appointment.model_copy(update={"status": "cancelled"})
    world.appointments[offer_id] = record.model_copy(update={"appointment": state})
    return world.appointments[offer_id]


async def test_whoever_was_offered_a_time_that_the_clinic_has_lost_is_told_so_at_once(
    service, world, provider, offered, refusals
):
    await service.apply(offer_ended(world, no_longer_held(world, offered), "lost"))
    await service.send()
    assert "уже занято: четверг, 12 ноября" in provider.texts()[-1]
    assert len(provider.sent) == 2
    refusals[AcceptOffer] = "offer-over"
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "да")]))
    ((_, given),) = world.commands
    assert given.offer_id == offered
    assert "уже занято" in provider.texts()[-1]
    assert len(provider.sent) == 3


@pytest.mark.parametrize("why", ["expired", "declined"])
async def test_the_other_ends_of_an_offer_are_known_to_its_patient(service, world, provider, offered, why):
    await service.apply(offer_ended(world, no_longer_held(world, offered), why))
    await service.send()
    assert len(provider.sent) == 1


@pytest.mark.parametrize("why", ["expired", "declined", "lost"])
async def test_an_offer_that_ended_is_not_sent_any_more(service, world, provider, why):
    held = world.booked(world.patient(PHONE), almaty(12, 15)).appointment
    record = world.appointments[held.appointment_id]
    event = WaitlistOffered(
        network_id=world.network_id, occurred_at=NOW, version=2, entry=entry(world, record)
    )
    await service.apply(event)
    await service.apply(offer_ended(world, record, why))
    await service.send()
    assert provider.sent == []


async def test_an_offer_that_was_taken_elsewhere_is_not_sent(service, world, provider):
    held = world.booked(world.patient(PHONE), almaty(12, 15)).appointment
    record = world.appointments[held.appointment_id]  # booked by now, as its owner says
    await service.apply(
        WaitlistOffered(network_id=world.network_id, occurred_at=NOW, version=2, entry=entry(world, record))
    )
    await service.send()
    assert provider.sent == []
    (told,) = await service.told(MessageSuppressed)
    assert told.reason == "offer-over"


async def test_the_accepted_time_has_a_chain_of_its_own(service, world, provider, offered):
    record = world.appointments[offered]
    booked = record.appointment.model_copy(update={"status": "booked"})
    world.appointments[offered] = record.model_copy(update={"appointment": booked, "version": 2})
    await service.apply(
        AppointmentBooked(network_id=world.network_id, occurred_at=NOW, version=1, appointment=booked)
    )
    await service.send()
    assert "вы записаны" in provider.texts()[-1].casefold()

"""Online visits: no address, and the link to join once the patient has said that they will take part."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from icalendar import Calendar

from common.contracts.booking import AppointmentRescheduled
from common.contracts.directory import ServiceChanged
from common.ids import new_id
from notifications.channels import Letter, mail
from notifications.operations import asking, composing, deciding, enclosing, planning
from notifications.rules.texts import Subject, Visit, compose
from notifications.rules.values import Reader
from notifications.templates import texts
from notifications.templates.samples import sample

from .world import NOW, World, almaty, make_world

STARTS = almaty(12, 10)
JOIN = re.compile(r"https://clinic\.example/v/([\w-]+)")


@pytest.fixture
def world(network_id: str) -> World:
    world = make_world(network_id)
    world.service = world.service.model_copy(update={"virtual": True})
    return world


def moved(world: World, appointment_id: UUID, starts_at):
    """A move asks for the word anew, as booking has it."""
    return world.change(
        AppointmentRescheduled, appointment_id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30),
        status="booked", sequence=1,
    )  # fmt: skip


def join_token(text: str) -> str:
    found = JOIN.search(text)
    assert found is not None, text
    return found[1]


async def booked(service, world) -> UUID:
    event = world.booked(world.patient(), STARTS)
    await service.apply(event)
    await service.send()
    await service.delivered()
    appointment_id: UUID = event.appointment.appointment_id
    return appointment_id


async def test_before_it_is_confirmed_no_message_contains_the_link(service, world, provider):
    await booked(service, world)
    for step in ("confirm", "details", "short"):
        await service.at((await service.step(step)).due_at)
        await service.delivered()
    first, asking_text, details, short = provider.texts()
    assert not JOIN.search("".join(provider.texts()))
    assert all("Достык, 91" not in text for text in provider.texts())
    assert "Адрес: онлайн." in first
    assert "после этого мы пришлём ссылку" in asking_text
    assert "удостоверение" not in details, "nobody shows papers at a door"
    assert "Подтвердите его, и мы пришлём ссылку для входа: https://clinic.example/l/" in short


async def test_the_link_comes_at_once_when_the_patient_confirms_and_again_in_the_short_reminder(
    service, world, provider
):
    it = await booked(service, world)
    provider.sent.clear()
    await service.apply(world.confirm(it))
    await service.send()
    (told,) = provider.texts()
    link = service.parts.links.read(join_token(told), now=NOW)
    assert (link.purpose, link.thing_id) == ("visit", it)
    assert (await service.step("join-link")).message_class == "immediate"
    await service.delivered()
    await service.at((await service.step("short")).due_at)
    [again] = [text for text in provider.texts()[1:] if JOIN.search(text)]
    assert join_token(again) == join_token(told)


async def test_whoever_stays_confirmed_is_told_once(service, world, provider):
    it = await booked(service, world)
    await service.apply(world.confirm(it), world.confirm(it))
    await service.send()
    assert len([text for text in provider.texts() if JOIN.search(text)]) == 1


async def test_after_a_move_the_link_waits_for_another_word(service, world, provider):
    it = await booked(service, world)
    await service.apply(world.confirm(it))
    await service.apply(moved(world, it, almaty(13, 10)))
    await service.send()
    assert (await service.step("join-link")).reason == "moved", "it had not gone out"
    assert not JOIN.search("".join(provider.texts()))
    await service.apply(world.confirm(it))
    await service.send()
    assert JOIN.search(provider.texts()[-1])


async def test_a_link_that_booking_knows_to_be_unconfirmed_again_stays_here(service, world, provider):
    it = await booked(service, world)
    await service.apply(world.confirm(it))
    world.change(AppointmentRescheduled, it, status="booked")
    await service.send()
    assert (await service.step("join-link")).reason == "not-confirmed"
    assert not JOIN.search("".join(provider.texts()))


async def test_policies_made_anew_do_not_send_the_link_again(service, world, provider):
    it = await booked(service, world)
    await service.apply(world.confirm(it))
    await service.send()
    await service.delivered()
    record = world.appointments[it]
    async with service.parts.database.transaction(world.network_id) as tx:
        reach = await asking.reach(service.parts, world.network_id, record.appointment.patient_id)
        await planning.make_anew(tx, world.network_id, record.appointment, reach, now=NOW)
    await service.send()
    assert len([text for text in provider.texts() if JOIN.search(text)]) == 1


@pytest.mark.parametrize(("status", "leads"), [("booked", False), ("confirmed", True)])
async def test_the_calendar_file_of_a_mail_leads_to_the_visit_once_it_is_confirmed(
    service, world, status, leads
):
    it = await booked(service, world)
    world.change(AppointmentRescheduled, it, status=status)
    (message, *_) = await service.messages()
    record = world.appointments[it]
    card = world.cards[message.patient_id]
    async with service.parts.database.transaction(world.network_id) as tx:
        around = await deciding.surroundings(tx, world.network_id, [message])
    text = composing.composed(
        message, card, record, around, service.parts.links, service.parts.public_url,
        asks=False, by_buttons=False, now=NOW,
    )  # fmt: skip
    about = enclosing.enclosed(message, text, record, around, service.parts, "a@example.org", now=NOW)
    made = mail.compose(
        Letter("1", world.network_id, "a@example.org", "confirmation", text, enclosure=about),
        domain="clinic.example", at=NOW,
    )  # fmt: skip
    [event] = Calendar.from_ical(about.calendar).walk("VEVENT")
    assert bool(JOIN.search(str(event.get("url")))) is leads
    assert str(event["location"]) == (str(event["url"]) if leads else "Онлайн")
    assert bool(JOIN.search(made.as_string())) is False, "the text itself holds no link"


async def test_a_day_of_several_visits_leads_into_the_one_that_is_online(service, world, provider):
    card = world.patient()
    to_come_to = world.service.model_copy(update={"service_id": new_id(), "virtual": False})
    await service.apply(
        ServiceChanged(network_id=world.network_id, occurred_at=NOW, version=1, service=to_come_to)
    )
    online = world.booked(card, STARTS + timedelta(hours=2))
    world.service = to_come_to
    await service.apply(online, world.booked(card, STARTS), world.confirm(online.appointment.appointment_id))
    await service.send()
    await service.delivered()
    provider.sent.clear()
    await service.at((await service.step("short")).due_at)
    days = [text for text in provider.texts() if "2 визита" in text]
    assert days
    assert all(JOIN.search(day) and "пр. Достык, 91" in day for day in days)


def test_a_day_with_one_visit_to_come_to_keeps_the_address():
    facts = sample("en").subject
    assert facts.service is not None
    assert facts.starts_at is not None
    online = facts.service.model_copy(update={"virtual": True})
    both = (Visit(facts.starts_at, facts.service), Visit(facts.starts_at, online))

    def said(visits) -> str:
        subject = Subject(
            facts.clinic, facts.zone, facts.branch, facts.practitioner, online, facts.starts_at, visits=visits
        )
        return compose(texts("en"), ["same-day"], subject, Reader("en"), now=NOW).body

    assert "Wimpole" in said(both)
    assert ", online" in said(both)
    assert "Address: online." in said(both[1:])

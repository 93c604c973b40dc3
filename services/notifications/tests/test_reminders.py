"""Reminders that recall orders: of medicines, refills, examinations and events; by the class and in the words they need."""

import json
import re
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from common.contracts.directory import Locale
from common.contracts.notifications import MedicineTaken, TaskRaised
from common.contracts.patient_profile import Card, PatientErased, Preferences
from common.contracts.recall import OutreachDue, OutreachValues
from common.errors import Unavailable
from common.ids import new_id
from notifications.operations import matters
from notifications.rules.understand import consists
from notifications.templates import texts
from notifications.templates.spoken import spoken

from .world import NOW, World, almaty, pressed, whatsapp_webhook, wrote

PHONE = "+77010000001"
INTAKE = almaty(2, 20)
PILL = OutreachValues(medicine="Ибупрофен", dose="1 таблетка", due_at=INTAKE)


def due(world: World, card: Card, template: str, values: OutreachValues, **more: Any) -> OutreachDue:
    told = {
        "network_id": world.network_id, "occurred_at": NOW, "version": 1, "outreach_id": new_id(),
        "patient_id": card.patient_id, "template": template, "branch_id": world.branch.branch_id, "service_id": None,
        "practitioner_id": None, "last_visit_at": NOW - timedelta(days=3), "expires_at": INTAKE, "described": values != OutreachValues(),
    }  # fmt: skip
    event = OutreachDue.model_validate({**told, "message_class": "service", **more})
    world.outreach[event.outreach_id] = values
    return event


async def sent(service, event):
    await service.apply(event)
    await service.send()
    (message,) = service.provider.sent
    return message


async def test_a_medicine_is_reminded_of_with_its_dose_and_time_and_a_button_to_say_it_is_taken(
    service, world
):
    event = due(world, world.patient(PHONE), "medication", PILL)
    message = await sent(service, event)
    assert message["channel"] == "whatsapp"
    for said in ("Ибупрофен", "1 таблетка", "20:00", "«принято»"):
        assert said in message["text"]
    assert message["buttons"] == [f"taken:{event.outreach_id}"]


async def test_no_event_holds_a_medicine_and_one_that_recall_says_nothing_of_yet_waits(service, world):
    event = due(world, world.patient(PHONE), "medication", PILL)
    assert "Ибупрофен" not in event.model_dump_json()
    world.silent.add("recall")
    with pytest.raises(Unavailable):
        await service.apply(event)
    assert await service.messages() == []
    world.silent.clear()
    assert "Ибупрофен" in (await sent(service, event))["text"]


async def test_its_time_is_that_of_the_patients_own_place(service, world):
    message = await sent(service, due(world, world.patient(PHONE, zone="Asia/Tashkent"), "medication", PILL))
    assert "20:00" in message["text"]
    service.provider.sent.clear()
    message = await sent(
        service, due(world, world.patient("+77010000002", zone="Europe/Paris"), "medication", PILL)
    )
    assert "16:00" in message["text"]


async def test_a_reminder_needs_no_consent_for_marketing_and_an_invitation_does(service, world):
    card = world.patient(PHONE)
    world.refused[card.patient_id, "marketing"] = "not-permitted"
    await service.apply(due(world, card, "recall", OutreachValues(), message_class="marketing"))
    await service.send()
    assert service.provider.sent == []
    assert (await sent(service, due(world, card, "medication", PILL)))["channel"] == "whatsapp"


def test_an_outreach_of_no_class_is_marketing(network_id):
    told = {
        "network_id": network_id, "occurred_at": NOW, "version": 1, "outreach_id": new_id(), "patient_id": new_id(),
        "template": "recall", "branch_id": new_id(), "service_id": None, "practitioner_id": None,
        "last_visit_at": NOW, "expires_at": NOW,
    }  # fmt: skip
    event = OutreachDue.model_validate(told)
    assert (event.message_class, event.described) == ("marketing", False)


@pytest.mark.parametrize("template", ["education", "recall", "birthday"])
async def test_what_advertises_is_marketing_whatever_it_is_sent_as(service, world, template):
    card = world.patient(PHONE)
    world.refused[card.patient_id, "marketing"] = "not-permitted"
    await service.apply(
        due(world, card, template, OutreachValues(topic="школа здоровья"), message_class="service")
    )
    await service.send()
    assert service.provider.sent == []
    (message,) = await service.messages()
    assert message.message_class == "marketing"


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("refill", OutreachValues(medicine="Метформин", due_at=almaty(12, 18)), ("Метформин", "12 ноября")),
        ("examination", OutreachValues(topic="контрольный снимок", due_at=almaty(12, 18)), ("контрольный снимок", "/book/")),
        ("education", OutreachValues(topic="школа здоровья", due_at=almaty(12, 18)), ("школа здоровья", "18:00", "СТОП")),
    ],
)  # fmt: skip
async def test_refills_examinations_and_events_say_what_they_are_about(
    service, world, template, values, said
):
    event = due(world, world.patient(PHONE), template, values, expires_at=almaty(12, 18))
    message = await sent(service, event)
    assert message["buttons"] == []
    for each in said:
        assert each in message["text"]


async def test_an_sms_names_no_medicine_and_the_next_channel_does_not_wait_for_hours(
    service, world, provider
):
    await service.apply(due(world, world.patient(PHONE), "medication", PILL))
    await service.send()
    await service.at(NOW + timedelta(minutes=31))
    chat, sms = provider.sent
    assert (chat["channel"], sms["channel"]) == ("whatsapp", "sms")
    assert "20:00" in sms["text"]
    assert "Ибупрофен" not in sms["text"]
    assert "таблетка" not in sms["text"]


async def test_whoever_wants_discretion_reads_of_no_medicine_and_no_service_on_any_channel(service, world):
    discreet = Preferences(discreet=True)
    event = due(world, world.patient(PHONE, preferences=discreet), "medication", PILL)
    message = await sent(service, event)
    assert "20:00" in message["text"]
    assert "Ибупрофен" not in message["text"]
    assert message["buttons"] == [f"taken:{event.outreach_id}"]
    service.provider.sent.clear()
    visit = world.booked(world.patient("+77010000002", preferences=discreet), almaty(12, 15))
    told = await sent(service, visit)
    assert "Айгерим Нурлановна" in told["text"]
    assert "Гигиена" not in told["text"]
    assert "стоматолог" not in told["text"]


def test_what_is_short_in_writing_is_said_in_full_on_the_telephone():
    for locale in ("ru", "kk", "en", "pt-BR", "fa", "fr", "zh-TW"):
        moments = spoken(locale).texts.moments
        assert moments["short"] == moments["when"]
        assert moments["short_tomorrow"] == moments["tomorrow"]


async def test_a_medicine_is_not_reminded_of_once_its_time_is_over(service, world):
    await service.apply(due(world, world.patient(PHONE), "medication", PILL))
    service.clock.put(INTAKE + timedelta(minutes=1))
    await service.send()
    assert service.provider.sent == []
    (message,) = await service.messages()
    assert (message.outcome, message.reason) == ("suppressed", "too-late")


async def test_what_it_is_about_is_sealed_and_cannot_be_read_once_the_patient_is_erased(service, world):
    card = world.patient(PHONE)
    await service.apply(due(world, card, "medication", PILL))
    (message,) = await service.messages()
    assert "Ибупрофен" not in json.dumps(message.data, ensure_ascii=False)
    kept = await matters.of_messages(service.parts, world.network_id, [message])
    assert kept[message.message_id].medicine == "Ибупрофен"
    erased = PatientErased(
        network_id=world.network_id, occurred_at=NOW, version=2, patient_id=card.patient_id
    )
    await service.apply(erased)
    assert await matters.of_messages(service.parts, world.network_id, [message]) == {}


# --- taken ------------------------------------------------------------------------------------------------


async def heard(service, *messages: dict[str, Any]) -> list[UUID]:
    """Reminders that recall is told of as taken, once all this has come in."""
    for message in messages:
        await service.webhook(whatsapp_webhook(messages=[message]))
    return [one.outreach_id for one in await service.told(MedicineTaken)]


async def test_a_press_tells_once_that_the_medicine_is_taken_and_asks_no_person(service, world):
    event = due(world, world.patient(PHONE), "medication", PILL)
    message = await sent(service, event)
    press = pressed(PHONE, message["buttons"][0], title="Принято")
    assert await heard(service, press, press, {**press, "id": "wamid.again"}) == [event.outreach_id]
    assert await service.told(TaskRaised) == []
    assert len(service.provider.sent) == 1


@pytest.mark.parametrize(
    "word",
    [
        "принято",
        "Готово",
        "уже выпила!",
        "іштім",
        "DONE",
        "taken",
        "já tomei",
        "مصرف شد",
        "c'est fait",
        "已服用",
    ],
)
async def test_a_word_tells_it_in_every_language(service, world, word):
    event = due(world, world.patient(PHONE), "medication", PILL)
    await sent(service, event)
    assert await heard(service, wrote(PHONE, word)) == [event.outreach_id]
    assert await service.told(TaskRaised) == []


@pytest.mark.parametrize("locale", get_args(Locale))
def test_what_a_reminder_asks_for_is_understood(locale):
    own = texts(locale)
    assert consists(own.choices["taken"], ("taken",))
    for line in (own.lines["medication"][-1], own.sms["medication"][-1]):
        asked = re.findall(r"[«“「]\s*(.+?)\s*[»”」]|\b(ГОТОВО|ДАЙЫН|DONE|FEITO|FAIT)\b", line)
        assert all(consists("".join(each), ("taken",)) for each in asked)
        assert asked or locale == "zh-TW"


@pytest.mark.parametrize("word", ["не принято", "принято?", "нет", "готово 5"])
async def test_what_does_not_clearly_say_so_is_for_a_person(service, world, word):
    await sent(service, due(world, world.patient(PHONE), "medication", PILL))
    assert await heard(service, wrote(PHONE, word)) == []


async def test_a_word_after_another_message_is_not_about_the_medicine_unless_it_quotes_it(service, world):
    card = world.patient(PHONE)
    event = due(world, card, "medication", PILL)
    await sent(service, event)
    await service.at(NOW + timedelta(minutes=1))
    await service.apply(world.booked(card, almaty(12, 15), at=NOW + timedelta(minutes=1)))
    await service.send()
    assert await heard(service, wrote(PHONE, "готово")) == []
    assert await heard(service, wrote(PHONE, "готово", answers="whatsapp-1")) == [event.outreach_id]


async def test_on_a_familys_phone_a_word_is_nobodys_and_a_press_is_of_whose_button_it_is(service, world):
    mother, child = (world.patient(PHONE, name=name) for name in ("Айша", "Тимур"))
    events = [due(world, one, "medication", PILL) for one in (mother, child)]
    await service.apply(*events)
    await service.send()
    assert await heard(service, wrote(PHONE, "готово")) == []
    assert await heard(service, pressed(PHONE, f"taken:{events[0].outreach_id}")) == [events[0].outreach_id]


async def test_somebody_elses_button_tells_nothing(service, world):
    event = due(world, world.patient(PHONE), "medication", PILL)
    await sent(service, event)
    assert await heard(service, pressed("+77019999999", f"taken:{event.outreach_id}")) == []

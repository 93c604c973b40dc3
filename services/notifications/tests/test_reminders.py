"""Reminders that recall orders: of medicines, refills, examinations and events; by the class and in the words they need."""

import json
from datetime import timedelta
from typing import Any

import pytest

from common.contracts.patient_profile import Card, PatientErased, Preferences
from common.contracts.recall import OutreachDue, OutreachValues
from common.ids import new_id
from notifications.operations import matters
from notifications.templates.spoken import spoken

from .world import NOW, World, almaty

PHONE = "+77010000001"
INTAKE = almaty(2, 20)
PILL = OutreachValues(medicine="Ибупрофен", dose="1 таблетка", due_at=INTAKE)


def due(world: World, card: Card, template: str, values: OutreachValues, **more: Any) -> OutreachDue:
    told = {
        "network_id": world.network_id, "occurred_at": NOW, "version": 1, "outreach_id": new_id(),
        "patient_id": card.patient_id, "template": template, "branch_id": world.branch.branch_id, "service_id": None,
        "practitioner_id": None, "last_visit_at": NOW - timedelta(days=3), "expires_at": INTAKE, "values": values,
    }  # fmt: skip
    return OutreachDue.model_validate({**told, "message_class": "service", **more})


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
    assert (event.message_class, event.values) == ("marketing", OutreachValues())


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

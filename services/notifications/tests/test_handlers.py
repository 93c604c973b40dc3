"""The way in: events on the real bus, redelivered, late and out of order; commands and questions of other services."""

import asyncio

import pytest
import sqlalchemy as sa

from common.contracts.booking import AppointmentCorrected, AppointmentMissed, VisitCompleted, VisitState
from common.contracts.notifications import (
    AskMessageReport,
    CommunicationsOf,
    ExplainMessage,
    GetLastMessageStates,
    IngestWebhook,
    PauseSending,
    ResumeSending,
)
from common.contracts.patient_profile import PatientErased
from common.database import AlreadyApplied
from common.errors import NotAllowed, Refused
from common.ids import new_id
from common.testing import caller
from notifications import handlers
from notifications.tables.schema import attempts, messages, patient_keys

from .test_sending import outreach
from .world import NOW, almaty, make_world, whatsapp_webhook, wrote


def answer(request, service, **who):
    route = handlers.answers.routes[request.subject]
    return route.answer(request, caller(service.world.network_id, **who), service.parts)


def shape(found):
    return sorted((one.step, one.outcome, one.due_at) for one in found)


async def test_every_event_delivered_twice_is_applied_once(service, world):
    card = world.patient()
    booked = world.booked(card, almaty(12, 15))
    confirmed = world.confirm(booked.appointment.appointment_id)
    moved = world.move(booked.appointment.appointment_id, almaty(13, 15))
    cancelled = world.cancel(booked.appointment.appointment_id)
    erased = PatientErased(
        network_id=world.network_id, occurred_at=NOW, version=2, patient_id=card.patient_id
    )
    for event in (booked, confirmed, moved, cancelled, outreach(world, card), erased):
        await service.apply(event)
        before = shape(await service.messages())
        with pytest.raises(AlreadyApplied):
            await service.apply(event)
        assert shape(await service.messages()) == before
    for event in world.directory_events():
        await service.apply(event)
        with pytest.raises(AlreadyApplied):
            await service.apply(event)


async def test_an_older_version_that_arrives_late_changes_nothing(service, world):
    booked = world.booked(world.patient(), almaty(12, 15))
    moved = world.move(booked.appointment.appointment_id, almaty(13, 15))
    await service.apply(moved)
    before = shape(await service.messages())
    await service.apply(booked)
    assert shape(await service.messages()) == before
    assert {one.step for one in await service.messages()} == {"confirmation", "confirm", "details", "short"}
    assert {one.starts_at for one in await service.messages()} == {almaty(13, 15)}


async def test_events_of_one_visit_that_are_applied_at_once_plan_one_chain(service, world):
    booked = world.booked(world.patient(), almaty(12, 15))
    confirmed = world.confirm(booked.appointment.appointment_id)
    await asyncio.gather(service.apply(booked), service.apply(confirmed))
    open_steps = [one.step for one in await service.messages() if one.outcome == "planned"]
    assert sorted(open_steps) == ["confirmation", "details", "short"]


async def test_before_the_directory_is_known_an_event_waits(service, world):
    elsewhere = make_world(world.network_id)
    with pytest.raises(Exception, match="not known here yet"):
        await service.apply(elsewhere.booked(elsewhere.patient(), almaty(12, 15)))
    assert await service.messages() == []


async def test_what_was_corrected_is_planned_again(service, world):
    booked = world.booked(world.patient(), almaty(12, 15))
    appointment_id = booked.appointment.appointment_id
    await service.apply(booked, world.change(AppointmentMissed, appointment_id, status="noshow"))
    assert not [one for one in await service.messages() if one.outcome == "planned"]
    record = world.appointments[appointment_id]
    back = AppointmentCorrected(
        network_id=world.network_id, occurred_at=NOW, version=record.version + 1, corrected_from="noshow",
        appointment=record.appointment.model_copy(update={"status": "booked"}),
    )  # fmt: skip
    await service.apply(back)
    assert sorted(one.step for one in await service.messages() if one.outcome == "planned") == [
        "confirm", "details", "short"
    ]  # fmt: skip


async def test_after_a_visit_the_chain_of_brazil_asks_how_it_went(service, network_id):
    world = make_world(f"{network_id}-br", zone="America/Sao_Paulo", preset="br", country="BR")
    service.world.cards = world.cards
    await service.apply(*world.directory_events())
    booked = world.booked(world.patient(locale="pt-BR"), almaty(12, 15))
    state = booked.appointment.model_copy(update={"status": "fulfilled"})
    visit = VisitState(
        visit_id=state.appointment_id, appointment_id=state.appointment_id, patient_id=state.patient_id,
        branch_id=state.branch_id, practitioner_id=state.practitioner_id, service_id=state.service_id,
        service_kind="hygiene", starts_at=state.starts_at, completed_at=almaty(12, 16),
    )  # fmt: skip
    completed = VisitCompleted(
        network_id=world.network_id, occurred_at=almaty(12, 23), version=2, appointment=state, visit=visit
    )
    service.clock.put(almaty(12, 23))
    await service.apply(booked, completed)
    service.world = world
    after = await service.step("after-visit")
    assert after.outcome == "planned"
    assert after.due_at == almaty(13, 1), "two hours later, which is 17:00 there"


async def test_erasing_a_patient_stops_messages_and_drops_what_was_sealed(service, world, provider):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    await service.webhook(whatsapp_webhook(messages=[wrote("+77010000001", "привет")]))
    await service.apply(
        PatientErased(network_id=world.network_id, occurred_at=NOW, version=2, patient_id=card.patient_id)
    )
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(patient_keys))).all() == []
        assert {row.text for row in await tx.execute(sa.select(messages.c.text))} == {None}
        assert {row.address for row in await tx.execute(sa.select(attempts.c.address))} == {b""}
    said = await answer(CommunicationsOf(patient_ids=[card.patient_id]), service)
    assert {one.text for one in said.messages} == {None}
    before = len(provider.sent)
    await service.at(almaty(12, 14))
    assert len(provider.sent) == before


async def test_phones_and_texts_stand_nowhere_in_the_clear(service, world):
    await service.apply(world.booked(world.patient("+77012223344", "Шолпан"), almaty(12, 15)))
    await service.send()
    async with service.parts.database.transaction(world.network_id) as tx:
        for table in ("messages", "attempts", "outbox", "appointments"):
            everything = (
                await tx.execute(sa.text(f"SELECT coalesce(json_agg(t)::text, '') FROM {table} t"))
            ).scalar_one()
            for personal in ("77012223344", "Шолпан", "Шолпан".encode().hex(), b"77012223344".hex()):
                assert personal not in everything, table


async def test_communications_show_both_directions_newest_first(service, world):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    await service.webhook(whatsapp_webhook(messages=[wrote("+77010000001", "как пройти?")]))
    said = await answer(CommunicationsOf(patient_ids=[card.patient_id]), service)
    assert [one.step for one in said.messages] == ["short", "details", "confirm", "confirmation"]
    confirmation = said.messages[-1]
    assert confirmation.text.startswith("Здравствуйте, Марат!")
    assert [(one.channel, one.outcome) for one in confirmation.attempts] == [("whatsapp", "accepted")]
    assert [(one.text, one.understood_as) for one in said.inbound] == [("как пройти?", None)]
    first = await answer(CommunicationsOf(patient_ids=[card.patient_id], limit=3), service)
    rest = await answer(
        CommunicationsOf(patient_ids=[card.patient_id], limit=3, cursor=first.next_cursor), service
    )
    assert [one.step for one in (*first.messages, *rest.messages)] == [one.step for one in said.messages]
    assert rest.next_cursor is None


async def test_an_explanation_is_the_stored_verdict_byte_for_byte(service, world):
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    short = await service.step("short")
    first = await answer(ExplainMessage(message_id=short.message_id), service)
    second = await answer(ExplainMessage(message_id=short.message_id), service)
    assert first.model_dump_json() == second.model_dump_json()
    assert first.stored
    assert (first.verdict, first.send_at) == ("wait", almaty(11, 20, 30))
    await service.send()
    await service.delivered()
    await service.at(almaty(11, 20, 30))
    sent = await answer(ExplainMessage(message_id=short.message_id), service)
    assert (sent.verdict, sent.channel, sent.decided_at) == ("send", "whatsapp", almaty(11, 20, 30))
    assert sent.reasons[0].rule == "appointment"


async def test_another_moment_can_be_asked_about(service, world):
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    short = await service.step("short")
    at_night = await answer(ExplainMessage(message_id=short.message_id, at=almaty(12, 3)), service)
    assert (at_night.verdict, at_night.stored) == ("drop", False)
    assert at_night.reasons[-1].result == "no-open-window"
    with pytest.raises(Refused) as refusal:
        await answer(ExplainMessage(message_id=new_id()), service)
    assert refusal.value.refusal == "unknown-message"


async def test_the_day_board_sees_the_newest_sent_state(service, world):
    appointment_id = (booked := world.booked(world.patient(), almaty(12, 15))).appointment.appointment_id
    await service.apply(booked)
    ask = GetLastMessageStates(appointment_ids=[appointment_id, new_id()])
    assert (await answer(ask, service)).states == {appointment_id: "planned"}
    await service.send()
    assert (await answer(ask, service)).states == {appointment_id: "accepted"}
    await service.delivered()
    assert (await answer(ask, service)).states == {appointment_id: "delivered"}


async def test_the_report_counts_by_channel_and_outcome(service, world, provider):
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    await service.send()
    await service.delivered()
    found = await answer(AskMessageReport(from_at=NOW, to_at=almaty(30, 0)), service)
    assert [(one.channel, one.outcome, one.count) for one in found.counts] == [
        ("none", "planned", 3),
        ("whatsapp", "delivered", 1),
    ]


async def test_the_brake_makes_wait_and_loses_nothing(service, world, provider):
    await answer(PauseSending(channel="whatsapp"), service)
    state = await answer(PauseSending(), service)
    assert {"channel": None, "template": None} in state.paused
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    await service.send()
    assert provider.sent == []
    await answer(ResumeSending(channel="whatsapp"), service)
    state = await answer(ResumeSending(), service)
    assert state.paused == []
    await service.send()
    assert len(provider.sent) == 1


async def test_a_brake_on_one_template_leaves_the_others(service, world, provider):
    await answer(PauseSending(template="confirm-request"), service)
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 15))
    assert len(provider.sent) == 1
    assert (await service.step("confirm")).paused


async def test_only_those_who_may_can_brake_or_bring_webhooks(service):
    with pytest.raises(NotAllowed):
        await answer(PauseSending(), service, roles=("reception",))
    webhook = IngestWebhook(provider="whatsapp", content_type="application/json", body="{}")
    with pytest.raises(NotAllowed):
        await answer(webhook, service, purpose="link")


async def test_another_networks_messages_do_not_exist(service, world):
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    (first, *_) = await service.messages()
    route = handlers.answers.routes[ExplainMessage.subject]
    with pytest.raises(Refused):
        await route.answer(
            ExplainMessage(message_id=first.message_id), caller("somebody-else"), service.parts
        )

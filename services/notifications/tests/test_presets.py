"""Presets as their patients live them: Taiwan's second reminder, Iran's welcome, what follows a visit in Brazil."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from common.contracts.booking import AppointmentRecord, VisitCompleted, VisitState
from common.contracts.directory import Locale
from common.database import AlreadyApplied
from notifications.templates import texts

from .test_year import a_year, planned
from .world import NOW, make_world

PLACES = {
    "tw": ("Asia/Taipei", "TW", "zh-TW"),
    "ir-dental": ("Asia/Tehran", "IR", "fa"),
    "br": ("America/Sao_Paulo", "BR", "pt-BR"),
}
CARD = "健保卡"
ASKS = "請確認"


@pytest.fixture
def preset() -> str:
    return "tw"


@pytest.fixture
def world(network_id, preset):
    zone, country, _ = PLACES[preset]
    return make_world(network_id, zone=zone, preset=preset, country=country)


def visit(preset: str, day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo(PLACES[preset][0])).astimezone(UTC)


def patient(world, preset: str) -> Any:
    return world.patient(locale=PLACES[preset][2])


async def templates(service, event) -> list[str]:
    return [one.template for one in await service.messages(event.appointment.appointment_id)]


# --- Taiwan -----------------------------------------------------------------------------------------------


def test_the_notice_of_a_visit_comes_a_week_ahead_or_earlier_however_late_in_the_day_the_visit_is():
    zone = ZoneInfo("Asia/Taipei")
    late = 0
    for starts_at in a_year("Asia/Taipei"):
        notice, again = planned("zh-TW", starts_at, starts_at - timedelta(days=12))
        assert notice.due_at is not None
        assert timedelta(days=7) <= starts_at - notice.due_at <= timedelta(days=10)
        assert again.due_at is not None
        assert timedelta(days=1) <= starts_at - again.due_at <= timedelta(days=2)
        late += starts_at.astimezone(zone).hour >= 21
    assert late, "some visits begin when the window of a week before is closed"


async def test_whoever_books_less_than_a_week_ahead_is_told_at_once(service, world):
    booked = world.booked(patient(world, "tw"), visit("tw", 6, 21))
    await service.apply(booked)
    assert (await service.step("details")).due_at == NOW


async def test_a_notice_brought_forward_goes_out_then_and_not_after_the_night(service, world, provider):
    starts_at = visit("tw", 20, 21)
    await service.apply(world.booked(patient(world, "tw"), starts_at))
    await service.at(starts_at - timedelta(days=7, minutes=30))
    assert len(provider.sent) == 1
    assert CARD in provider.texts()[-1]


async def test_whoever_has_confirmed_is_reminded_of_the_card_and_not_asked_again(service, world, provider):
    booked = world.booked(patient(world, "tw"), visit("tw", 20, 10))
    await service.apply(booked)
    await service.apply(world.confirm(booked.appointment.appointment_id))
    await service.at(booked.appointment.starts_at - timedelta(hours=48))
    reminder = provider.texts()[-1]
    assert (await service.step("confirm")).outcome == "accepted"
    assert CARD in reminder
    assert ASKS not in reminder


async def test_a_visit_that_moved_after_it_was_confirmed_keeps_its_reminder(service, world, provider):
    booked = world.booked(patient(world, "tw"), visit("tw", 18, 10))
    await service.apply(booked)
    await service.apply(world.confirm(booked.appointment.appointment_id))
    moved = world.move(booked.appointment.appointment_id, visit("tw", 20, 10))
    await service.apply(moved)
    await service.at(moved.appointment.starts_at - timedelta(hours=48))
    assert CARD in provider.texts()[-1]
    assert ASKS not in provider.texts()[-1]


async def test_whoever_has_not_confirmed_is_asked_beside_the_card(service, world, provider):
    booked = world.booked(patient(world, "tw"), visit("tw", 20, 10))
    await service.apply(booked)
    await service.at(booked.appointment.starts_at - timedelta(hours=48))
    assert CARD in provider.texts()[-1]
    assert ASKS in provider.texts()[-1]


@pytest.mark.parametrize("locale", get_args(Locale))
def test_both_reminders_in_taiwan_name_the_card_in_every_language(locale):
    bring = texts(locale).bring
    assert bring["details"]["TW"] == bring["confirm-request"]["TW"] != ""


# --- Iran -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["ir-dental"])
async def test_a_patient_is_welcomed_at_the_first_booking_and_confirmed_to_at_the_next(
    service, world, preset
):
    card = patient(world, preset)
    first, second = world.booked(card, visit(preset, 12, 10)), world.booked(card, visit(preset, 19, 10))
    await service.apply(first, second)
    assert await templates(service, first) == ["welcome", "confirm-request"]
    assert await templates(service, second) == ["confirmation", "confirm-request"]


@pytest.mark.parametrize("preset", ["ir-dental"])
async def test_a_welcome_says_when_and_where_the_visit_is(service, world, provider, preset):
    await service.apply(world.booked(patient(world, preset), visit(preset, 12, 10)))
    await service.send()
    assert "از اعتماد شما سپاسگزاریم" in provider.texts()[-1]
    assert "۱۰:۰۰" in provider.texts()[-1]


@pytest.mark.parametrize("preset", ["ir-dental"])
async def test_nobody_is_welcomed_twice_by_the_same_event_or_after_a_cancellation(service, world, preset):
    card = patient(world, preset)
    first = world.booked(card, visit(preset, 12, 10))
    await service.apply(first)
    with pytest.raises(AlreadyApplied):
        await service.apply(first)
    await service.send()
    await service.apply(world.cancel(first.appointment.appointment_id))
    await service.apply(world.booked(card, visit(preset, 19, 10)))
    welcomes = [one for one in await service.messages() if one.template == "welcome"]
    assert [one.origin_id for one in welcomes] == [first.appointment.appointment_id]


@pytest.mark.parametrize("preset", ["ir-dental"])
async def test_of_visits_that_are_booked_at_the_same_moment_one_is_welcomed_to(service, world, preset):
    card = patient(world, preset)
    await asyncio.gather(
        *(service.apply(world.booked(card, visit(preset, day, 10))) for day in (12, 14, 16, 18, 20))
    )
    told = [one.template for one in await service.messages() if one.step == "confirmation"]
    assert sorted(told) == ["confirmation"] * 4 + ["welcome"]


# --- Brazil -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["br"])
async def test_a_visit_is_followed_by_instructions_and_a_day_later_by_a_survey(
    service, world, provider, preset
):
    booked = world.booked(patient(world, preset), visit(preset, 4, 10))
    ended = booked.appointment.starts_at + timedelta(hours=1)
    await service.apply(booked)
    service.clock.put(ended)
    await service.apply(completed(world, booked, ended))
    await service.at(ended + timedelta(hours=2))
    assert "Siga as orientações da consulta" in provider.texts()[-1]
    await service.at(ended + timedelta(days=1))
    assert "De 1 a 5" in provider.texts()[-1]


def completed(world, booked, at: datetime) -> VisitCompleted:
    state = booked.appointment.model_copy(update={"status": "fulfilled"})
    world.appointments[state.appointment_id] = AppointmentRecord(appointment=state, version=2)
    return VisitCompleted(
        network_id=world.network_id, occurred_at=at, version=2, appointment=state,
        visit=VisitState(
            visit_id=state.appointment_id, appointment_id=state.appointment_id, patient_id=state.patient_id,
            branch_id=state.branch_id, practitioner_id=state.practitioner_id, service_id=state.service_id,
            service_kind="hygiene", starts_at=state.starts_at, completed_at=at,
        ),
    )  # fmt: skip

"""Those whose time is taken: another colleague, or other times held for each until they answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.taking import change_where_free, take_quietly
from booking.queries.absences import place_of
from booking.queries.slots import alternatives
from booking.rules import absences as rules
from booking.rules import appointment as appointment_rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import check_place
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import NotReassignable, SlotTaken
from booking.tables import appointments
from common import outbox
from common.contracts.booking import (
    AbsenceChoice,
    AppointmentDisplaced,
    AppointmentRescheduled,
    Displacement,
    HeldOffer,
    PutAbsence,
    Slot,
    TaskRaised,
)
from common.errors import Refused, UnknownThing

TOO_FEW = "displaced, too few times"
"""Why staff is asked to call somebody who was written to: fewer than `rules.OFFERS` times are held."""

SPARE = 12
"""Alternatives looked for beyond those that are held: a patient cannot be offered two at the same time."""


async def displace(
    tx: AsyncConnection, acting: Acting, command: PutAbsence, one: Appointment, choice: AbsenceChoice
) -> Appointment:
    """Called at once, or when the time to choose has run out."""
    answer_by = acting.now + timedelta(hours=command.answer_hours) if choice.choice == "message" else None
    displaced = appointment_rules.displace(one, answer_by=answer_by)
    await appointments.change(tx, displaced)
    return displaced


async def reassign(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, one: Appointment, choice: AbsenceChoice
) -> Appointment:
    """The same time with a colleague. Raises `NotReassignable`, which says why not."""
    try:
        if choice.practitioner_id is None:
            raise UnknownThing("practitioner")
        place = replace(place_of(one, catalogue), practitioner=catalogue.practitioner(choice.practitioner_id))
        check_place(place, catalogue, now=acting.now, walk_in=True)
        moved = appointment_rules.reschedule(
            one,
            starts_at=one.starts_at,
            duration=one.ends_at - one.starts_at,
            practitioner_id=choice.practitioner_id,
            branch_id=one.branch_id,
            room_id=one.room_id,
            by_patient=False,
        )
        if await appointments.is_overbooked_there(tx, moved) or not await change_where_free(tx, moved):
            raise SlotTaken("The colleague has no time")
    except Refused as refusal:
        raise NotReassignable(
            "This appointment cannot go to that colleague",
            appointment_id=str(one.appointment_id),
            why=refusal.refusal,
        ) from refusal
    return moved


async def settle(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    command: PutAbsence,
    one: Appointment,
    choice: AbsenceChoice,
) -> Displacement:
    """Hold other times for one patient, and tell."""
    record = telling.record(one, service_kind=catalogue.service(one.service_id).kind)
    if choice.choice == "reassign":
        moved = AppointmentRescheduled(
            network_id=acting.network_id,
            occurred_at=acting.now,
            version=one.version,
            appointment=record.appointment,
            previous_starts_at=one.starts_at,
        )
        await outbox.record(tx, moved)
        return Displacement(record=record, choice="reassign", offers=[], answer_by=None)
    answer_by = acting.now + timedelta(hours=command.answer_hours)
    offers = await _hold_others(tx, acting, catalogue, one, until=answer_by)
    event = AppointmentDisplaced(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=one.version,
        appointment=record.appointment,
        absence_id=command.absence_id,
        choice=choice.choice,
        offers=offers,
        answer_by=answer_by,
    )
    await outbox.record(tx, event)
    if choice.choice == "call":
        due_at = max(acting.now, min(answer_by, one.starts_at))
        await outbox.record(tx, _task(acting.network_id, one, "displaced", now=acting.now, due_at=due_at))
    elif len(offers) < rules.OFFERS:
        await _ask_to_call(tx, acting.network_id, one, TOO_FEW, now=acting.now)
    return Displacement(record=record, choice=choice.choice, offers=offers, answer_by=answer_by)


async def _hold_others(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, one: Appointment, *, until: datetime
) -> list[HeldOffer]:
    """Times that nobody else is offered; what conflicts with another visit of the patient is passed over."""
    place = place_of(one, catalogue)
    offers: list[HeldOffer] = []
    for slot in await alternatives(tx, catalogue, place, now=acting.now, limit=rules.OFFERS + SPARE):
        held = await take_quietly(tx, catalogue, _held(one, slot, until=until, now=acting.now))
        if held is not None:
            assert held.held_until is not None
            offers.append(HeldOffer(hold_id=held.appointment_id, slot=slot, held_until=held.held_until))
        if len(offers) == rules.OFFERS:
            break
    return offers


def _held(one: Appointment, slot: Slot, *, until: datetime, now: datetime) -> Appointment:
    return replace(
        one,
        appointment_id=uuid5(one.appointment_id, f"{one.version} {slot.starts_at} {slot.practitioner_id}"),
        version=0,
        status="held",
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        practitioner_id=slot.practitioner_id,
        branch_id=slot.branch_id,
        room_id=None,
        overlap_lane=0,
        overbook_reason=None,
        held_until=min(until, slot.starts_at),
        held_for=one.appointment_id,
        answer_by=None,
        confirmed_at=None,
        created_at=now,
        path=(),
        entries=(),
    )


async def remind(tx: AsyncConnection, network_id: str, one: Appointment, *, now: datetime) -> None:
    """Nobody chose in time: ask staff to call. `one` is locked."""
    if one.status == "displaced" and one.answer_by is not None and one.answer_by <= now:
        await _ask_to_call(tx, network_id, one, "displaced, no answer", now=now)


async def lose(tx: AsyncConnection, acting: Acting, appointment_id: UUID) -> None:
    """A time that was held for a displaced patient is gone as well: ask staff to call, unless they were asked."""
    one = await appointments.lock(tx, acting.network_id, appointment_id)
    if one.status == "displaced" and one.answer_by is not None:
        await _ask_to_call(tx, acting.network_id, one, TOO_FEW, now=acting.now)


async def _ask_to_call(
    tx: AsyncConnection, network_id: str, one: Appointment, reason: str, *, now: datetime
) -> None:
    """Once: nothing more becomes due of it."""
    await appointments.change(tx, replace(one, answer_by=None))
    await outbox.record(tx, _task(network_id, one, reason, now=now, due_at=now))


def _task(network_id: str, one: Appointment, reason: str, *, now: datetime, due_at: datetime) -> TaskRaised:
    return TaskRaised(
        network_id=network_id,
        occurred_at=now,
        version=1,
        task_id=uuid5(one.appointment_id, f"displaced {one.version}"),
        kind="call-back",
        patient_id=one.patient_id,
        appointment_id=one.appointment_id,
        branch_id=one.branch_id,
        due_at=due_at,
        reason=reason,
    )

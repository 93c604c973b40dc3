"""Taking a time, and moving to another one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import OVERLAP, Acting, state_of
from booking.queries.slots import alternatives
from booking.rules import appointment as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import Place, check_place, notice
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.refusals import HoldOver, OutsideWorkingTime, OverbookedEnough, PatientBusy, SlotTaken
from booking.tables import appointments, blocks
from common import outbox
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentRecord,
    AppointmentRescheduled,
    BookAppointment,
    HoldSlot,
    ReleaseHold,
    RescheduleAppointment,
)
from common.contracts.messages import Done
from common.errors import CommandReused, Refused

PROPOSALS = 6


async def book(tx: AsyncConnection, acting: Acting, command: BookAppointment) -> AppointmentRecord:
    """Take a slot, in as few round trips as there can be.

    The rules go by the directory as this process knows it, and the insert succeeds only at that revision;
    so a directory that has changed shows as a refusal, and is read again before anybody is refused by it.
    """
    known = await acting.directories.latest_known(tx, acting.network_id)
    try:
        return await _book(tx, acting, known, command)
    except Refused:
        newest = await acting.directories.current(tx, acting.network_id)
        if newest.revision == known.revision:
            raise
    return await _book(tx, acting, newest, command)


async def _book(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, command: BookAppointment
) -> AppointmentRecord:
    expect_may(acting.caller, "walk-in" if command.walk_in else "book", branch_id=command.branch_id)
    if command.overbook_reason is not None:
        expect_may(acting.caller, "overbook", branch_id=command.branch_id)
    place = Place(
        service=catalogue.service(command.service_id),
        branch=catalogue.branch(command.branch_id),
        practitioner=catalogue.practitioner(command.practitioner_id),
        starts_at=command.starts_at,
    )
    check_place(place, catalogue, now=acting.now, walk_in=command.walk_in)
    wanted = _appointment(acting, place, command)
    booked = await _take(tx, acting, catalogue, wanted)
    if booked is None:
        try:
            booked = await _taken_before(tx, acting, wanted)
        except HoldOver as over:
            raise HoldOver(over.detail, alternatives=await _proposals(tx, acting, catalogue, place)) from over
    if booked is None and await appointments.free_expired_holds(tx, acting.network_id, now=acting.now):
        booked = await _take(tx, acting, catalogue, wanted)
    if booked is None and command.overbook_reason is not None:
        booked = await _overbook(tx, acting, catalogue, wanted, command.overbook_reason)
    if booked is None:
        raise await refusal(tx, acting, catalogue, place, wanted)
    return telling.record(booked, service_kind=place.service.kind)


async def hold(tx: AsyncConnection, acting: Acting, command: HoldSlot) -> AppointmentRecord:
    """Keep a slot for a while. Nobody is told."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    expect_may(acting.caller, "hold", branch_id=command.branch_id)
    place = Place(
        service=catalogue.service(command.service_id),
        branch=catalogue.branch(command.branch_id),
        practitioner=catalogue.practitioner(command.practitioner_id),
        starts_at=command.starts_at,
    )
    check_place(place, catalogue, now=acting.now)
    wanted = replace(
        _appointment(acting, place, command),
        version=0,
        status="held",
        held_until=acting.now + timedelta(minutes=command.minutes),
    )
    await appointments.free_expired_holds(tx, acting.network_id, now=acting.now)
    held = await take_quietly(tx, catalogue, wanted)
    if held is None:
        for known in await appointments.get(tx, acting.network_id, [wanted.appointment_id]):
            if known.status != "held" or known.place != wanted.place:
                raise CommandReused("This appointment id belongs to another appointment")
            held = known
    if held is None:
        raise await refusal(tx, acting, catalogue, place, wanted)
    return telling.record(held, service_kind=place.service.kind)


async def release(tx: AsyncConnection, acting: Acting, command: ReleaseHold) -> Done:
    """Give a held time back."""
    held = await appointments.lock(tx, acting.network_id, command.appointment_id)
    expect_may(acting.caller, "hold", branch_id=held.branch_id)
    if not (held.status == "cancelled" and held.version == 0):
        await appointments.change(tx, rules.release(held))
    return Done(version=held.version)


async def take_quietly(tx: AsyncConnection, catalogue: Catalogue, wanted: Appointment) -> Appointment | None:
    """Hold a time in whichever room is free, or None where there is none."""
    for appointment in _in_each_room(catalogue, wanted):
        if await appointments.take(tx, appointment, revision=catalogue.revision):
            return appointment
    return None


async def take_up(tx: AsyncConnection, acting: Acting, held: Appointment) -> Appointment:
    """Make a hold an appointment, and tell; `held` is locked."""
    booked = rules.take_up(held, now=acting.now)
    await appointments.change(tx, booked)
    await outbox.record(tx, _told(acting, booked))
    return booked


async def _overbook(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, wanted: Appointment, reason: str
) -> Appointment | None:
    """Share a taken time in the first lane that has room; None where it is the patient who has another visit."""
    await appointments.take_turns(tx, acting.network_id, wanted.practitioner_id)
    if await appointments.patient_has_a_visit(tx, wanted):
        raise PatientBusy("The patient has another visit at this time", alternatives=[])
    if await blocks.of_practitioner(
        tx, acting.network_id, wanted.practitioner_id, wanted.busy_from, wanted.busy_to
    ):
        raise OutsideWorkingTime("The practitioner is away at this time")
    for lane in range(1, acting.overbook_limit + 1):
        beside = replace(wanted, overlap_lane=lane, overbook_reason=reason)
        booked = await _take(tx, acting, catalogue, beside)
        if booked is not None:
            return booked
    raise OverbookedEnough("This time is shared as often as it may be", limit=acting.overbook_limit)


def _appointment(acting: Acting, place: Place, command: BookAppointment | HoldSlot) -> Appointment:
    price = place.service.price
    return Appointment(
        network_id=acting.network_id,
        appointment_id=command.appointment_id,
        version=1,
        status="booked",
        patient_id=command.patient_id,
        practitioner_id=command.practitioner_id,
        branch_id=command.branch_id,
        service_id=command.service_id,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        buffer_before=place.service.buffer_before,
        buffer_after=place.service.buffer_after,
        source=command.source,
        created_at=acting.now,
        **_beside(command),
        price=None if price is None else price.amount,
        currency="" if price is None else price.currency,
    )


def _beside(command: BookAppointment | HoldSlot) -> dict[str, Any]:
    if isinstance(command, HoldSlot):
        return {}
    return {"utm": command.utm, "campaign_id": command.campaign_id, "booked_by": command.booked_by}


def _told(acting: Acting, booked: Appointment) -> AppointmentBooked:
    return AppointmentBooked(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=booked.version,
        appointment=telling.state(booked),
    )


def _in_each_room(
    catalogue: Catalogue, appointment: Appointment, preferred: UUID | None = None
) -> Iterator[Appointment]:
    """The appointment in each room that would do, the preferred one first; as it is where it needs none."""
    service = catalogue.service(appointment.service_id)
    if service.room_kind is None:
        yield replace(appointment, room_id=None)
    rooms = [room.room_id for room in catalogue.rooms_for(service, appointment.branch_id)]
    for room_id in sorted(rooms, key=lambda room: room != preferred):
        yield replace(appointment, room_id=room_id)


async def _take(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, wanted: Appointment
) -> Appointment | None:
    for appointment in _in_each_room(catalogue, wanted):
        if await appointments.take(tx, appointment, _told(acting, appointment), revision=catalogue.revision):
            return appointment
    return None


async def _taken_before(tx: AsyncConnection, acting: Acting, wanted: Appointment) -> Appointment | None:
    """The same appointment, where this id has it already: its own conflict is swallowed like any other.

    A hold of this id is taken up.
    """
    for known in await appointments.get(tx, acting.network_id, [wanted.appointment_id]):
        held = known.version == 0
        if (known.patient_id, known.service_id) != (wanted.patient_id, wanted.service_id) or (
            held and known.place != wanted.place
        ):
            raise CommandReused("This appointment id belongs to another appointment")
        if not held:
            return known
        locked = await appointments.lock(tx, acting.network_id, known.appointment_id)
        if locked.version:
            return locked
        ordered = replace(
            locked,
            source=wanted.source,
            utm=wanted.utm,
            campaign_id=wanted.campaign_id,
            booked_by=wanted.booked_by,
        )
        return await take_up(tx, acting, ordered)
    return None


async def refusal(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, place: Place, wanted: Appointment
) -> Refused:
    """Why there is no place, with other times."""
    proposals = await _proposals(tx, acting, catalogue, place)
    if not await appointments.practitioner_is_busy(tx, wanted) and await appointments.patient_has_a_visit(
        tx, wanted
    ):
        return PatientBusy("The patient has another visit at this time", alternatives=proposals)
    return SlotTaken("This time is taken", alternatives=proposals)


async def _proposals(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, place: Place
) -> list[dict[str, Any]]:
    slots = await alternatives(tx, catalogue, place, now=acting.now, limit=PROPOSALS)
    return [slot.model_dump(mode="json") for slot in slots]


async def reschedule(
    tx: AsyncConnection, acting: Acting, command: RescheduleAppointment
) -> AppointmentRecord:
    """Move to another time, practitioner or branch. A move to where it is already changes nothing."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    before = await appointments.lock(tx, acting.network_id, command.appointment_id)
    place = Place(
        service=catalogue.service(before.service_id),
        branch=catalogue.branch(command.branch_id or before.branch_id),
        practitioner=catalogue.practitioner(command.practitioner_id or before.practitioner_id),
        starts_at=command.starts_at,
    )
    after = _moved(acting, catalogue, before, place, command.if_version)
    if before.status != "displaced" and after.place == before.place:
        return telling.record(before, service_kind=place.service.kind)
    check_place(place, catalogue, now=acting.now, at_short_notice=before.status == "displaced")
    await appointments.take_turns(tx, acting.network_id, after.practitioner_id)
    if before.status == "displaced":
        await appointments.release_held_for(tx, acting.network_id, before.appointment_id)
    await appointments.free_expired_holds(tx, acting.network_id, now=acting.now)
    moved = await _move(tx, catalogue, after, preferred=before.room_id)
    if moved is None:
        raise await refusal(tx, acting, catalogue, place, after)
    event = AppointmentRescheduled(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=moved.version,
        appointment=telling.state(moved),
        previous_starts_at=before.starts_at,
    )
    await outbox.record(tx, event)
    return telling.record(moved, service_kind=place.service.kind)


def _moved(
    acting: Acting, catalogue: Catalogue, before: Appointment, place: Place, if_version: int | None
) -> Appointment:
    """The appointment at its new place, as far as the rules for moving allow."""
    by_patient = acting.caller.is_patient
    for branch_id in {before.branch_id, place.branch.branch_id}:
        expect_may(
            acting.caller,
            "reschedule",
            branch_id=branch_id,
            practitioner_id=before.practitioner_id,
            patient_id=before.patient_id,
        )
    rules.expect_version(before, if_version)
    rules.may_move(
        before,
        now=acting.now,
        notice=notice(place.service),
        moves_limit=acting.moves_limit,
        by_patient=by_patient,
        branch_phone=catalogue.branch(before.branch_id).phone,
    )
    return rules.reschedule(
        before,
        starts_at=place.starts_at,
        duration=timedelta(minutes=place.service.duration),
        practitioner_id=place.practitioner.practitioner_id,
        branch_id=place.branch.branch_id,
        room_id=before.room_id,
        by_patient=by_patient,
    )


async def _move(
    tx: AsyncConnection, catalogue: Catalogue, after: Appointment, *, preferred: UUID | None
) -> Appointment | None:
    for appointment in _in_each_room(catalogue, after, preferred):
        if await appointments.is_overbooked_there(tx, appointment):
            continue
        if await change_where_free(tx, appointment):
            return appointment
    return None


async def change_where_free(tx: AsyncConnection, appointment: Appointment) -> bool:
    """Write a change that takes time; False where the time belongs to another by now."""
    try:
        async with tx.begin_nested():
            await appointments.change(tx, appointment)
    except IntegrityError as error:
        if state_of(error) != OVERLAP:
            raise
        return False
    return True

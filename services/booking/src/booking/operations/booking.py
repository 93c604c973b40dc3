"""Taking a time: booking it, holding it, or sharing it on purpose."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import waitlist
from booking.operations.acting import Acting
from booking.operations.taking import (
    booked_event,
    in_each_room,
    proposing,
    take,
    take_quietly,
    take_up,
    why_not,
)
from booking.rules import appointment as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import Place, check_place
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import Deed, expect_may
from booking.rules.refusals import OverbookedEnough, PatientBusy, PractitionerAway
from booking.tables import appointments, blocks
from common.contracts.booking import AppointmentRecord, BookAppointment, HoldSlot, ReleaseHold
from common.contracts.messages import Done
from common.database import Database
from common.errors import CommandReused, Refused, UnknownThing


async def book_at_once(
    database: Database, acting: Acting, command: BookAppointment
) -> AppointmentRecord | None:
    """Take a slot in one round trip: the appointment, its event and the command's record in one statement.

    None where something stands against that, be it a directory that has changed, a time that is taken or a command
    that was carried out before: `book` finds out what, and answers accordingly.
    """
    known = acting.directories.known(acting.network_id)
    if known is None or command.overbook_reason is not None or command.referral_id is not None:
        return None
    try:
        place = place_for(acting, known, command)
        wanted = _checked(acting, known, command, place)
    except Refused:
        return None
    for appointment in in_each_room(known, wanted):
        record = telling.record(appointment, service_kind=place.service.kind)
        order = database.command_row(command, acting.network_id, record)
        event = booked_event(acting, appointment)
        if await appointments.take_at_once(database, appointment, event, order, revision=known.revision):
            database.committed()
            return record
    return None


async def book(tx: AsyncConnection, acting: Acting, command: BookAppointment) -> AppointmentRecord:
    """Take a slot, in as few round trips as there can be.

    The rules go by the directory as this process knows it, and the insert succeeds only at that revision;
    so a directory that has changed shows as a refusal, and is read again before anybody is refused by it.
    """
    known = await acting.directories.latest_known(tx, acting.network_id)
    try:
        return await book_at(tx, acting, known, command)
    except Refused:
        newest = await acting.directories.current(tx, acting.network_id)
        if newest.revision == known.revision:
            raise
    return await book_at(tx, acting, newest, command)


async def book_at(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    command: BookAppointment,
    *,
    series_id: UUID | None = None,
) -> AppointmentRecord:
    """Take a slot by this revision of the directory; the visits of a series may lie beyond the horizon."""
    place = place_for(acting, catalogue, command)
    async with proposing(tx, acting, catalogue, place, command):
        wanted = _checked(acting, catalogue, command, place, far_ahead=series_id is not None)
        wanted = replace(wanted, series_id=series_id)
        booked = await _booked(tx, acting, catalogue, wanted, command.overbook_reason)
    return telling.record(booked, service_kind=place.service.kind)


async def _booked(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    wanted: Appointment,
    overbook_reason: str | None,
) -> Appointment:
    """The appointment in the time that it wants, or the refusal that says why it cannot have it."""
    if overbook_reason is not None:
        await appointments.take_turns(tx, acting.network_id, wanted.practitioner_id)
    booked = await take(tx, acting, catalogue, wanted)
    if booked is None:
        booked = await _taken_before(tx, acting, wanted)
    if booked is None and await appointments.free_expired_holds(tx, acting.network_id, now=acting.now):
        booked = await take(tx, acting, catalogue, wanted)
    if booked is None and overbook_reason is not None:
        booked = await _overbook(tx, acting, catalogue, wanted, overbook_reason)
    if booked is None:
        raise await why_not(tx, wanted)
    return booked


def place_for(acting: Acting, catalogue: Catalogue, command: BookAppointment | HoldSlot) -> Place:
    """Where it is to be, if the caller may have it there."""
    for deed in _deeds(command):
        expect_may(acting.caller, deed, branch_id=command.branch_id, practitioner_id=command.practitioner_id)
    return Place(
        service=catalogue.service(command.service_id),
        branch=catalogue.branch(command.branch_id),
        practitioner=catalogue.practitioner(command.practitioner_id),
        starts_at=command.starts_at,
    )


def _deeds(command: BookAppointment | HoldSlot) -> Iterator[Deed]:
    if isinstance(command, HoldSlot):
        yield "hold"
        return
    yield "walk-in" if command.walk_in else "book"
    if command.overbook_reason is not None:
        yield "overbook"


def _checked(
    acting: Acting, catalogue: Catalogue, command: BookAppointment, place: Place, *, far_ahead: bool = False
) -> Appointment:
    """The appointment, or whatever refusal this revision of the directory gives cause for."""
    check_place(place, catalogue, now=acting.now, walk_in=command.walk_in, far_ahead=far_ahead)
    return _appointment(acting, place, command)


async def hold(tx: AsyncConnection, acting: Acting, command: HoldSlot) -> AppointmentRecord:
    """Keep a slot for a while. Nobody is told."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    place = place_for(acting, catalogue, command)
    async with proposing(tx, acting, catalogue, place, command):
        check_place(place, catalogue, now=acting.now)
        wanted = replace(
            _appointment(acting, place, command),
            version=0,
            status="held",
            held_until=acting.now + timedelta(minutes=command.minutes),
        )
        held = await _held(tx, acting, catalogue, wanted)
    return telling.record(held, service_kind=place.service.kind)


async def _held(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, wanted: Appointment
) -> Appointment:
    await appointments.free_expired_holds(tx, acting.network_id, now=acting.now)
    held = await take_quietly(tx, catalogue, wanted)
    if held is not None:
        return held
    for known in await appointments.get(tx, acting.network_id, [wanted.appointment_id]):
        if known.status != "held" or known.place != wanted.place:
            raise CommandReused("This appointment id belongs to another appointment")
        return known
    raise await why_not(tx, wanted)


async def release(tx: AsyncConnection, acting: Acting, command: ReleaseHold) -> Done:
    """Give a held time back. What the clinic holds for somebody, for the waitlist or instead of a time it took away,
    ends by their answer."""
    held = await appointments.lock(tx, acting.network_id, command.appointment_id)
    if held.held_for is not None:
        raise UnknownThing("hold", held.appointment_id)
    expect_may(acting.caller, "hold", branch_id=held.branch_id, practitioner_id=held.practitioner_id)
    if not (held.status == "cancelled" and held.version == 0):
        await appointments.change(tx, rules.release(held))
        catalogue = await acting.directories.current(tx, acting.network_id)
        await waitlist.offer_freed(tx, acting, catalogue, [waitlist.freed(held)])
    return Done(version=held.version)


async def _overbook(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, wanted: Appointment, reason: str
) -> Appointment | None:
    """Share the practitioner's taken time in the first lane that is left; None where no room is left for it.

    The patient has a room that is free, if there is any, else one in which the same practitioner is at that time:
    the constraint over rooms lets nobody else's be shared.
    """
    if await appointments.patient_has_a_visit(tx, wanted):
        raise PatientBusy("The patient has another visit at this time")
    whose, since, until = wanted.practitioner_id, wanted.busy_from, wanted.busy_to
    if await blocks.of_practitioner(tx, acting.network_id, whose, since, until):
        raise PractitionerAway("The practitioner is away at this time")
    there = await appointments.of_practitioner(tx, acting.network_id, whose, since, until, lock=False)
    lanes = set(range(1, acting.overbook_limit + 1)) - {one.overlap_lane for one in there}
    if not lanes:
        raise OverbookedEnough("This time is shared as often as it may be", limit=acting.overbook_limit)
    beside = replace(wanted, overlap_lane=min(lanes), overbook_reason=reason)
    return await take(tx, acting, catalogue, beside, last={one.room_id for one in there})


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


async def _taken_before(tx: AsyncConnection, acting: Acting, wanted: Appointment) -> Appointment | None:
    """The same appointment, where this id has it already: its own conflict is swallowed like any other.

    A hold of this id is taken up; but what the clinic holds for somebody ends by their answer.
    """
    for known in await appointments.get(tx, acting.network_id, [wanted.appointment_id]):
        held = known.version == 0
        if (known.patient_id, known.service_id) != (wanted.patient_id, wanted.service_id) or (
            held and (known.held_for is not None or known.place != wanted.place)
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

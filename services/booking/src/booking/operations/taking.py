"""How a time is taken: in whichever room is free, in one statement; and what is said where it is not."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import OVERLAP, Acting, state_of
from booking.queries.slots import alternatives
from booking.rules import appointment as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import Place
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import AnotherTime, PatientBusy, SlotTaken
from booking.tables import appointments, schedule
from common import outbox
from common.contracts.booking import AppointmentBooked
from common.errors import Refused

PROPOSALS = 6


class Wanted(Protocol):
    """An appointment, or the order of one."""

    @property
    def appointment_id(self) -> UUID: ...

    @property
    def patient_id(self) -> UUID: ...


@asynccontextmanager
async def proposing(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    place: Place,
    wanted: Wanted,
) -> AsyncIterator[None]:
    """Whoever is refused a time in here is told of others that could be booked instead, by this patient too."""
    try:
        yield
    except AnotherTime as refusal:
        engaged = await schedule.engaged(
            tx, acting.network_id, wanted.patient_id, besides=wanted.appointment_id, now=acting.now
        )
        others = await alternatives(tx, catalogue, place, now=acting.now, limit=PROPOSALS, engaged=engaged)
        refusal.extra["alternatives"] = [slot.model_dump(mode="json") for slot in others]
        raise


def in_each_room(
    catalogue: Catalogue,
    appointment: Appointment,
    *,
    preferred: UUID | None = None,
    last: Collection[UUID | None] = (),
) -> Iterator[Appointment]:
    """The appointment in each room that would do, the preferred one first; as it is where it needs none."""
    service = catalogue.service(appointment.service_id)
    if service.room_kind is None:
        yield replace(appointment, room_id=None)
    rooms = [room.room_id for room in catalogue.rooms_for(service, appointment.branch_id)]
    for room_id in sorted(rooms, key=lambda room: (room in last, room != preferred)):
        yield replace(appointment, room_id=room_id)


async def take(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    wanted: Appointment,
    *,
    last: Collection[UUID | None] = (),
) -> Appointment | None:
    """Take a time in whichever room is free, those that are named `last` in the end, and tell."""
    for appointment in in_each_room(catalogue, wanted, last=last):
        if await appointments.take(
            tx, appointment, booked_event(acting, appointment), revision=catalogue.revision
        ):
            return appointment
    return None


async def take_quietly(tx: AsyncConnection, catalogue: Catalogue, wanted: Appointment) -> Appointment | None:
    """Hold a time in whichever room is free, or None where there is none."""
    for appointment in in_each_room(catalogue, wanted):
        if await appointments.take(tx, appointment, revision=catalogue.revision):
            return appointment
    return None


async def take_up(tx: AsyncConnection, acting: Acting, held: Appointment) -> Appointment:
    """Make a hold an appointment, and tell; `held` is locked."""
    booked = rules.take_up(held, now=acting.now)
    await appointments.change(tx, booked)
    await outbox.record(tx, booked_event(acting, booked))
    return booked


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


async def why_not(tx: AsyncConnection, wanted: Appointment) -> Refused:
    """What stands against a time that could not be taken."""
    if not await appointments.practitioner_is_busy(tx, wanted) and await appointments.patient_has_a_visit(
        tx, wanted
    ):
        return PatientBusy("The patient has another visit at this time")
    return SlotTaken("This time is taken")


def booked_event(acting: Acting, booked: Appointment) -> AppointmentBooked:
    return AppointmentBooked(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=booked.version,
        appointment=telling.state(booked),
    )

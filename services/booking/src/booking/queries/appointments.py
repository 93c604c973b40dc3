"""Appointments as they stand: by id, of a patient, of a day."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.queries.absences import place_of
from booking.queries.slots import alternatives
from booking.rules import availability, telling
from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import Deed, expect_may, may
from booking.tables import appointments, schedule
from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
    DayBoard,
    FindAlternatives,
    FreeSlots,
    GetAppointments,
    Slot,
)
from common.errors import UnknownThing


async def get(
    tx: AsyncConnection, catalogue: Catalogue, query: GetAppointments, caller: Caller
) -> Appointments:
    """By id; patients, doctors and delegates are shown their own only."""
    found = await appointments.get(tx, catalogue.network.network_id, query.appointment_ids)
    for appointment in found:
        expect_may_read(caller, appointment)
    return _records(catalogue, found)


async def of_patient(
    tx: AsyncConnection, catalogue: Catalogue, query: AppointmentsOfPatient, caller: Caller
) -> Appointments:
    """All of one patient, newest first; delegates see what stands in the agendas that they keep."""
    for patient_id in query.patient_ids:
        expect_may(caller, "read-history", patient_id=patient_id)
    found = await appointments.of_patients(tx, catalogue.network.network_id, query.patient_ids)
    return _records(catalogue, _listed(caller, "read-history", found))


async def day_board(
    tx: AsyncConnection, catalogue: Catalogue, query: DayBoard, caller: Caller
) -> Appointments:
    """One branch's day, from its midnight to the next, however many hours that is.

    Doctors and delegates see the agendas that are theirs.
    """
    branch = catalogue.branch(query.branch_id)
    expect_may(caller, "read-day", branch_id=branch.branch_id)
    start, end = availability.local_day(branch.zone, query.day)
    found = await appointments.of_branch(
        tx,
        catalogue.network.network_id,
        branch.branch_id,
        availability.instant(start),
        availability.instant(end),
    )
    return _records(catalogue, _listed(caller, "read-day", found))


async def find_alternatives(
    tx: AsyncConnection, catalogue: Catalogue, query: FindAlternatives, caller: Caller, *, now: datetime
) -> FreeSlots:
    """Other times for an appointment: those that are held for it first."""
    found = await appointments.get(tx, catalogue.network.network_id, [query.appointment_id])
    if not found:
        raise UnknownThing("appointment", query.appointment_id)
    appointment = found[0]
    expect_may_read(caller, appointment)
    network_id = catalogue.network.network_id
    kept = [
        Slot(
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            branch_id=one.branch_id,
            practitioner_id=one.practitioner_id,
        )
        for one in await appointments.held_for(tx, network_id, appointment.appointment_id, now=now)
    ]
    engaged = await schedule.engaged(
        tx, network_id, appointment.patient_id, besides=appointment.appointment_id, now=now
    )
    place = place_of(appointment, catalogue)
    others = await alternatives(tx, catalogue, place, now=now, limit=query.limit, engaged=engaged)
    return FreeSlots(slots=[*kept, *others][: query.limit])


def expect_may_read(caller: Caller, appointment: Appointment) -> None:
    """Refuse `not-allowed` whose business this appointment is not."""
    expect_may(
        caller,
        "read-appointments",
        practitioner_id=appointment.practitioner_id,
        patient_id=appointment.patient_id,
    )


def _listed(caller: Caller, deed: Deed, found: Iterable[Appointment]) -> Iterable[Appointment]:
    return (
        one
        for one in found
        if may(caller, deed, practitioner_id=one.practitioner_id, patient_id=one.patient_id)
    )


def record_of(catalogue: Catalogue, appointment: Appointment) -> AppointmentRecord:
    """One appointment as its owner shows it."""
    return telling.record(appointment, service_kind=catalogue.service(appointment.service_id).kind)


def _records(catalogue: Catalogue, found: Iterable[Appointment]) -> Appointments:
    return Appointments(appointments=[record_of(catalogue, appointment) for appointment in found])

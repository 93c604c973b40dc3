"""Several visits at once, at the same time on the wall clock."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.booking import book_at
from booking.rules import series as rules
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.tables import directory as directory_rows
from common.contracts.booking import (
    AppointmentRecord,
    BookAppointment,
    BookSeries,
    SeriesBooked,
    SeriesCollision,
    Slot,
)
from common.errors import Refused

COLLISIONS = frozenset(
    {"slot-taken", "patient-busy", "outside-working-time", "off-the-grid", "slot-in-the-past", "too-soon"}
)
"""What can be wrong with one visit of a series; anything else is wrong with all of them, and refused."""


async def book(tx: AsyncConnection, acting: Acting, command: BookSeries) -> SeriesBooked:
    """Book what can be booked, and say what cannot."""
    await directory_rows.keep(tx, acting.network_id)
    catalogue = await acting.directories.current(tx, acting.network_id)
    expect_may(acting.caller, "series", branch_id=command.branch_id, practitioner_id=command.practitioner_id)
    zone = catalogue.branch(command.branch_id).zone
    times = rules.local_times(
        command.starts_at,
        zone,
        number=len(command.appointment_ids),
        every=command.every,
        unit=command.unit,
    )
    booked: list[AppointmentRecord] = []
    collisions: list[SeriesCollision] = []
    for number, (appointment_id, local) in enumerate(zip(command.appointment_ids, times, strict=True), 1):
        at = rules.instant(local, zone)
        try:
            booked.append(await _one(tx, acting, catalogue, command, appointment_id, at))
        except Refused as refusal:
            if refusal.refusal not in {*COLLISIONS, "no-such-time"}:
                raise
            collisions.append(_collision(number, local, at, refusal))
    return SeriesBooked(series_id=command.series_id, booked=booked, collisions=collisions)


async def _one(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    command: BookSeries,
    appointment_id: UUID,
    at: datetime | None,
) -> AppointmentRecord:
    if at is None:
        raise Refused("The clocks go forward over this time", code="no-such-time")
    order = BookAppointment(
        command_id=uuid5(command.command_id, str(appointment_id)),
        appointment_id=appointment_id,
        patient_id=command.patient_id,
        service_id=command.service_id,
        branch_id=command.branch_id,
        practitioner_id=command.practitioner_id,
        starts_at=at,
        source=command.source,
        campaign_id=command.campaign_id,
    )
    return await book_at(tx, acting, catalogue, order, series_id=command.series_id)


def _collision(number: int, local: datetime, at: datetime | None, refusal: Refused) -> SeriesCollision:
    return SeriesCollision(
        number=number,
        local=local,
        starts_at=at,
        code=refusal.refusal,
        alternatives=[Slot.model_validate(one) for one in refusal.extra.get("alternatives", ())],
    )

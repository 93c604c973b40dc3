"""Several visits at once, at the same time on the wall clock."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.booking import book_at, place_for
from booking.operations.taking import proposing
from booking.rules import series as rules
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.refusals import AnotherTime, NoSuchTime
from booking.tables import directory as directory_rows
from common.contracts.booking import (
    AppointmentRecord,
    BookAppointment,
    BookSeries,
    SeriesBooked,
    SeriesCollision,
    Slot,
)


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
        order = _order(command, appointment_id, at or rules.nearest_instant(local, zone))
        try:
            if at is None:
                await _refuse_time(tx, acting, catalogue, order)
            booked.append(await book_at(tx, acting, catalogue, order, series_id=command.series_id))
        except AnotherTime as refusal:  # whatever else is refused is wrong with all of them
            collisions.append(_collision(number, local, at, refusal))
    return SeriesBooked(series_id=command.series_id, booked=booked, collisions=collisions)


def _order(command: BookSeries, appointment_id: UUID, starts_at: datetime) -> BookAppointment:
    return BookAppointment(
        command_id=uuid5(command.command_id, str(appointment_id)),
        appointment_id=appointment_id,
        patient_id=command.patient_id,
        service_id=command.service_id,
        branch_id=command.branch_id,
        practitioner_id=command.practitioner_id,
        starts_at=starts_at,
        source=command.source,
        campaign_id=command.campaign_id,
    )


async def _refuse_time(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, order: BookAppointment
) -> None:
    async with proposing(tx, acting, catalogue, place_for(acting, catalogue, order), order):
        raise NoSuchTime("The clocks go forward over this time")


def _collision(number: int, local: datetime, at: datetime | None, refusal: AnotherTime) -> SeriesCollision:
    return SeriesCollision(
        number=number,
        local=local,
        starts_at=at,
        code=refusal.refusal,
        alternatives=[Slot.model_validate(one) for one in refusal.extra["alternatives"]],
    )

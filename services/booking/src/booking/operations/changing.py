"""What happens to an appointment after it was booked: each act locks it, asks the rule, writes, and tells once."""

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import money, referrals, waitlist
from booking.operations.acting import Acting
from booking.operations.taking import change_where_free, proposing
from booking.queries.absences import place_of
from booking.rules import appointment as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import notice
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import Deed, expect_may
from booking.rules.refusals import SlotTaken
from booking.tables import appointments
from common import outbox
from common.contracts.booking import (
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentConfirmed,
    AppointmentCorrected,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRecord,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    MarkNoShow,
    VisitCompleted,
    VisitState,
)

Told = TypeVar("Told", bound=AppointmentEvent)


async def confirm(tx: AsyncConnection, acting: Acting, command: ConfirmAppointment) -> AppointmentRecord:
    """The patient will come; said twice, it is true once."""
    catalogue, before = await _look(tx, acting, "confirm", command)
    after = rules.confirm(before, now=acting.now)
    if after is before:
        return _record(catalogue, before)
    rules.expect_version(before, command.if_version)
    return await _write(tx, acting, catalogue, after, AppointmentConfirmed)


async def cancel(tx: AsyncConnection, acting: Acting, command: CancelAppointment) -> AppointmentRecord:
    """Free the slot."""
    catalogue, before = await _look(tx, acting, "cancel", command)
    rules.expect_version(before, command.if_version)
    after = rules.cancel(
        before,
        now=acting.now,
        reason=command.reason,
        notice=notice(catalogue.service(before.service_id)),
        by_patient=acting.caller.is_patient,
        branch_phone=catalogue.branch(before.branch_id).phone,
    )
    given_back = [waitlist.freed(before)]
    if before.status == "displaced":  # its own time is gone; what was held for its patient is free again
        given_back = await appointments.release_held_for(tx, acting.network_id, before.appointment_id)
    record = await _write(tx, acting, catalogue, after, AppointmentCancelled)
    await referrals.follow(tx, acting, after)
    await waitlist.offer_freed(tx, acting, catalogue, given_back)
    return record


async def check_in(tx: AsyncConnection, acting: Acting, command: CheckInAppointment) -> AppointmentRecord:
    """The patient has arrived."""
    catalogue, before = await _look(tx, acting, "check-in", command)
    rules.expect_version(before, command.if_version)
    return await _write(tx, acting, catalogue, rules.check_in(before, now=acting.now), AppointmentCheckedIn)


async def miss(tx: AsyncConnection, acting: Acting, command: MarkNoShow) -> AppointmentRecord:
    """The patient did not come."""
    catalogue, before = await _look(tx, acting, "no-show", command)
    rules.expect_version(before, command.if_version)
    after = rules.miss(before, now=acting.now)
    record = await _write(tx, acting, catalogue, after, AppointmentMissed)
    await referrals.follow(tx, acting, after)
    return record


async def complete(tx: AsyncConnection, acting: Acting, command: CompleteAppointment) -> AppointmentRecord:
    """The visit took place, perhaps with money: one event ends it."""
    catalogue, before = await _look(tx, acting, "complete", command)
    rules.expect_version(before, command.if_version)
    completed = rules.complete(before, now=acting.now)
    after = await money.at_completion(tx, acting, catalogue, completed, command)
    event = VisitCompleted(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=after.version,
        appointment=telling.state(after),
        visit=_visit(catalogue, after),
    )
    await outbox.record(tx, event)
    await referrals.follow(tx, acting, after)
    return _record(catalogue, after)


async def correct(tx: AsyncConnection, acting: Acting, command: CorrectAppointment) -> AppointmentRecord:
    """Undo a wrong check-in, completion or no-show; what a no-show had freed may be somebody else's by now."""
    catalogue, before = await _look(tx, acting, "correct", command)
    rules.expect_version(before, command.if_version)
    after = rules.correct(before)
    async with proposing(tx, acting, catalogue, place_of(before, catalogue), before):
        if not await change_where_free(tx, after):
            raise SlotTaken("Somebody else has this time by now")
    await appointments.add_correction(
        tx, before, after, reason=command.reason, by=acting.caller.actor, at=acting.now
    )
    event = AppointmentCorrected(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=after.version,
        appointment=telling.state(after),
        corrected_from=before.status,
    )
    await outbox.record(tx, event)
    await referrals.follow(tx, acting, after)
    return _record(catalogue, after)


Change = (
    ConfirmAppointment | CancelAppointment | CheckInAppointment | CompleteAppointment | MarkNoShow
    | CorrectAppointment
)  # fmt: skip


async def _look(
    tx: AsyncConnection, acting: Acting, deed: Deed, command: Change
) -> tuple[Catalogue, Appointment]:
    """The appointment, locked, if the caller may do this to it."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    appointment = await appointments.lock(tx, acting.network_id, command.appointment_id)
    expect_may(
        acting.caller,
        deed,
        branch_id=appointment.branch_id,
        practitioner_id=appointment.practitioner_id,
        patient_id=appointment.patient_id,
    )
    return catalogue, appointment


async def _write(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, after: Appointment, event: type[Told]
) -> AppointmentRecord:
    await appointments.change(tx, after)
    told = event(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=after.version,
        appointment=telling.state(after),
    )
    await outbox.record(tx, told)
    return _record(catalogue, after)


def _visit(catalogue: Catalogue, appointment: Appointment) -> VisitState:
    visit = telling.visit(appointment, service_kind=catalogue.service(appointment.service_id).kind)
    assert visit is not None, "a fulfilled appointment has a visit"
    return visit


def _record(catalogue: Catalogue, appointment: Appointment) -> AppointmentRecord:
    return telling.record(appointment, service_kind=catalogue.service(appointment.service_id).kind)

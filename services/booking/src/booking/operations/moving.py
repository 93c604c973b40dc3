"""Moving to another time, practitioner or branch."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import waitlist
from booking.operations.acting import Acting
from booking.operations.taking import change_where_free, in_each_room, proposing, why_not
from booking.rules import appointment as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.booking import Place, check_place, notice
from booking.rules.catalogue import Catalogue
from booking.rules.giving_up import check_reason, is_late
from booking.rules.permissions import expect_may
from booking.rules.waitlist import Freed
from booking.tables import appointments, moves
from common import outbox
from common.contracts.booking import AppointmentRecord, AppointmentRescheduled, RescheduleAppointment


async def reschedule(
    tx: AsyncConnection, acting: Acting, command: RescheduleAppointment
) -> AppointmentRecord:
    """Move to another time, practitioner or branch. A move to where it is already changes nothing."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    await appointments.take_turns_to_move(
        tx, acting.network_id, command.appointment_id, command.practitioner_id
    )
    before = await appointments.lock(tx, acting.network_id, command.appointment_id)
    place = Place(
        service=catalogue.service(before.service_id),
        branch=catalogue.branch(command.branch_id or before.branch_id),
        practitioner=catalogue.practitioner(command.practitioner_id or before.practitioner_id),
        starts_at=command.starts_at,
    )
    after = _moved(acting, catalogue, before, place, command.if_version)
    check_reason(command.reason, by_patient=acting.caller.is_patient)
    if before.status != "displaced" and after.place == before.place:
        return telling.record(before, service_kind=place.service.kind)
    async with proposing(tx, acting, catalogue, place, before):
        check_place(place, catalogue, now=acting.now, at_short_notice=before.status == "displaced")
        given_back = await _given_back(tx, acting, before)
        await appointments.free_expired_holds(tx, acting.network_id, now=acting.now)
        moved = await _move(tx, catalogue, after, preferred=before.room_id)
    event = AppointmentRescheduled(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=moved.version,
        appointment=telling.state(moved),
        previous_starts_at=before.starts_at,
    )
    await outbox.record(tx, event)
    late = before.status != "displaced" and is_late(
        before.starts_at, now=acting.now, notice=notice(place.service)
    )
    await moves.add(
        tx, before, moved, reason=command.reason, late=late, by=acting.caller.actor, at=acting.now
    )
    await waitlist.offer_freed(tx, acting, catalogue, given_back)
    return telling.record(moved, service_kind=place.service.kind)


def _moved(
    acting: Acting, catalogue: Catalogue, before: Appointment, place: Place, if_version: int | None
) -> Appointment:
    """The appointment at its new place, as far as the rules for moving allow."""
    by_patient = acting.caller.is_patient
    here = (before.branch_id, before.practitioner_id)
    there = (place.branch.branch_id, place.practitioner.practitioner_id)
    for branch_id, practitioner_id in {here, there}:
        expect_may(
            acting.caller,
            "reschedule",
            branch_id=branch_id,
            practitioner_id=practitioner_id,
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


async def _given_back(tx: AsyncConnection, acting: Acting, before: Appointment) -> list[Freed]:
    """The time that it leaves. Of one that is displaced that is gone; what was held for its patient is free again."""
    if before.status == "displaced":
        return await appointments.release_held_for(tx, acting.network_id, before.appointment_id)
    return [waitlist.freed(before)]


async def _move(
    tx: AsyncConnection, catalogue: Catalogue, after: Appointment, *, preferred: UUID | None
) -> Appointment:
    for appointment in in_each_room(catalogue, after, preferred=preferred):
        if await appointments.is_overbooked_there(tx, appointment):
            continue
        if await change_where_free(tx, appointment):
            return appointment
    raise await why_not(tx, after)

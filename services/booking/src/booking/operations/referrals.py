"""Referring inside the network, and closing the loop: a referral follows its appointment in the same transaction."""

from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import booking
from booking.operations.acting import Acting
from booking.rules import referrals as rules
from booking.rules.appointment import Appointment
from booking.rules.permissions import expect_may, may
from booking.tables import appointments
from booking.tables import referrals as rows
from common import outbox
from common.contracts.booking import (
    AppointmentRecord,
    BookAppointment,
    CreateReferral,
    DeclineReferral,
    Referral,
    ReferralBooked,
    ReferralCreated,
    ReferralDeclined,
    ReferralDone,
    ReferralEvent,
    ReferralExpired,
    ReferralReopened,
    ReferralStatus,
    TaskRaised,
)
from common.errors import CommandReused, NotAllowed, UnknownThing

_TOLD: dict[ReferralStatus, type[ReferralEvent]] = {
    "open": ReferralReopened,
    "booked": ReferralBooked,
    "done": ReferralDone,
    "declined": ReferralDeclined,
    "expired": ReferralExpired,
}


async def create(tx: AsyncConnection, acting: Acting, command: CreateReferral) -> Referral:
    """Refer a patient; a doctor in their own name, the desk in any."""
    expect_may(acting.caller, "refer", practitioner_id=command.from_practitioner_id)
    catalogue = await acting.directories.current(tx, acting.network_id)
    found = await appointments.get(tx, acting.network_id, [command.visit_id] if command.visit_id else [])
    referral = rules.create(command, catalogue, found[0] if found else None, now=acting.now)
    if not await rows.add(tx, acting.network_id, referral):
        raise CommandReused("This referral id belongs to another referral")
    await _tell(tx, acting, referral, ReferralCreated)
    return referral


async def decline(tx: AsyncConnection, acting: Acting, command: DeclineReferral) -> Referral:
    """Nothing will come of it: said by who referred, by who was asked, or by the desk."""
    before = await _lock(tx, acting, command.referral_id)
    asked = (before.from_practitioner_id, before.wish.practitioner_id)
    if not any(may(acting.caller, "refer", practitioner_id=one) for one in asked):
        raise NotAllowed("This referral is between others")
    return await _change(tx, acting, rules.decline(before, command.reason, if_version=command.if_version))


async def book(tx: AsyncConnection, acting: Acting, command: BookAppointment) -> AppointmentRecord:
    """Book; what a referral asked for closes its loop, and two bookings from one referral take turns."""
    if command.referral_id is None:
        return await booking.book(tx, acting, command)
    catalogue = await acting.directories.current(tx, acting.network_id)
    referral = await _lock(tx, acting, command.referral_id)
    again = referral.appointment_id == command.appointment_id
    if not again:
        rules.check_fits(referral, command, catalogue.service(command.service_id))
    record = await booking.book(tx, acting, command)
    if not again:
        await _change(tx, acting, rules.follow(referral, command.appointment_id, "booked", now=acting.now))
    return record


async def follow(tx: AsyncConnection, acting: Acting, appointment: Appointment) -> None:
    """What an appointment has come to is what its referral has come to, if it has one."""
    before = await rows.lock_by_appointment(tx, acting.network_id, appointment.appointment_id)
    if before is None:
        return
    after = rules.follow(before, appointment.appointment_id, appointment.status, now=acting.now)
    if after is not before:
        await _change(tx, acting, after)


async def due(tx: AsyncConnection, acting: Acting, referral_id: UUID) -> None:
    """Its time has run out: somebody calls the patient."""
    before = await rows.lock(tx, acting.network_id, referral_id)
    if before is None or before.status != "open" or before.expires_at > acting.now:
        return
    expired = await _change(tx, acting, rules.expire(before))
    task = TaskRaised(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=1,
        task_id=uuid5(referral_id, f"expired {expired.version}"),
        kind="call-back",
        patient_id=expired.patient_id,
        appointment_id=None,
        branch_id=expired.wish.branch_id,
        due_at=acting.now,
        reason="referral expired",
    )
    await outbox.record(tx, task)


async def _lock(tx: AsyncConnection, acting: Acting, referral_id: UUID) -> Referral:
    referral = await rows.lock(tx, acting.network_id, referral_id)
    if referral is None:
        raise UnknownThing("referral", referral_id)
    return referral


async def _change(tx: AsyncConnection, acting: Acting, after: Referral) -> Referral:
    await rows.change(tx, acting.network_id, after)
    await _tell(tx, acting, after, _TOLD[after.status])
    return after


async def _tell(tx: AsyncConnection, acting: Acting, referral: Referral, kind: type[ReferralEvent]) -> None:
    event = kind(
        network_id=acting.network_id, occurred_at=acting.now, version=referral.version, referral=referral
    )
    await outbox.record(tx, event)

"""Appointments and visits: what changes them."""

from booking.handlers.parts import Parts, answers
from booking.operations import booking, changing, moving, referrals
from booking.operations.acting import settled
from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    BookAppointment,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    MarkNoShow,
    RescheduleAppointment,
)


@answers.to(BookAppointment)
async def book_appointment(command: BookAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await booking.book_at_once(parts.database, acting, command) or await settled(
        parts.database, command, caller.network_id, lambda tx: referrals.book(tx, acting, command)
    )


@answers.to(RescheduleAppointment)
async def reschedule_appointment(
    command: RescheduleAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: moving.reschedule(tx, acting, command)
    )


@answers.to(ConfirmAppointment)
async def confirm_appointment(command: ConfirmAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.confirm(tx, acting, command)
    )


@answers.to(CancelAppointment)
async def cancel_appointment(command: CancelAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.cancel(tx, acting, command)
    )


@answers.to(CheckInAppointment)
async def check_in_appointment(
    command: CheckInAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.check_in(tx, acting, command)
    )


@answers.to(CompleteAppointment)
async def complete_appointment(
    command: CompleteAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.complete(tx, acting, command)
    )


@answers.to(MarkNoShow)
async def mark_no_show(command: MarkNoShow, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.miss(tx, acting, command)
    )


@answers.to(CorrectAppointment)
async def correct_appointment(command: CorrectAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.correct(tx, acting, command)
    )

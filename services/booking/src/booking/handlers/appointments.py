"""Appointments and visits: what changes them."""

from booking.handlers.parts import Parts, answers
from booking.operations import booking, changing, moving, referrals
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
    booked = await booking.book_at_once(parts.database, parts.acting(caller), command)
    return booked or await parts.carry_out(referrals.book, command, caller)


@answers.to(RescheduleAppointment)
async def reschedule_appointment(
    command: RescheduleAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    return await parts.carry_out(moving.reschedule, command, caller)


@answers.to(ConfirmAppointment)
async def confirm_appointment(command: ConfirmAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(changing.confirm, command, caller)


@answers.to(CancelAppointment)
async def cancel_appointment(command: CancelAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(changing.cancel, command, caller)


@answers.to(CheckInAppointment)
async def check_in_appointment(
    command: CheckInAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    return await parts.carry_out(changing.check_in, command, caller)


@answers.to(CompleteAppointment)
async def complete_appointment(
    command: CompleteAppointment, caller: Caller, parts: Parts
) -> AppointmentRecord:
    return await parts.carry_out(changing.complete, command, caller)


@answers.to(MarkNoShow)
async def mark_no_show(command: MarkNoShow, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(changing.miss, command, caller)


@answers.to(CorrectAppointment)
async def correct_appointment(command: CorrectAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(changing.correct, command, caller)

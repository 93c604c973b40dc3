"""The schedule around appointments: series, holds, absences, other calendars, the waitlist."""

from booking.handlers.parts import Parts, answers
from booking.operations import absences, booking, busy, series, waitlist
from common.caller import Caller
from common.contracts.booking import (
    AbsenceSaved,
    AcceptOffer,
    AppointmentRecord,
    BookSeries,
    BusyImported,
    DeclineOffer,
    EndAbsence,
    HoldSlot,
    ImportBusyTimes,
    JoinWaitlist,
    LeaveWaitlist,
    PutAbsence,
    ReleaseHold,
    SeriesBooked,
    WaitlistEntry,
)
from common.contracts.messages import Done


@answers.to(BookSeries)
async def book_series(command: BookSeries, caller: Caller, parts: Parts) -> SeriesBooked:
    return await parts.carry_out(series.book, command, caller)


@answers.to(HoldSlot)
async def hold_slot(command: HoldSlot, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(booking.hold, command, caller)


@answers.to(ReleaseHold)
async def release_hold(command: ReleaseHold, caller: Caller, parts: Parts) -> Done:
    return await parts.carry_out(booking.release, command, caller)


@answers.to(PutAbsence)
async def put_absence(command: PutAbsence, caller: Caller, parts: Parts) -> AbsenceSaved:
    return await parts.carry_out(absences.put, command, caller)


@answers.to(EndAbsence)
async def end_absence(command: EndAbsence, caller: Caller, parts: Parts) -> Done:
    return await parts.carry_out(absences.end, command, caller)


@answers.to(ImportBusyTimes)
async def import_busy_times(command: ImportBusyTimes, caller: Caller, parts: Parts) -> BusyImported:
    return await parts.carry_out(busy.take_over, command, caller)


@answers.to(JoinWaitlist)
async def join_waitlist(command: JoinWaitlist, caller: Caller, parts: Parts) -> WaitlistEntry:
    return await parts.carry_out(waitlist.join, command, caller)


@answers.to(LeaveWaitlist)
async def leave_waitlist(command: LeaveWaitlist, caller: Caller, parts: Parts) -> WaitlistEntry:
    return await parts.carry_out(waitlist.leave, command, caller)


@answers.to(AcceptOffer)
async def accept_offer(command: AcceptOffer, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(waitlist.accept, command, caller)


@answers.to(DeclineOffer)
async def decline_offer(command: DeclineOffer, caller: Caller, parts: Parts) -> WaitlistEntry:
    return await parts.carry_out(waitlist.decline, command, caller)

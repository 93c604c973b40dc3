"""The schedule around appointments: series, holds, absences, other calendars, the waitlist."""

from booking.handlers.parts import Parts, answers
from booking.operations import absences, booking, busy, series, waitlist
from booking.operations.acting import settled
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
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: series.book(tx, acting, command)
    )


@answers.to(HoldSlot)
async def hold_slot(command: HoldSlot, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: booking.hold(tx, acting, command)
    )


@answers.to(ReleaseHold)
async def release_hold(command: ReleaseHold, caller: Caller, parts: Parts) -> Done:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: booking.release(tx, acting, command)
    )


@answers.to(PutAbsence)
async def put_absence(command: PutAbsence, caller: Caller, parts: Parts) -> AbsenceSaved:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: absences.put(tx, acting, command)
    )


@answers.to(EndAbsence)
async def end_absence(command: EndAbsence, caller: Caller, parts: Parts) -> Done:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: absences.end(tx, acting, command)
    )


@answers.to(ImportBusyTimes)
async def import_busy_times(command: ImportBusyTimes, caller: Caller, parts: Parts) -> BusyImported:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: busy.take_over(tx, acting, command)
    )


@answers.to(JoinWaitlist)
async def join_waitlist(command: JoinWaitlist, caller: Caller, parts: Parts) -> WaitlistEntry:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: waitlist.join(tx, acting, command)
    )


@answers.to(LeaveWaitlist)
async def leave_waitlist(command: LeaveWaitlist, caller: Caller, parts: Parts) -> WaitlistEntry:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: waitlist.leave(tx, acting, command)
    )


@answers.to(AcceptOffer)
async def accept_offer(command: AcceptOffer, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: waitlist.accept(tx, acting, command)
    )


@answers.to(DeclineOffer)
async def decline_offer(command: DeclineOffer, caller: Caller, parts: Parts) -> WaitlistEntry:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: waitlist.decline(tx, acting, command)
    )

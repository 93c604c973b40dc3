"""Subject to operation or query: translates, and decides nothing."""

from dataclasses import dataclass
from datetime import timedelta

from booking.operations import absences, booking, busy, changing, directory, moving, series, waitlist
from booking.operations.acting import Acting, settled
from booking.queries import absences as absence_queries
from booking.queries import appointments, reports, slots
from booking.queries import waitlist as waitlist_queries
from booking.rules.catalogue import Thing
from booking.rules.permissions import expect_may
from booking.tables.directory import Directories
from common.caller import Caller
from common.clock import Clock
from common.contracts.booking import (
    AbsencePlan,
    AbsenceSaved,
    AcceptOffer,
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
    AskReport,
    BookAppointment,
    BookSeries,
    BusyImported,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    DayBoard,
    DeclineOffer,
    DescribeAbsence,
    EndAbsence,
    FindAlternatives,
    FindFreeSlots,
    FreeSlots,
    GetAppointments,
    HoldSlot,
    ImportBusyTimes,
    JoinWaitlist,
    LeaveWaitlist,
    ListWaitlist,
    MarkNoShow,
    PutAbsence,
    RecordPayment,
    ReleaseHold,
    Report,
    RescheduleAppointment,
    SeriesBooked,
    Waitlist,
    WaitlistEntry,
)
from common.contracts.directory import (
    DescribeDirectory,
    Directory,
    OpenNetwork,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
)
from common.contracts.messages import Done
from common.database import Database
from common.rpc import Answers


@dataclass(frozen=True)
class Parts:
    """What the handlers work with."""

    database: Database
    clock: Clock
    directories: Directories
    moves_limit: int
    overbook_limit: int = 2
    offer_lasts: timedelta = timedelta(hours=1)

    def acting(self, caller: Caller) -> Acting:
        """This caller, acting now."""
        return Acting(
            caller=caller,
            now=self.clock.now(),
            directories=self.directories,
            moves_limit=self.moves_limit,
            overbook_limit=self.overbook_limit,
            offer_lasts=self.offer_lasts,
        )


answers = Answers[Parts]()


# --- directory ------------------------------------------------------------------------------------------


@answers.to(OpenNetwork)
async def open_network(command: OpenNetwork, caller: Caller, parts: Parts) -> Done:
    expect_may(caller, "open-network")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: directory.open_network(tx, caller.network_id, command.network, now=now),
    )


@answers.to(PutBranch)
async def put_branch(command: PutBranch, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.branch, caller, parts)


@answers.to(PutPractitioner)
async def put_practitioner(command: PutPractitioner, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.practitioner, caller, parts)


@answers.to(PutRoom)
async def put_room(command: PutRoom, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.room, caller, parts)


@answers.to(PutService)
async def put_service(command: PutService, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.service, caller, parts)


async def _put(
    command: PutBranch | PutPractitioner | PutRoom | PutService, thing: Thing, caller: Caller, parts: Parts
) -> Done:
    expect_may(caller, "set-up")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: directory.put(tx, caller.network_id, thing, if_version=command.if_version, now=now),
    )


@answers.to(DescribeDirectory)
async def describe_directory(_: DescribeDirectory, caller: Caller, parts: Parts) -> Directory:
    expect_may(caller, "read-directory")
    async with parts.database.reading(caller.network_id) as tx:
        return (await parts.directories.current(tx, caller.network_id)).describe()


# --- appointments ---------------------------------------------------------------------------------------


@answers.to(BookAppointment)
async def book_appointment(command: BookAppointment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: booking.book(tx, acting, command)
    )


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


@answers.to(RecordPayment)
async def record_payment(command: RecordPayment, caller: Caller, parts: Parts) -> AppointmentRecord:
    acting = parts.acting(caller)
    return await settled(
        parts.database, command, caller.network_id, lambda tx: changing.pay(tx, acting, command)
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


# --- questions ------------------------------------------------------------------------------------------


@answers.to(FindFreeSlots)
async def find_free_slots(query: FindFreeSlots, caller: Caller, parts: Parts) -> FreeSlots:
    expect_may(caller, "find")
    now = parts.clock.now()
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await slots.free_slots(tx, catalogue, query, now=now)


@answers.to(FindAlternatives)
async def find_alternatives(query: FindAlternatives, caller: Caller, parts: Parts) -> FreeSlots:
    now = parts.clock.now()
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await appointments.find_alternatives(tx, catalogue, query, caller, now=now)


@answers.to(ListWaitlist)
async def list_waitlist(query: ListWaitlist, caller: Caller, parts: Parts) -> Waitlist:
    async with parts.database.reading(caller.network_id) as tx:
        return await waitlist_queries.listed(tx, query, caller)


@answers.to(DescribeAbsence)
async def describe_absence(query: DescribeAbsence, caller: Caller, parts: Parts) -> AbsencePlan:
    away = query.range
    expect_may(caller, "absence", branch_id=away.branch_id, practitioner_id=away.practitioner_id)
    now = parts.clock.now()
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await absence_queries.describe(tx, catalogue, away, now=now)


@answers.to(GetAppointments)
async def get_appointments(query: GetAppointments, caller: Caller, parts: Parts) -> Appointments:
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await appointments.get(tx, catalogue, query, caller)


@answers.to(AppointmentsOfPatient)
async def appointments_of_patient(query: AppointmentsOfPatient, caller: Caller, parts: Parts) -> Appointments:
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await appointments.of_patient(tx, catalogue, query, caller)


@answers.to(DayBoard)
async def day_board(query: DayBoard, caller: Caller, parts: Parts) -> Appointments:
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await appointments.day_board(tx, catalogue, query, caller)


@answers.to(AskReport)
async def ask_report(query: AskReport, caller: Caller, parts: Parts) -> Report:
    expect_may(caller, "read-reports", branch_id=query.branch_id)
    async with parts.database.reading(caller.network_id) as tx:
        catalogue = await parts.directories.current(tx, caller.network_id)
        return await reports.report(tx, catalogue, query)

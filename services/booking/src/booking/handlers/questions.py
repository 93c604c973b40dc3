"""What is asked about the schedule."""

from booking.handlers.parts import Parts, answers
from booking.queries import absences as absence_queries
from booking.queries import appointments, next_visit, reports, slots
from booking.queries import waitlist as waitlist_queries
from booking.rules.permissions import expect_may
from common.caller import Caller
from common.contracts.booking import (
    AbsencePlan,
    Absences,
    Appointments,
    AppointmentsOfPatient,
    AskReport,
    DayBoard,
    DescribeAbsence,
    FindAlternatives,
    FindFreeSlots,
    FindNextSlots,
    FreeSlots,
    GetAppointments,
    ListAbsences,
    ListWaitlist,
    NextSlots,
    Report,
    Waitlist,
)
from common.rpc import Written


@answers.in_writing_to(FindFreeSlots)
async def find_free_slots(query: FindFreeSlots, caller: Caller, parts: Parts) -> Written[FreeSlots]:
    expect_may(caller, "find")
    now = parts.clock.now()
    free = await slots.free_slots(parts.database, parts.directories, caller.network_id, query, now=now)
    return Written(free.written())


@answers.to(FindNextSlots)
async def find_next_slots(query: FindNextSlots, caller: Caller, parts: Parts) -> NextSlots:
    now = parts.clock.now()
    async with parts.looking(caller) as (tx, catalogue):
        return await next_visit.next_slots(tx, catalogue, query, caller, now=now)


@answers.to(FindAlternatives)
async def find_alternatives(query: FindAlternatives, caller: Caller, parts: Parts) -> FreeSlots:
    now = parts.clock.now()
    async with parts.looking(caller) as (tx, catalogue):
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
    async with parts.looking(caller) as (tx, catalogue):
        return await absence_queries.describe(tx, catalogue, away, now=now)


@answers.to(ListAbsences)
async def list_absences(query: ListAbsences, caller: Caller, parts: Parts) -> Absences:
    now = parts.clock.now()
    async with parts.looking(caller) as (tx, catalogue):
        return await absence_queries.listed(tx, catalogue, query, caller, now=now)


@answers.to(GetAppointments)
async def get_appointments(query: GetAppointments, caller: Caller, parts: Parts) -> Appointments:
    async with parts.looking(caller) as (tx, catalogue):
        return await appointments.get(tx, catalogue, query, caller)


@answers.to(AppointmentsOfPatient)
async def appointments_of_patient(query: AppointmentsOfPatient, caller: Caller, parts: Parts) -> Appointments:
    async with parts.looking(caller) as (tx, catalogue):
        return await appointments.of_patient(tx, catalogue, query, caller)


@answers.to(DayBoard)
async def day_board(query: DayBoard, caller: Caller, parts: Parts) -> Appointments:
    async with parts.looking(caller) as (tx, catalogue):
        return await appointments.day_board(tx, catalogue, query, caller)


@answers.to(AskReport)
async def ask_report(query: AskReport, caller: Caller, parts: Parts) -> Report:
    expect_may(caller, "read-reports", branch_id=query.branch_id)
    async with parts.looking(caller) as (tx, catalogue):
        return await reports.report(tx, catalogue, query)

"""Money of visits, and the close of a day."""

from booking.handlers.parts import Parts, answers
from booking.operations import money, till
from booking.queries import money as money_queries
from booking.queries import till as till_queries
from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    BalanceOf,
    Balances,
    CloseDay,
    Closing,
    ClosingDay,
    DayClose,
    MoveCredit,
    PatientVisits,
    PutInstalments,
    RecordPayment,
    RefundPayment,
    ReversePayment,
    VisitsOfPatient,
)


@answers.to(RecordPayment)
async def record_payment(command: RecordPayment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(money.pay, command, caller)


@answers.to(RefundPayment)
async def refund_payment(command: RefundPayment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(money.refund, command, caller)


@answers.to(ReversePayment)
async def reverse_payment(command: ReversePayment, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(money.reverse, command, caller)


@answers.to(MoveCredit)
async def move_credit(command: MoveCredit, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(money.move, command, caller)


@answers.to(PutInstalments)
async def put_instalments(command: PutInstalments, caller: Caller, parts: Parts) -> AppointmentRecord:
    return await parts.carry_out(money.agree, command, caller)


@answers.to(CloseDay)
async def close_day(command: CloseDay, caller: Caller, parts: Parts) -> Closing:
    return await parts.carry_out(till.close_day, command, caller)


@answers.to(BalanceOf)
async def balance_of(query: BalanceOf, caller: Caller, parts: Parts) -> Balances:
    now = parts.clock.now()
    async with parts.looking(caller) as (tx, catalogue):
        return await money_queries.balances(tx, catalogue, query, caller, now=now)


@answers.to(VisitsOfPatient)
async def visits_of_patient(query: VisitsOfPatient, caller: Caller, parts: Parts) -> PatientVisits:
    async with parts.looking(caller) as (tx, catalogue):
        return await money_queries.visits_of_patient(tx, catalogue, query, caller)


@answers.to(DayClose)
async def day_close(query: DayClose, caller: Caller, parts: Parts) -> ClosingDay:
    now = parts.clock.now()
    async with parts.looking(caller) as (tx, catalogue):
        return await till_queries.closing_day(tx, catalogue, query, caller, now=now)

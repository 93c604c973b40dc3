"""The close of a branch's day: its till, its loose ends, and that it stays as it was closed."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from common.contracts.booking import (
    CheckInAppointment,
    CloseDay,
    Closing,
    ClosingDay,
    CompleteAppointment,
    ConfirmAppointment,
    DayClose,
    MarkNoShow,
    RecordPayment,
    ReversePayment,
    TillLine,
)
from common.ids import new_id

from .clinic import Clinic, a_branch, almaty, code_of, refused
from .test_money import PRICE, TEN, events, refunding, tenge, visited

TUESDAY = date(2026, 11, 3)


async def day_of(clinic: Clinic, day: date = TUESDAY, **more: Any) -> ClosingDay:
    query = DayClose.model_validate({"branch_id": clinic.branch.branch_id, "day": day, **more})
    found: ClosingDay = await clinic.tell(query)
    return found


def closing(clinic: Clinic, counted: int = 0, **more: Any) -> CloseDay:
    values = {
        "closing_id": new_id(), "branch_id": clinic.branch.branch_id, "day": TUESDAY, "counted_cash": counted, **more,
    }  # fmt: skip
    return CloseDay.model_validate(values)


async def at(clinic: Clinic, moment: datetime) -> UUID:
    return (await clinic.book(moment)).appointment.appointment_id


async def test_the_day_shows_what_has_to_be_looked_at(clinic: Clinic):
    forgotten, here, missed = [await at(clinic, almaty(3, hour)) for hour in (9, 10, 11)]
    later, debtor = [await at(clinic, almaty(3, hour)) for hour in (17, 12)]
    asked, sure = [await at(clinic, almaty(4, hour)) for hour in (9, 10)]
    await clinic.tell(ConfirmAppointment(appointment_id=sure))
    await clinic.tell(RecordPayment(visit_id=later, paid=tenge(5)))
    clinic.put_clock(almaty(3, 13))
    await clinic.tell(CheckInAppointment(appointment_id=here))
    await clinic.tell(MarkNoShow(appointment_id=missed))
    await clinic.tell(CompleteAppointment(appointment_id=debtor, paid=tenge(400_000)))
    day = await day_of(clinic)
    assert [one.appointment.appointment_id for one in day.unclosed] == [forgotten, here]
    assert [(one.visit_id, one.balance.amount) for one in day.debts if one.balance] == [
        (debtor, PRICE - 400_000)
    ]
    assert [one.appointment.appointment_id for one in day.unconfirmed] == [asked]
    assert day.closing is None
    assert (day.currency, day.expected_cash) == ("KZT", 400_000)


async def test_the_till_knows_by_which_method_and_through_whose_hands(clinic: Clinic):
    it = await visited(clinic)
    anna, boss = clinic.staff("reception", actor="staff:anna"), clinic.staff("manager", actor="staff:boss")
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(300)), anna)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(50, "card")), anna)
    wrong = RecordPayment(visit_id=it, paid=tenge(7))
    await clinic.tell(wrong, anna)
    await clinic.tell(ReversePayment(visit_id=it, payment_id=wrong.command_id, reason="typo"), anna)
    await clinic.tell(refunding(it, 100), boss)
    day = await day_of(clinic)
    assert day.till == [
        TillLine(method="card", by="staff:anna", received=50, refunded=0),
        TillLine(method="cash", by="staff:anna", received=300, refunded=0),
        TillLine(method="cash", by="staff:boss", received=0, refunded=100),
    ]
    assert day.expected_cash == 200


async def test_money_is_in_the_till_of_the_day_it_came_whenever_the_visit_was(clinic: Clinic):
    it = await visited(clinic)
    clinic.put_clock(almaty(4, 0, 30))
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(9)))
    assert (await day_of(clinic)).till == []
    assert (await day_of(clinic, TUESDAY + timedelta(days=1))).expected_cash == 9


async def test_a_day_is_closed_with_what_was_counted_and_why_that_is_something_else(clinic: Clinic):
    await visited(clinic, paid=1_000)
    refusal = await refused(clinic.tell(closing(clinic, 900)))
    assert (refusal.refusal, refusal.extra) == ("note-needed", {"expected_cash": 1_000, "difference": -100})
    closed: Closing = await clinic.tell(closing(clinic, 900, note="Марат got change from the till"))
    assert (closed.expected_cash, closed.counted_cash, closed.difference) == (1_000, 900, -100)
    assert (await day_of(clinic)).closing == closed
    assert closed.closed_by == clinic.caller.actor
    [told] = await events(clinic, "day.closed")
    assert told["version"] == 1
    assert told["closing"]["difference"] == -100
    assert "note" not in told["closing"]


async def test_a_closed_days_till_does_not_change_any_more(clinic: Clinic):
    it = await visited(clinic, paid=1_000)
    await clinic.tell(closing(clinic, 1_000))
    before = await day_of(clinic)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(70)))
    await clinic.tell(refunding(it, 20))
    assert await day_of(clinic) == before.model_copy(update={"debts": (await day_of(clinic)).debts})
    assert (await day_of(clinic, TUESDAY + timedelta(days=1))).expected_cash == 50
    for act in ("UPDATE day_closings SET body = '{}'", "DELETE FROM day_closings"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with clinic.parts.database.transaction(clinic.caller.network_id) as tx:
                await tx.execute(sa.text(act))


async def test_one_branchs_close_leaves_the_other_tills_open(clinic: Clinic):
    it = await visited(clinic)
    elsewhere = a_branch(name="Абай")
    await clinic.put(elsewhere)
    await clinic.tell(closing(clinic))
    there = RecordPayment(visit_id=it, paid=tenge(5), branch_id=elsewhere.branch_id)
    await clinic.tell(there)
    assert (await day_of(clinic, branch_id=elsewhere.branch_id)).expected_cash == 5


async def test_a_day_is_closed_once_and_the_same_order_answers_the_same(clinic: Clinic):
    clinic.put_clock(TEN)
    order = closing(clinic)
    closed = await clinic.tell(order)
    assert await clinic.tell(order) == closed
    assert await code_of(clinic.tell(closing(clinic))) == "day-closed"
    assert len(await events(clinic, "day.closed")) == 1


async def test_a_day_with_visits_that_nobody_ended_is_closed_on_purpose_only(clinic: Clinic):
    it = await at(clinic, TEN)
    clinic.put_clock(almaty(3, 19))
    refusal = await refused(clinic.tell(closing(clinic)))
    assert (refusal.refusal, refusal.extra) == ("visits-open", {"appointment_ids": [str(it)]})
    closed = await clinic.tell(closing(clinic, leave_open=True))
    assert closed.left_open == [it]


async def test_a_day_that_has_not_begun_there_is_not_closed(clinic: Clinic):
    clinic.put_clock(almaty(2, 23, 59))
    assert await code_of(clinic.tell(closing(clinic))) == "day-not-begun"
    clinic.put_clock(almaty(3, 0))
    await clinic.tell(closing(clinic))


@pytest.mark.parametrize(
    ("role", "outcome"),
    [
        ("reception", "closed"),
        ("manager", "closed"),
        ("accounting", "closed"),
        ("doctor", "not-allowed"),
        ("delegate", "not-allowed"),
    ],
)
async def test_who_may_close_a_day(clinic: Clinic, role: str, outcome: str):
    clinic.put_clock(TEN)
    who = clinic.staff(role)
    if outcome == "closed":
        assert (await clinic.tell(closing(clinic), who)).day == TUESDAY
    else:
        assert await code_of(clinic.tell(closing(clinic), who)) == outcome
        query = DayClose(branch_id=clinic.branch.branch_id, day=TUESDAY)
        assert await code_of(clinic.tell(query, who)) == outcome


async def test_reception_closes_the_days_of_its_own_branches(clinic: Clinic):
    clinic.put_clock(TEN)
    elsewhere = clinic.staff("reception", branches=(str(new_id()),))
    assert await code_of(clinic.tell(closing(clinic), elsewhere)) == "not-allowed"

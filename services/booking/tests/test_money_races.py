"""Two desks at the same money, and a day that is closed while somebody pays."""

import asyncio
from typing import Any

from common.contracts.booking import CloseDay, MoveCredit, PutInstalments, RecordPayment, ReversePayment
from common.errors import Refused, VersionConflict
from common.ids import new_id

from .clinic import Clinic, almaty
from .test_money import TEN, balance_of, booked, events, parts_of, patient_of, refunding, tenge, visited


def codes(outcomes: list[Any]) -> list[str]:
    for one in outcomes:
        assert isinstance(one, Refused) or not isinstance(one, BaseException), one
    return sorted(getattr(one, "refusal", "done") for one in outcomes)


async def at_once(clinic: Clinic, *orders: Any) -> list[str]:
    return codes(await asyncio.gather(*(clinic.tell(one) for one in orders), return_exceptions=True))


async def test_two_desks_that_looked_at_the_same_bill_take_it_once(clinic: Clinic):
    it = await visited(clinic)
    orders = [RecordPayment(visit_id=it, paid=tenge(1_000_000), if_version=2) for _ in range(2)]
    assert await at_once(clinic, *orders) == ["done", VersionConflict.code]
    assert (await balance_of(clinic, await patient_of(clinic, it))).balance == 0


async def test_parts_paid_at_many_desks_at_once_all_count_under_versions_of_their_own(clinic: Clinic):
    it = await visited(clinic)
    assert (
        await at_once(clinic, *(RecordPayment(visit_id=it, paid=tenge(7)) for _ in range(20)))
        == ["done"] * 20
    )
    assert (await balance_of(clinic, await patient_of(clinic, it))).paid == 140
    told = await events(clinic, "visit.paid")
    assert [event["version"] for event in told] == list(range(3, 23))
    assert [event["visit"]["paid"]["amount"] for event in told] == [7 * number for number in range(1, 21)]


async def test_refunds_that_race_for_the_same_money_give_back_no_more_than_there_is(clinic: Clinic):
    it = await visited(clinic, paid=100)
    outcomes = await at_once(clinic, *(refunding(it, 60) for _ in range(10)))
    assert outcomes == ["done", *["more-than-was-paid"] * 9]


async def test_a_refund_a_reversal_and_a_move_of_the_same_money_have_one_winner(clinic: Clinic):
    it = await booked(clinic)
    other = (await clinic.book(almaty(4, 10), patient_id=await patient_of(clinic, it))).appointment
    paid = RecordPayment(visit_id=it, paid=tenge(100))
    await clinic.tell(paid)
    outcomes = await at_once(
        clinic,
        refunding(it, 100),
        ReversePayment(visit_id=it, payment_id=paid.command_id, reason="typo"),
        MoveCredit(visit_id=it, to_visit_id=other.appointment_id, amount=100),
    )
    assert outcomes == ["done", "more-than-was-paid", "more-than-was-paid"]


async def test_a_payment_is_undone_once_by_however_many(clinic: Clinic):
    it = await visited(clinic, paid=1_000)
    wrong = RecordPayment(visit_id=it, paid=tenge(10))
    await clinic.tell(wrong)
    orders = [
        ReversePayment(visit_id=it, payment_id=wrong.command_id, reason="typed twice") for _ in range(8)
    ]
    assert await at_once(clinic, *orders) == ["done", *["not-reversible"] * 7]


async def test_money_that_moves_both_ways_at_once_is_neither_lost_nor_made(clinic: Clinic):
    one = await booked(clinic)
    patient = await patient_of(clinic, one)
    other = (await clinic.book(almaty(4, 10), patient_id=patient)).appointment.appointment_id
    for it in (one, other):
        await clinic.tell(RecordPayment(visit_id=it, paid=tenge(1_000)))
    there = [MoveCredit(visit_id=one, to_visit_id=other, amount=10) for _ in range(15)]
    back = [MoveCredit(visit_id=other, to_visit_id=one, amount=10) for _ in range(15)]
    assert await at_once(clinic, *there, *back) == ["done"] * 30
    assert (await balance_of(clinic, patient)).deposits == 2_000


async def test_the_same_order_sent_twice_at_once_is_carried_out_once(clinic: Clinic):
    it = await visited(clinic, paid=100)
    for order in (
        RecordPayment(visit_id=it, paid=tenge(50)),
        refunding(it, 30),
        PutInstalments(visit_id=it, instalments=parts_of((10, 1_000_000 - 120))),
    ):
        answers = await asyncio.gather(*(clinic.tell(order) for _ in range(5)))
        assert all(answer == answers[0] for answer in answers)
    [row] = await clinic.rows("SELECT count(*) AS n, sum(amount) AS net FROM payments")
    assert (row.n, row.net) == (3, 120)


async def test_what_is_paid_while_a_day_is_closed_is_in_its_till_or_in_the_next_and_never_lost(
    clinic: Clinic,
):
    it = await visited(clinic)
    day = TEN.date()
    closing = CloseDay(
        closing_id=new_id(), branch_id=clinic.branch.branch_id, day=day, counted_cash=0, note="racing"
    )
    orders: list[Any] = [RecordPayment(visit_id=it, paid=tenge(1)) for _ in range(20)]
    orders.insert(10, closing)
    assert await at_once(clinic, *orders) == ["done"] * 21
    rows = await clinic.rows("SELECT day, count(*) AS n FROM payments GROUP BY day ORDER BY day")
    by_day = {row.day: row.n for row in rows}
    assert sum(by_day.values()) == 20
    [row] = await clinic.rows("SELECT body FROM day_closings")
    assert row.body["expected_cash"] == by_day.get(day, 0)

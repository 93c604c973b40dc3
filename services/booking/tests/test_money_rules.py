"""Money under any order of acts: no drift from the ledger, no refund beyond what was paid, parts that sum up."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import balance, ledger, money, telling, till
from booking.rules.appointment import Appointment
from booking.rules.ledger import Account, Entry, Till
from common.contracts.booking import Instalment, Paid, RefundPayment, ReversePayment, Status
from common.contracts.messages import Money
from common.errors import Refused
from common.ids import new_id

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
TODAY = date(2026, 11, 3)
BRANCH = new_id()
HERE = Till(BRANCH, TODAY, NOW, "staff:me")
STATUSES: tuple[Status, ...] = ("booked", "confirmed", "arrived", "fulfilled", "noshow", "cancelled")

amounts = st.integers(min_value=0, max_value=5_000)
acts = st.tuples(
    st.sampled_from(["pay", "refund", "waive", "reverse", "reprice", "move"]), amounts, st.integers(0, 9)
)


def a_visit(status: Status = "fulfilled", price: int | None = 1_000, **changes: Any) -> Appointment:
    visit = Appointment(
        network_id="net", appointment_id=new_id(), version=3, status=status, patient_id=new_id(),
        practitioner_id=new_id(), branch_id=BRANCH, service_id=new_id(), starts_at=NOW,
        ends_at=NOW + timedelta(minutes=30), source="desk", created_at=NOW, completed_at=NOW, price=price,
        currency="" if price is None else "KZT",
    )  # fmt: skip
    return replace(visit, **changes)


def tenge(amount: int) -> Paid:
    return Paid(amount=amount, currency="KZT", method="cash")


def do(
    visit: Appointment, other: Appointment, what: str, amount: int, which: int
) -> tuple[Appointment, Appointment]:
    """One act, on whichever entry there is."""
    if what == "pay":
        return money.pay(visit, tenge(amount), new_id(), HERE), other
    if what == "move":
        return money.move(visit, other, amount or None, new_id(), HERE, to_anybody=True)
    if what == "reprice":
        return money.reprice(visit, Money(amount=amount, currency="KZT"), "agreed"), other
    if what == "reverse":
        if not visit.entries:
            return visit, other
        wrong = visit.entries[which % len(visit.entries)]
        order = ReversePayment(visit_id=visit.appointment_id, payment_id=wrong.entry_id, reason="wrong")
        return money.reverse(visit, order, HERE, only_own=False), other
    wish = RefundPayment(
        visit_id=visit.appointment_id, amount=amount or 1, currency="KZT", method="cash", reason="asked",
        lowers_price=what == "waive",
    )  # fmt: skip
    return money.refund(visit, wish, HERE), other


@given(st.lists(acts, max_size=25), st.sampled_from(STATUSES), st.none() | amounts)
def test_whatever_is_done_the_balance_is_that_of_the_ledger_and_no_more_goes_back_than_came(
    history: list[tuple[str, int, int]], status: Status, price: int | None
):
    visit, other = a_visit(status, price), a_visit("booked")
    known: tuple[Entry, ...] = ()
    for what, amount, which in history:
        with suppress(Refused):
            visit, other = do(visit, other, what, amount, which)
        assert visit.entries[: len(known)] == known, "the ledger only grows"
        known = visit.entries
        assert visit.paid >= 0
        assert other.paid >= 0
        assert (visit.price or 0) >= 0

    accounts = [visit.account, replace(other.account, patient_id=visit.patient_id)]
    for one in balance.balances(accounts, lambda _: TODAY):
        assert one.balance == one.charged - one.paid == one.owes - one.credit - one.deposits
        assert 0 <= one.overdue <= one.owes
    assert sum(one.paid for one in balance.balances(accounts, lambda _: TODAY)) == ledger.net(
        (*visit.entries, *other.entries)
    )
    lines = till.lines((*visit.entries, *other.entries))
    assert sum(line.received - line.refunded for line in lines) == visit.paid + other.paid
    assert till.cash(lines) == visit.paid + other.paid


@given(st.lists(acts, max_size=15))
def test_what_is_told_of_a_visit_adds_up(history: list[tuple[str, int, int]]):
    visit, other = a_visit(), a_visit("booked")
    for what, amount, which in history:
        with suppress(Refused):
            visit, other = do(visit, other, what, amount, which)
    told = telling.visit(visit, service_kind="hygiene")
    assert told is not None
    came, went = (sum(one.amount.amount for one in those) for those in (told.payments, told.refunds))
    assert (told.paid.amount if told.paid else 0) == came - went == visit.paid
    assert told.price is not None
    assert told.balance is not None
    assert told.balance.amount == told.price.amount - visit.paid


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, int, list[Instalment]]:
    """A price, what was paid of it at once, and instalments of the rest."""
    sizes = draw(st.lists(st.integers(1, 1_000), min_size=1, max_size=8))
    days = sorted(draw(st.sets(st.integers(0, 400), min_size=len(sizes), max_size=len(sizes))))
    paid = draw(st.integers(0, 1_000))
    instalments = [
        Instalment(due_on=TODAY + timedelta(days=day), amount=size)
        for day, size in zip(days, sizes, strict=True)
    ]
    return sum(sizes) + paid, paid, instalments


@given(plans(), st.integers(-5, 5))
def test_instalments_are_agreed_on_if_they_sum_to_what_is_open_and_only_then(
    plan: tuple[int, int, list[Instalment]], off: int
):
    price, paid, instalments = plan
    visit = money.pay(a_visit(price=price + off), tenge(paid), new_id(), HERE)
    if off == 0:
        agreed = money.agree(visit, instalments, today=TODAY)
        assert sum(part.amount for part in agreed.instalments) == agreed.account.open
    else:
        with pytest.raises(Refused) as refused:
            money.agree(visit, instalments, today=TODAY)
        assert refused.value.refusal == "instalments-do-not-sum"


@given(plans(), st.integers(0, 9_000), st.integers(-1, 401))
def test_overdue_is_what_should_have_been_paid_by_now_and_was_not(
    plan: tuple[int, int, list[Instalment]], later: int, day: int
):
    price, paid, instalments = plan
    today = TODAY + timedelta(days=day)
    account = Account(new_id(), BRANCH, "fulfilled", price, "KZT", paid + later, tuple(instalments))
    due = sum(part.amount for part in instalments if part.due_on < today)
    assert ledger.overdue(account, today) == max(0, due - later)


def test_a_hold_is_not_paid_for():
    with pytest.raises(Refused) as refused:
        money.pay(a_visit("held", version=0), tenge(1), new_id(), HERE)
    assert refused.value.refusal == "unknown-visit"


def test_money_belongs_to_the_first_day_that_is_open():
    closed = {TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=5)}
    assert till.open_day(TODAY, closed) == TODAY + timedelta(days=2)
    assert till.open_day(TODAY, set()) == TODAY

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.recall import Interval
from common.ids import new_id
from recall import rules
from recall.rules import HYGIENE_AFTER, Appointment, Recall

ALMATY = "Asia/Almaty"
VISIT = datetime(2026, 5, 1, 5, 0, tzinfo=UTC)


def planned(visit_id=None) -> Recall:
    due = rules.due(VISIT, HYGIENE_AFTER, ALMATY)
    return Recall(
        outreach_id=new_id(), rule_id=new_id(), patient_id=new_id(), service_kind="hygiene", service_id=new_id(),
        branch_id=new_id(), practitioner_id=new_id(), visit_id=visit_id or new_id(), last_visit_at=VISIT,
        planned_for=due, due_at=due, template="recall",
    )  # fmt: skip


def visit_of(recall: Recall) -> Appointment:
    return Appointment(recall.visit_id, "fulfilled", VISIT)


def later(status, days=30) -> Appointment:
    return Appointment(new_id(), status, VISIT + timedelta(days=days))


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2024, 11, 1), date(2025, 4, 16)),
        (date(2024, 8, 31), date(2025, 2, 13)),  # clamped to 28 February first
        (date(2023, 8, 31), date(2024, 2, 14)),  # 29 February in a leap year
        (date(2024, 6, 30), date(2024, 12, 15)),
    ],
)
def test_hygiene_is_due_five_and_a_half_months_later(last, due):
    assert rules.after(last, HYGIENE_AFTER) == due


def test_six_months_after_the_last_of_august_is_the_last_of_february():
    assert rules.after(date(2024, 8, 31), Interval(months=6)) == date(2025, 2, 28)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 120))
def test_months_keep_the_day_or_clamp_it_to_the_months_end(day, months):
    result = rules.after(day, Interval(months=months))
    assert (result.year * 12 + result.month) - (day.year * 12 + day.month) == months
    assert result.day == day.day or (result.day < day.day and (result + timedelta(days=1)).day == 1)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 60), st.integers(-365, 3650))
def test_days_are_counted_after_the_months(day, months, days):
    in_months = rules.after(day, Interval(months=months))
    assert rules.after(day, Interval(months=months, days=days)) == in_months + timedelta(days=days)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([ALMATY, "America/Sao_Paulo", "Asia/Tehran", "Europe/Paris", "Asia/Taipei"]),
)
def test_the_invitation_is_due_at_ten_in_the_branchs_morning(visit, zone):
    there = rules.due(visit, HYGIENE_AFTER, zone).astimezone(ZoneInfo(zone))
    assert (there.hour, there.minute) == (10, 0)
    assert there.date() == rules.after(visit.astimezone(ZoneInfo(zone)).date(), HYGIENE_AFTER)


def test_a_late_evening_counts_as_its_local_day():
    in_utc = datetime(2024, 10, 31, 20, 0, tzinfo=UTC)  # 1 November, 01:00 in Almaty
    assert rules.due(in_utc, HYGIENE_AFTER, ALMATY) == datetime(2025, 4, 16, 5, 0, tzinfo=UTC)


def test_a_rule_that_ends_before_the_visit_is_refused():
    rule = rules.default_rule("net").model_copy(update={"after": Interval(months=1, days=-40)})
    with pytest.raises(rules.IntervalNotAfter):
        rules.check(rule)


def test_a_visit_without_anything_later_stays_planned():
    recall = planned()
    assert rules.settle(recall, [visit_of(recall)], ALMATY) == recall


@pytest.mark.parametrize("status", ["booked", "confirmed", "arrived", "displaced"])
def test_whoever_is_coming_already_is_not_invited(status):
    recall = planned()
    settled = rules.settle(recall, [visit_of(recall), later(status)], ALMATY)
    assert (settled.state, settled.due_at) == ("booked", None)


@pytest.mark.parametrize("status", ["cancelled", "held"])
def test_a_cancelled_or_merely_held_appointment_leaves_it_planned(status):
    recall = planned()
    assert rules.settle(recall, [visit_of(recall), later(status)], ALMATY) == recall


def test_a_newer_visit_supersedes():
    recall = planned()
    settled = rules.settle(recall, [visit_of(recall), later("fulfilled")], ALMATY)
    assert (settled.state, settled.due_at, settled.reason) == ("superseded", None, "newer-visit")


def test_an_undone_visit_takes_its_plan_along():
    recall = planned()
    settled = rules.settle(recall, [replace(visit_of(recall), status="arrived")], ALMATY)
    assert (settled.state, settled.due_at, settled.reason) == ("cancelled", None, "visit-undone")


def test_an_undone_newer_visit_brings_the_older_plan_back():
    recall = planned()
    newer = later("fulfilled")
    superseded = rules.settle(recall, [visit_of(recall), newer], ALMATY)
    assert (
        rules.settle(superseded, [visit_of(recall), replace(newer, status="noshow")], ALMATY).state
        == "planned"
    )


def test_a_no_show_is_acted_on_the_next_morning():
    recall = planned()
    missed = Appointment(new_id(), "noshow", recall.planned_for + timedelta(days=3, hours=5))
    settled = rules.settle(recall, [visit_of(recall), missed], ALMATY)
    assert settled.due_at == recall.planned_for + timedelta(days=4)


def test_an_old_appointment_nobody_closed_does_not_count():
    recall = planned()
    assert rules.settle(recall, [visit_of(recall), later("booked", days=-400)], ALMATY) == recall


def test_an_invitation_goes_out_once_even_if_the_booking_it_brought_is_cancelled():
    recall = rules.invite(planned(), now=VISIT + timedelta(days=170))
    coming = later("booked", days=180)
    booked = rules.settle(recall, [visit_of(recall), coming], ALMATY)
    again = rules.settle(booked, [visit_of(recall), replace(coming, status="cancelled")], ALMATY)
    assert (booked.state, again.state, again.due_at, again.version) == ("booked", "invited", None, 1)


def test_what_a_suppressed_invitation_was_stays_told():
    recall = replace(rules.invite(planned(), now=VISIT), state="suppressed", reason="no-consent")
    assert rules.settle(recall, [visit_of(recall), later("booked")], ALMATY) == recall


@given(st.lists(st.sampled_from(["booked", "cancelled", "fulfilled", "noshow", "held"]), max_size=4))
def test_the_order_of_what_is_known_does_not_matter(statuses):
    recall = planned()
    known = [visit_of(recall), *(later(status, days=10 * n + 1) for n, status in enumerate(statuses))]
    assert len({rules.settle(recall, order, ALMATY) for order in permutations(known)}) == 1


@given(st.sampled_from(["booked", "cancelled", "fulfilled", "noshow"]))
def test_settling_twice_changes_nothing(status):
    recall = planned()
    known = [visit_of(recall), later(status)]
    once = rules.settle(recall, known, ALMATY)
    assert rules.settle(once, known, ALMATY) == once

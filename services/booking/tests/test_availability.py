"""Working time and slots against a model that looks at every minute by itself."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules import availability
from booking.rules.availability import Span, instant, seconds
from common.contracts.directory import OpeningHours, WorkingHours
from common.ids import new_id

PARIS = "Europe/Paris"
SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)
"""The clocks go forward at 02:00, and back at 03:00."""
BRANCH = new_id()

zones = st.sampled_from([PARIS, "Asia/Almaty", "America/Sao_Paulo", "Asia/Tehran", "Australia/Lord_Howe"])
days = st.one_of(
    st.sampled_from([SPRING, AUTUMN, date(2027, 4, 4), date(2026, 10, 4), date(2024, 2, 29)]),
    st.dates(date(2023, 1, 1), date(2028, 1, 1)),
)
quarters = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


def minutes(spans: list[Span]) -> set[int]:
    return {minute for start, end in spans for minute in range(start // 60, end // 60)}


def shown(zone: str, day: date, starts: time, ends: time) -> set[int]:
    """Every minute around the day whose wall clock shows a time from `starts` until `ends` on that day."""
    first = seconds(datetime.combine(day, time(), UTC)) // 60 - 24 * 60
    return {
        minute
        for minute in range(first, first + 72 * 60)
        if (local := datetime.fromtimestamp(minute * 60, ZoneInfo(zone))).date() == day
        and starts <= local.time()
        and (local.time() < ends or ends == time())
    }


@settings(max_examples=60, deadline=None)
@given(zone=zones, day=days, starts=quarters, ends=quarters)
def test_a_local_span_is_every_minute_whose_wall_clock_shows_it(zone, day, starts, ends):
    assert minutes(availability.local_span(zone, day, starts, ends)) == shown(zone, day, starts, ends)


@settings(max_examples=40, deadline=None)
@given(
    zone=zones,
    day=days,
    own=st.lists(st.tuples(quarters, quarters), max_size=3),
    branch=st.tuples(quarters, quarters),
)
def test_working_time_is_the_practitioners_within_the_branchs(zone, day, own, branch):
    weekday = day.isoweekday()
    rules = [WorkingHours(branch_id=BRANCH, weekday=weekday, starts=a, ends=b) for a, b in own]
    hours = [OpeningHours(weekday=weekday, opens=branch[0], closes=branch[1])]
    expected = set().union(*(shown(zone, day, a, b) for a, b in own)) & shown(zone, day, *branch)
    assert minutes(availability.working_on(rules, hours, zone, day)) == expected


spans = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 120)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(
    windows=spans,
    busy=spans,
    duration=st.integers(5, 60),
    before=st.integers(0, 20),
    after=st.integers(0, 20),
    granularity=st.sampled_from([5, 7, 15, 30]),
    earliest=st.integers(0, 200),
)
def test_free_starts_are_those_at_which_every_minute_is_free(
    windows, busy, duration, before, after, granularity, earliest
):
    windows = availability.merged(windows)
    work = {minute for start, end in windows for minute in range(start, end)}
    taken = {minute for start, end in busy for minute in range(start, end)}
    expected = [
        at
        for opening, closing in windows
        for at in range(opening, closing, granularity)
        if at >= earliest
        and all(minute in work for minute in range(at, at + duration))
        and not any(minute in taken for minute in range(at - before, at + duration + after))
    ]
    assert expected == availability.starts(
        windows,
        fits=windows,
        blocked=availability.blocked_starts(busy, duration=duration, before=before, after=after),
        duration=duration,
        granularity=granularity,
        earliest=earliest,
        latest=10**6,
    )


@settings(max_examples=100, deadline=None)
@given(rooms=st.lists(spans, min_size=1, max_size=3), duration=st.integers(5, 60), at=st.integers(0, 500))
def test_a_start_is_blocked_when_it_is_in_every_room(rooms, duration, at):
    blocked = availability.blocked_everywhere(
        [availability.blocked_starts(room, duration=duration, before=0, after=0) for room in rooms]
    )
    free_somewhere = any(all(end <= at or at + duration <= start for start, end in room) for room in rooms)
    assert availability.inside(blocked, at, at + 1) is not free_somewhere


def test_without_any_room_every_start_is_blocked():
    assert availability.inside(availability.blocked_everywhere([]), 0, 1)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 11, 2), 24)])
def test_a_local_day_has_as_many_hours_as_its_clock(day, hours):
    start, end = availability.local_day(PARIS, day)
    assert end - start == hours * 3600


def test_ten_oclock_stays_ten_oclock_when_the_clocks_change():
    for day in availability.days_from(SPRING - timedelta(days=2), 5):
        [(start, _)] = availability.local_span(PARIS, day, time(10), time(11))
        assert instant(start).astimezone(ZoneInfo(PARIS)).hour == 10


def test_the_night_of_spring_has_no_half_past_two():
    assert availability.local_span(PARIS, SPRING, time(2, 15), time(2, 45)) == []


def test_rules_hold_from_and_until_their_dates():
    day = date(2026, 11, 2)
    hours = [OpeningHours(weekday=1, opens=time(9), closes=time(18))]

    def works(**valid: date) -> bool:
        rule = WorkingHours(branch_id=BRANCH, weekday=1, starts=time(9), ends=time(18), **valid)
        return bool(availability.working_on([rule], hours, PARIS, day))

    assert works(valid_from=day, valid_to=day)
    assert not works(valid_from=day + timedelta(days=1))
    assert not works(valid_to=day - timedelta(days=1))

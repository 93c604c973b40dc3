"""When somebody can be booked: working time minus what is taken, on a grid.

Everything here counts in whole seconds since 1970 (UTC), in sorted lists of half-open spans: integers make
comparing cheap, and a search over a month for ten practitioners stays in the low milliseconds. Local wall time
enters once, in `local_span`, which is where the days of 23 and 25 hours are settled.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from common.contracts.directory import OpeningHours, WorkingHours

Span = tuple[int, int]
"""From (included) to (excluded), in seconds since 1970."""

MIDNIGHT = time(0, 0)
DAY = 24 * 60 * 60


def seconds(instant: datetime) -> int:
    """An instant as seconds since 1970, rounded down."""
    return int(instant.timestamp())


def instant(at: int) -> datetime:
    """The reverse of `seconds`."""
    return datetime.fromtimestamp(at, UTC)


# --- spans ----------------------------------------------------------------------------------------------


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted, without overlaps; spans that touch become one."""
    result: list[Span] = []
    opened, closed = 0, -(2**62)
    for start, end in sorted(spans):
        if start > closed:
            if opened < closed:
                result.append((opened, closed))
            opened, closed = start, max(start, end)
        elif end > closed:
            closed = end
    if opened < closed:
        result.append((opened, closed))
    return result


def common_to(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What two sorted lists have in common."""
    result: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            result.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return result


def without(spans: Sequence[Span], gone: Sequence[Span]) -> list[Span]:
    """What is left of a sorted list when another sorted list is taken out."""
    result: list[Span] = []
    for start, end in spans:
        at = start
        for begin, finish in gone:
            if finish <= at or begin >= end:
                continue
            if begin > at:
                result.append((at, begin))
            at = max(at, finish)
        if at < end:
            result.append((at, end))
    return result


def pieces(spans: Sequence[Span], longest: int) -> list[Span]:
    """The same time in pieces of at most `longest` seconds."""
    return [(at, min(at + longest, end)) for start, end in spans for at in range(start, end, longest)]


# --- working time ---------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _offsets(zone: str, day: date) -> tuple[tuple[int, int, int], ...]:
    """The stretches of a local day with one UTC offset each: (from, to, offset), in seconds.

    A day has one stretch, except where the clocks change.
    """
    info = ZoneInfo(zone)
    # Local time is UTC plus at most 14 hours and minus at most 12, so these bounds contain the day.
    first = seconds(datetime.combine(day, MIDNIGHT, UTC)) - 15 * 3600
    last = first + 55 * 3600

    def offset_at(at: int) -> int:
        delta = instant(at).astimezone(info).utcoffset()
        assert delta is not None
        return int(delta.total_seconds())

    changes = [first]
    for hour in range(first, last, 3600):
        if offset_at(hour) != offset_at(hour + 3600):
            low, high = hour, hour + 3600
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(middle) == offset_at(low) else (low, middle)
            changes.append(high)
    changes.append(last)
    midnight = seconds(datetime.combine(day, MIDNIGHT, UTC))
    stretches = []
    for start, end in pairwise(changes):
        offset = offset_at(start)
        begin, finish = max(start, midnight - offset), min(end, midnight + DAY - offset)
        if begin < finish:
            stretches.append((begin, finish, offset))
    return tuple(stretches)


def local_span(zone: str, day: date, starts: time, ends: time) -> list[Span]:
    """The instants of a day whose wall clock shows a time from `starts` until `ends`; midnight ends the day.

    Where the clocks go forward, times that do not exist are left out; where they go back, the repeated hour
    counts twice, once per time round.
    """
    midnight = seconds(datetime.combine(day, MIDNIGHT, UTC))
    opening = midnight + _of_day(starts)
    closing = midnight + (_of_day(ends) or DAY)
    return merged(
        (max(begin, opening - offset), min(finish, closing - offset))
        for begin, finish, offset in _offsets(zone, day)
    )


def _of_day(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def open_on(hours: Sequence[OpeningHours], zone: str, day: date) -> list[Span]:
    """When a branch is open on a local day."""
    weekday = day.isoweekday()
    return merged(
        span
        for rule in hours
        if rule.weekday == weekday
        for span in local_span(zone, day, rule.opens, rule.closes)
    )


def working_on(
    rules: Sequence[WorkingHours], hours: Sequence[OpeningHours], zone: str, day: date
) -> list[Span]:
    """When a practitioner works at a branch on a local day: inside the branch's hours. `rules` are of that branch."""
    weekday = day.isoweekday()
    own = merged(
        span
        for rule in rules
        if rule.weekday == weekday
        and (rule.valid_from is None or rule.valid_from <= day)
        and (rule.valid_to is None or day <= rule.valid_to)
        for span in local_span(zone, day, rule.starts, rule.ends)
    )
    return common_to(own, open_on(hours, zone, day)) if own else []


def local_day(zone: str, day: date) -> Span:
    """A local day as instants."""
    stretches = _offsets(zone, day)
    return stretches[0][0], stretches[-1][1]


def days_from(first: date, count: int) -> Iterator[date]:
    """`count` days in a row."""
    return (first + timedelta(days=number) for number in range(count))


# --- slots ----------------------------------------------------------------------------------------------


def blocked_starts(busy: Iterable[Span], *, duration: int, before: int, after: int) -> list[Span]:
    """The starts at which a visit with its buffers would touch something taken (all in seconds)."""
    ahead = duration + after - 1
    return merged([(start - ahead, end + before) for start, end in busy])


def blocked_everywhere(each: Sequence[list[Span]]) -> list[Span]:
    """The starts that are blocked in all of several rooms, of which one is enough; no room at all blocks everything."""
    if not each:
        return [(-(2**62), 2**62)]
    result = each[0]
    for other in each[1:]:
        result = common_to(result, other)
    return result


def starts(
    windows: Sequence[Span],
    *,
    fits: Sequence[Span],
    blocked: Sequence[Span],
    duration: int,
    granularity: int,
    earliest: int,
    latest: int,
) -> list[int]:
    """The starts on the grid that are free, in order.

    The grid of each window counts from its own start. The whole visit must lie inside one span of `fits` (the
    merged windows, so that a visit may cross midnight where work does), and its start in none of `blocked` and
    between `earliest` and `latest` (both included).
    """
    result: list[int] = []
    b = f = 0
    for opening, closing in windows:
        at = (
            opening
            if opening >= earliest
            else opening + -(-(earliest - opening) // granularity) * granularity
        )
        while f < len(fits) and fits[f][1] <= at:
            f += 1
        if f == len(fits):
            break
        last = min(closing, latest + 1, fits[f][1] - duration + 1)
        while at < last:
            while b < len(blocked) and blocked[b][1] <= at:
                b += 1
            start, end = blocked[b] if b < len(blocked) else (last, last)
            if at < start:
                result.extend(range(at, min(start, last), granularity))
            at += -(-(end - at) // granularity) * granularity
    return result


def inside(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether a time lies wholly in one span."""
    return any(opening <= start and end <= closing for opening, closing in spans)


def on_the_grid(windows: Sequence[Span], at: int, granularity: int) -> bool:
    """Whether a start is one of those that are offered."""
    return any(opening <= at < closing and (at - opening) % granularity == 0 for opening, closing in windows)

"""Open hours: which instants a policy pack leaves open for a class of message on a channel at a place."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from notifications.rules.values import Entry, Pack, Quiet

Interval = tuple[datetime, datetime]
DAY = timedelta(days=1)
BEFORE_CLOSING = timedelta(minutes=30)
"""What is brought forward goes out this long before the window closes, not at its last second."""


def entries_for(pack: Pack, message_class: str, channel: str, day: date) -> tuple[Entry, ...]:
    """The entries that bind this class on this channel on this date."""
    return tuple(
        entry
        for entry in pack.entries
        if message_class in entry.classes
        and (entry.channels is None or channel in entry.channels)
        and entry.valid_from <= day <= entry.valid_to
    )


@lru_cache(maxsize=20_000)
def open_on(pack: Pack, message_class: str, channel: str, zone: str, day: date) -> tuple[Interval, ...]:
    """The open intervals (UTC) that begin on this local date: the strictest entry wins."""
    open_now: Sequence[Interval] = _whole_day(zone, day)
    for entry in entries_for(pack, message_class, channel, day):
        allowed = _hours_of(entry, pack, entry.zone or zone, day)
        if entry.zone is not None and entry.zone != zone:
            before, after = day - DAY, day + DAY
            allowed = [
                *_hours_of(entry, pack, entry.zone, before), *allowed, *_hours_of(entry, pack, entry.zone, after)
            ]  # fmt: skip
        open_now = _intersect(open_now, allowed)
    return tuple(open_now)


def open_at(
    pack: Pack, message_class: str, channel: str, zone: str, at: datetime, quiet: Quiet | None = None
) -> bool:
    """Whether this instant is open."""
    return any(
        start <= at < end for start, end in _open(pack, message_class, channel, zone, _local(at, zone), quiet)
    )


def next_open(
    pack: Pack,
    message_class: str,
    channel: str,
    zone: str,
    start: datetime,
    latest: datetime,
    quiet: Quiet | None = None,
) -> datetime | None:
    """The first open instant from `start` to `latest`."""
    for day in _days(_local(start, zone), _local(latest, zone)):
        for opens, closes in _open(pack, message_class, channel, zone, day, quiet):
            if closes > start:
                found = max(opens, start)
                return found if found <= latest else None
    return None


def last_open(
    pack: Pack,
    message_class: str,
    channel: str,
    zone: str,
    before: datetime,
    earliest: datetime,
    quiet: Quiet | None = None,
) -> datetime | None:
    """The last instant before `before`, not before `earliest`, kept clear of the window's closing."""
    day = _local(before, zone)
    while day >= _local(earliest, zone):
        for opens, closes in reversed(_open(pack, message_class, channel, zone, day, quiet)):
            if opens < before and closes > earliest:
                end = min(closes, before)
                return max(opens, earliest, end - BEFORE_CLOSING if closes <= before else end)
        day -= DAY
    return None


def _open(
    pack: Pack, message_class: str, channel: str, zone: str, day: date, quiet: Quiet | None
) -> Sequence[Interval]:
    intervals = open_on(pack, message_class, channel, zone, day)
    return intervals if quiet is None else _intersect(intervals, _outside(quiet, zone, day))


def _outside(quiet: Quiet, zone: str, day: date) -> list[Interval]:
    if quiet.begins > quiet.ends:
        return [(_instant(day, quiet.ends, zone), _instant(day, quiet.begins, zone))]
    start, end = _whole_day(zone, day)[0]
    return [(start, _instant(day, quiet.begins, zone)), (_instant(day, quiet.ends, zone), end)]


def _hours_of(entry: Entry, pack: Pack, zone: str, day: date) -> list[Interval]:
    if (not entry.holidays and pack.holiday(day)) or (not entry.mourning and pack.mourning(day)):
        return []
    return [
        (_instant(day, opens, zone), _closing(day, closes, zone))
        for hours in entry.open
        if day.isoweekday() in hours.days
        for opens, closes in hours.between
    ]


def _whole_day(zone: str, day: date) -> list[Interval]:
    return [(_instant(day, time(0), zone), _instant(day + DAY, time(0), zone))]


def _intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    found = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return sorted((start, end) for start, end in found if start < end)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, _zone(zone)).astimezone(UTC)


def _closing(day: date, at: time, zone: str) -> datetime:
    return _instant(day + DAY if at == time(0) else day, at, zone)


def _local(instant: datetime, zone: str) -> date:
    return instant.astimezone(_zone(zone)).date()


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += DAY

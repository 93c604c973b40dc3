"""When another system's calendar says that somebody is busy: iCalendar (RFC 5545) or FHIR as stretches of time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, vRecur

from booking.rules import availability, busy_fhir
from booking.rules.availability import Span
from booking.rules.refusals import MalformedCalendar

FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
MOST_TIMES = 5000
"""Of one event: whoever is busy more often than that is not a person."""


def busy_spans(calendar: str, *, zone: str, since: datetime, until: datetime) -> list[Span]:
    """What is busy between two instants, merged."""
    try:
        if busy_fhir.is_fhir(calendar):
            spans = busy_fhir.spans(calendar)
        else:
            spans = _events(calendar, ZoneInfo(zone), since, until)
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
        raise MalformedCalendar("This is not a calendar that can be read") from error
    window = [(availability.seconds(since), availability.seconds(until))]
    return availability.common_to(availability.merged(spans), window)


def _events(calendar: str, zone: tzinfo, since: datetime, until: datetime) -> list[Span]:
    """Free (`TRANSPARENT`) and cancelled events do not count. Days and times without a zone are local to `zone`;
    repeated events keep the wall clock of their own zone."""
    events: list[Any] = list(Calendar.from_ical(calendar).walk("VEVENT"))
    moved: dict[str, set[datetime]] = defaultdict(set)
    for event in events:
        if "RECURRENCE-ID" in event:
            at, where = _local(event["RECURRENCE-ID"].dt, zone)
            moved[str(event.get("UID"))].add(at.replace(tzinfo=where).astimezone(UTC))
    return [
        span
        for event in events
        if str(event.get("TRANSP", "")) != "TRANSPARENT" and str(event.get("STATUS", "")) != "CANCELLED"
        for span in _times(event, moved[str(event.get("UID"))], zone, since, until)
    ]


def _times(
    event: Any, moved: set[datetime], zone: tzinfo, since: datetime, until: datetime
) -> Iterator[Span]:
    start, where = _local(event["DTSTART"].dt, zone)
    length = _length(event)
    if "RRULE" not in event or "RECURRENCE-ID" in event:
        yield _span(start, length, where)
        return
    gone = moved | {
        at.replace(tzinfo=there).astimezone(UTC)
        for at, there in (_local(one, zone) for one in _dates(event.get("EXDATE")))
    }
    earliest = (since - length - timedelta(days=1)).astimezone(where).replace(tzinfo=None)
    for at in islice(_rule(event, start, where).xafter(earliest, inc=True), MOST_TIMES):
        instant = at.replace(tzinfo=where).astimezone(UTC)
        if instant >= until:
            return
        if instant not in gone:
            yield _span(at, length, where)


def _rule(event: Any, start: datetime, where: tzinfo) -> Any:
    recurrence: Any = vRecur(event["RRULE"])
    if str(recurrence["FREQ"][0]).upper() not in FREQUENCIES:
        raise ValueError("an event that comes more often than daily")
    if "UNTIL" in recurrence:
        recurrence["UNTIL"] = [_local(recurrence["UNTIL"][0], where, shown_in=where)[0]]
    return rrulestr(recurrence.to_ical().decode(), dtstart=start)


def _local(
    value: date | datetime, zone: tzinfo, *, shown_in: tzinfo | None = None
) -> tuple[datetime, tzinfo]:
    """A wall-clock time and whose wall it is."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min), zone
    if value.tzinfo is None:
        return value, zone
    where = shown_in or value.tzinfo
    return value.astimezone(where).replace(tzinfo=None), where


def _length(event: Any) -> timedelta:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        length: timedelta = event["DTEND"].dt - start
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        length = timedelta(0) if isinstance(start, datetime) else timedelta(days=1)
    return max(length, timedelta(0))


def _span(start: datetime, length: timedelta, where: tzinfo) -> Span:
    begin = start.replace(tzinfo=where)
    whole_days = start.time() == time.min and length % timedelta(days=1) == timedelta(0)
    end = (start + length).replace(tzinfo=where) if whole_days else begin.astimezone(UTC) + length
    return availability.seconds(begin), availability.seconds(end)


def _dates(exdate: Any) -> Iterator[date | datetime]:
    for group in exdate if isinstance(exdate, list) else [exdate] if exdate is not None else []:
        for one in group.dts:
            yield one.dt

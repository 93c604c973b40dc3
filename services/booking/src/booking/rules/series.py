"""The times of a series: the same wall clock at the branch, however the clocks change in between."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["week", "month"]


def local_times(starts_at: datetime, zone: str, *, number: int, every: int, unit: Unit) -> list[datetime]:
    """Wall-clock times (naive), the first included; a month without the day has its last day instead."""
    first = starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if unit == "week":
        return [first + timedelta(weeks=every * step) for step in range(number)]
    return [_months_later(first, every * step) for step in range(number)]


def _months_later(first: datetime, months: int) -> datetime:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    day = min(first.day, calendar.monthrange(year, month + 1)[1])
    return first.replace(year=year, month=month + 1, day=day)


def instant(local: datetime, zone: str) -> datetime | None:
    """The instant at which the branch's clock shows this, the first time round; None where it never does."""
    at = nearest_instant(local, zone)
    return at if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local else None


def nearest_instant(local: datetime, zone: str) -> datetime:
    """The same; where the clock never shows it, as long after the change as it would have been."""
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

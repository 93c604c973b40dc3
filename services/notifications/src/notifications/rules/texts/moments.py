"""Instants as this language and its calendar say them, in the branch's local time."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from notifications.rules.texts.icu import format_message
from notifications.rules.texts.values import Texts


def moment(texts: Texts, form: str, at: datetime, zone: str) -> str:
    """ICU ignores zones: it is given the wall time as if it were UTC, and its numbers for times that are said aloud. `document` is dated as papers are."""
    locale: str = texts.locale
    if form == "document" and texts.document_calendar:
        locale = f"{locale}-u-ca-{texts.document_calendar}"
    return _written(locale, texts.moments[form], at, zone)


@lru_cache(maxsize=5_000)
def _written(locale: str, pattern: str, at: datetime, zone: str) -> str:
    """Visits start at few instants, and those of a morning are told of together."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    return format_message(locale, pattern, {"start": wall, "hour": wall.hour, "minute": wall.minute})


def near(at: datetime, zone: str, now: datetime) -> str:
    """`today` or `tomorrow` where it is true at this moment, else the empty word."""
    place = ZoneInfo(zone)
    days = at.astimezone(place).date() - now.astimezone(place).date()
    return {timedelta(0): "today", timedelta(days=1): "tomorrow"}.get(days, "")


def when_day(texts: Texts, at: datetime, zone: str, now: datetime) -> str:
    """Day and time, with "today" or "tomorrow"."""
    return moment(texts, near(at, zone, now) or "when", at, zone)


def when_day_short(texts: Texts, at: datetime, zone: str, now: datetime) -> str:
    """The same in few characters."""
    name = near(at, zone, now)
    return moment(texts, f"short_{name}" if name else "short", at, zone)


def day(texts: Texts, at: datetime, zone: str, now: datetime) -> str:
    """The day alone."""
    name = near(at, zone, now)
    return moment(texts, f"date_{name}" if name else "date", at, zone)


def deadline(texts: Texts, at: datetime, zone: str, now: datetime) -> str:
    """The time alone while it is still today."""
    return moment(texts, "time" if near(at, zone, now) == "today" else "short", at, zone)

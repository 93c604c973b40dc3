"""What the query of a listing asks for."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devkit.sandbox.messages import Message
from devkit.sandbox.sms.refusals import Refusal

FILTER = re.compile(r"(?P<name>DateSent)(?P<compare>[<>]?)$")


def number_in(query: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """Refuses with 20001 what is no number; what is too high is the highest."""
    given = query.get(name, str(default))
    if not given.isdecimal():
        raise Refusal(400, 20001, f"Parameter '{name}' is not valid")
    return min(int(given), highest)


def wanted_by(query: Mapping[str, str]) -> Any:
    """`To`, `From`, and `DateSent` on a day, or before (`<`) or after (`>`) an instant or day, inclusively."""
    sender = query.get("From")
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for name, value in query.items():
        if compare := FILTER.match(name):
            start, end = _span(value)
            if compare["compare"] != "<":
                earliest = start
            if compare["compare"] != ">":
                latest = end

    def wanted(message: Message) -> bool:
        from_ = message.address if message.by_patient else message.account
        return sender in (None, from_) and earliest <= message.at <= latest

    return wanted


def _span(value: str) -> tuple[datetime, datetime]:
    try:
        if len(value) == 10:
            day = datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
            return day, day + timedelta(days=1) - timedelta(microseconds=1)
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refusal(400, 20001, "Parameter 'DateSent' is not valid") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at, at

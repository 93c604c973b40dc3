"""Instants and ranges as the outer contract takes them: RFC 3339 with an offset, and nothing that only looks like one."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from common.errors import Refused


class MalformedRange(Refused):
    """A range begins before it ends, and is no longer than its limit."""

    code = "malformed"


def _written(value: object) -> object:
    """A number would be read as seconds since 1970: somebody's mistake, which must not become a date."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("an RFC 3339 instant with an offset is needed")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]

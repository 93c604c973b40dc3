"""What can go wrong, as far as a caller has to tell the cases apart."""

from typing import Any, ClassVar


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule said no. It knows its code, never an HTTP status; `extra` says what would be possible instead.

    Services subclass it (`class SlotTaken(Refused): code = "slot-taken"`); over the wire it arrives as the
    base class with the same code.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str = "", *, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail or code or self.code)
        self.detail = detail
        self.refusal = code or self.code
        self.extra = extra


class UnknownThing(Refused):
    """What was named does not exist in the caller's network: `unknown-<kind>`."""

    def __init__(self, kind: str, identity: object = "") -> None:
        super().__init__(
            f"No such {kind}: {identity}" if identity != "" else f"No such {kind}", code=f"unknown-{kind}"
        )


class VersionConflict(Refused):
    """Somebody changed it since the caller looked (`if_version`); `extra["version"]` is today's."""

    code = "version-conflict"


class CommandReused(Refused):
    """The same command id arrived with another body."""

    code = "command-reused"


class NotAllowed(Refused):
    """The caller's context does not permit this."""

    code = "not-allowed"


class Unavailable(Exception):  # noqa: N818
    """Another service did not answer in time, or is not there at all."""

    def __init__(self, who: str, why: str = "no answer") -> None:
        super().__init__(f"{who}: {why}")
        self.who = who
        self.why = why


def unavailability(error: BaseException) -> Unavailable | None:
    """The `Unavailable` in an error, which may be a group of them raised by questions asked at once.

    A group that holds anything else too is a bug, and is no unavailability.
    """
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, BaseExceptionGroup):
        inner = [unavailability(one) for one in error.exceptions]
        return inner[0] if all(inner) else None
    return None

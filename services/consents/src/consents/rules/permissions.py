"""The life of a permission: granted, refused, withdrawn, granted again; each act with its evidence, none undone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args
from uuid import UUID

from common.contracts.consents import Given, GrantPermissions, Permission, Purpose, WithdrawPermission
from common.errors import Refused, UnknownThing

State = Literal["granted", "withdrawn", "refused"]
Held = Mapping[Purpose, Permission]


class Contradiction(Refused):
    """The same purpose was agreed to and refused at once."""

    code = "contradictory-permissions"


@dataclass(frozen=True)
class Book:
    """All permissions of one patient, by purpose."""

    patient_id: UUID
    held: Held

    @property
    def version(self) -> int:
        """The count of acts so far: each takes the next number, and stands in the permission that it changed."""
        return max((permission.version for permission in self.held.values()), default=0)


def granted(
    book: Book, command: GrantPermissions, given: Given, *, now: datetime, mint: Callable[[], UUID]
) -> list[Permission]:
    """What an answer to the questions of a form changes: each act takes the patient's next version."""
    grants, refusals = list(dict.fromkeys(command.grants)), list(dict.fromkeys(command.refusals))
    if set(grants) & set(refusals):
        raise Contradiction("A purpose cannot be agreed to and refused at once")
    acts: list[tuple[Purpose, State]] = [
        *((purpose, "granted") for purpose in grants),
        *((purpose, "refused") for purpose in refusals),
    ]
    return [
        _act(book, purpose, state, given, version=book.version + count, now=now, mint=mint)
        for count, (purpose, state) in enumerate(acts, start=1)
    ]


def withdrawn(
    book: Book, command: WithdrawPermission, *, now: datetime, mint: Callable[[], UUID]
) -> list[Permission]:
    """Withdrawing by id or by purpose; what is withdrawn or refused already stays as it is.

    A purpose that nobody ever asked about can be withdrawn too: "stop" must hold whatever it rested on.
    Refuses `unknown-permission`.
    """
    known = _meant(book.held, command)
    if known is not None and known.state != "granted":
        return []
    purpose = known.purpose if known is not None else command.purpose
    if purpose is None:
        raise UnknownThing("permission", command.permission_id or "")
    given = Given(
        text_version=known.given.text_version if known is not None else "",
        how=_how(command.how),
    )
    return [_act(book, purpose, "withdrawn", given, version=book.version + 1, now=now, mint=mint)]


def _meant(held: Held, command: WithdrawPermission) -> Permission | None:
    if command.permission_id is None:
        return held.get(command.purpose) if command.purpose is not None else None
    for permission in held.values():
        if permission.permission_id == command.permission_id:
            return permission
    raise UnknownThing("permission", command.permission_id)


def _how(text: str) -> Literal["booking-form", "voice", "link", "paper", "import", "reply", "desk"]:
    known = get_args(Given.model_fields["how"].annotation)
    return cast("Literal['desk']", text) if text in known else "desk"


def _act(
    book: Book,
    purpose: Purpose,
    state: State,
    given: Given,
    *,
    version: int,
    now: datetime,
    mint: Callable[[], UUID],
) -> Permission:
    known = book.held.get(purpose)
    return Permission(
        permission_id=known.permission_id if known is not None else mint(),
        patient_id=book.patient_id,
        purpose=purpose,
        state=state,
        given=given,
        changed_at=now,
        version=version,
    )

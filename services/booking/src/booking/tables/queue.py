"""The queue's rows."""

from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.queue import Ticket


async def draw(tx: AsyncConnection, network_id: str, branch_id: UUID, day: date) -> int:
    """The next number of a branch's day; whoever draws at the same time waits for the commit and gets the one after."""
    row = await tx.execute(_DRAW, {"network": network_id, "branch": branch_id, "day": day})
    return int(row.scalar_one())


async def add(tx: AsyncConnection, ticket: Ticket) -> None:
    """Write a new number."""
    await tx.execute(_ADD, _values(ticket))


async def change(tx: AsyncConnection, ticket: Ticket) -> None:
    """Write a changed number."""
    await tx.execute(_CHANGE, _values(ticket))


async def find(tx: AsyncConnection, network_id: str, ticket_id: UUID, *, lock: bool = False) -> Ticket | None:
    """One number by its id."""
    statement = _LOCK if lock else _FIND
    row = (await tx.execute(statement, {"network": network_id, "ticket": ticket_id})).mappings().one_or_none()
    return None if row is None else Ticket(**row)


async def open_of_patient(
    tx: AsyncConnection, network_id: str, branch_id: UUID, day: date, patient_id: UUID
) -> Ticket | None:
    """The number with which a patient waits already."""
    values = {"network": network_id, "branch": branch_id, "day": day, "patient": patient_id}
    row = (await tx.execute(_OPEN_OF_PATIENT, values)).mappings().one_or_none()
    return None if row is None else Ticket(**row)


async def next_waiting(
    tx: AsyncConnection, network_id: str, branch_id: UUID, day: date, services: list[UUID]
) -> Ticket | None:
    """The first who waits for one of these services or any, locked; one whom somebody else calls now is passed over."""
    values = {"network": network_id, "branch": branch_id, "day": day, "services": services}
    row = (await tx.execute(_NEXT, values)).mappings().one_or_none()
    return None if row is None else Ticket(**row)


async def of_day(tx: AsyncConnection, network_id: str, branch_id: UUID, day: date) -> list[Ticket]:
    """All numbers of a branch's day, in their order."""
    rows = await tx.execute(_OF_DAY, {"network": network_id, "branch": branch_id, "day": day})
    return [Ticket(**row) for row in rows.mappings()]


_NAMES = [field.name for field in fields(Ticket)]
_COLUMNS = ", ".join(_NAMES)
_SELECT = f"SELECT {_COLUMNS} FROM tickets WHERE network_id = :network"  # noqa: S608 - names of this module
_OF_BRANCH = f"{_SELECT} AND branch_id = :branch AND day = :day"


def _values(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in _NAMES}


_DRAW = sa.text(
    "INSERT INTO ticket_numbers (network_id, branch_id, day, last) VALUES (:network, :branch, :day, 1)"
    " ON CONFLICT (network_id, branch_id, day) DO UPDATE SET last = ticket_numbers.last + 1 RETURNING last"
)
_ADD = sa.text(f"INSERT INTO tickets ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})")  # noqa: S608
_CHANGE = sa.text(
    f"UPDATE tickets SET {', '.join(f'{name} = :{name}' for name in _NAMES)}"  # noqa: S608
    " WHERE network_id = :network_id AND ticket_id = :ticket_id"
)
_FIND = sa.text(f"{_SELECT} AND ticket_id = :ticket")
_LOCK = sa.text(f"{_SELECT} AND ticket_id = :ticket FOR UPDATE")
_OPEN_OF_PATIENT = sa.text(
    f"{_OF_BRANCH} AND patient_id = :patient AND status IN ('waiting', 'called') ORDER BY number LIMIT 1"
)
_NEXT = sa.text(
    f"{_OF_BRANCH} AND status = 'waiting' AND (service_id IS NULL OR service_id = ANY(:services))"
    " ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_OF_DAY = sa.text(f"{_OF_BRANCH} ORDER BY number")

"""The waitlist's rows."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.waitlist import Entry
from common.contracts.booking import WaitlistOffer

_PLAIN = (
    "network_id", "entry_id", "version", "status", "patient_id", "service_id", "branch_id", "practitioner_id",
    "from_date", "to_date", "from_time", "to_time", "joined_at", "over_at", "appointment_id",
)  # fmt: skip
_ALL = (*_PLAIN, "offer", "offer_id", "passed", "due_at")


def _values(entry: Entry) -> dict[str, Any]:
    return {
        **{name: getattr(entry, name) for name in _PLAIN},
        "offer": entry.offer.model_dump_json() if entry.offer else None,
        "offer_id": entry.offer.offer_id if entry.offer else entry.appointment_id,
        "passed": list(entry.passed),
        "due_at": entry.due_at,
    }


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        **{name: getattr(row, name) for name in _PLAIN},
        offer=WaitlistOffer.model_validate(row.offer) if row.offer else None,
        passed=tuple(row.passed),
    )


async def add(tx: AsyncConnection, entry: Entry) -> bool:
    """Write a new entry; False where its id is known."""
    return bool((await tx.execute(_ADD, _values(entry))).rowcount)


async def change(tx: AsyncConnection, entry: Entry) -> None:
    """Write a changed entry."""
    await tx.execute(_CHANGE, _values(entry))


async def lock(tx: AsyncConnection, network_id: str, entry_id: UUID) -> Entry | None:
    """One entry, locked until the transaction ends."""
    row = (await tx.execute(_LOCK, {"network_id": network_id, "entry_id": entry_id})).one_or_none()
    return None if row is None else _entry(row)


async def lock_by_offer(tx: AsyncConnection, network_id: str, offer_id: UUID) -> Entry | None:
    """The entry that has this offer, or accepted it, locked."""
    row = (await tx.execute(_LOCK_BY_OFFER, {"network_id": network_id, "offer_id": offer_id})).one_or_none()
    return None if row is None else _entry(row)


async def waiting(
    tx: AsyncConnection,
    network_id: str,
    *,
    service_ids: Sequence[UUID],
    practitioner_id: UUID,
    first: date,
    last: date,
    limit: int,
) -> list[Entry]:
    """Who waits for time of a practitioner on some days, locked: who wants only this one first, then who joined first.

    An entry that somebody else changes at this moment is left out.
    """
    rows = await tx.execute(
        _WAITING,
        {
            "network_id": network_id,
            "services": list(service_ids),
            "practitioner": practitioner_id,
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    return [_entry(row) for row in rows]


async def listed(
    tx: AsyncConnection,
    network_id: str,
    *,
    branch_id: UUID | None,
    patient_id: UUID | None,
    only_open: bool,
    limit: int,
) -> list[Entry]:
    """Entries by when they joined; one without a branch belongs to every branch."""
    rows = await tx.execute(
        _LISTED,
        {
            "network_id": network_id,
            "branch": branch_id,
            "patient": patient_id,
            "only_open": only_open,
            "limit": limit,
        },
    )
    return [_entry(row) for row in rows]


def _bound(name: str) -> str:
    return "CAST(:offer AS jsonb)" if name == "offer" else f":{name}"


_COLUMNS = ", ".join(_ALL)
_SELECT = f"SELECT {_COLUMNS} FROM waitlist WHERE network_id = :network_id"  # noqa: S608 - names of this module
_ADD = sa.text(
    f"INSERT INTO waitlist ({_COLUMNS}) VALUES ({', '.join(map(_bound, _ALL))}) ON CONFLICT DO NOTHING"  # noqa: S608
)
_CHANGE = sa.text(
    f"UPDATE waitlist SET {', '.join(f'{name} = {_bound(name)}' for name in _ALL)}"  # noqa: S608
    " WHERE network_id = :network_id AND entry_id = :entry_id"
)
_LOCK = sa.text(f"{_SELECT} AND entry_id = :entry_id FOR UPDATE")
_LOCK_BY_OFFER = sa.text(f"{_SELECT} AND offer_id = :offer_id FOR UPDATE")
_WAITING = sa.text(
    f"{_SELECT} AND status = 'waiting' AND service_id = ANY(:services)"
    " AND (practitioner_id IS NULL OR practitioner_id = :practitioner)"
    " AND from_date <= :last AND to_date >= :first"
    " ORDER BY practitioner_id IS NULL, joined_at, entry_id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
_LISTED = sa.text(
    f"{_SELECT} AND (CAST(:branch AS uuid) IS NULL OR branch_id IS NULL OR branch_id = CAST(:branch AS uuid))"
    " AND (CAST(:patient AS uuid) IS NULL OR patient_id = CAST(:patient AS uuid))"
    " AND (NOT CAST(:only_open AS boolean) OR status IN ('waiting', 'offered'))"
    " ORDER BY joined_at, entry_id LIMIT :limit"
)

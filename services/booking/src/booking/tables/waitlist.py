"""The waitlist's rows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.waitlist import Entry
from booking.tables.schedule import LONGEST
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


async def lock_offers_of(
    tx: AsyncConnection, network_id: str, practitioner_id: UUID, start: datetime, end: datetime
) -> None:
    """Lock who is offered somebody's time: before that time itself, as whoever answers or passes on an offer does."""
    values = {"network_id": network_id, "practitioner": practitioner_id, "start": start, "end": end}
    await tx.execute(_LOCK_OFFERS_OF, {**values, "since": start - LONGEST})


async def waiting(
    tx: AsyncConnection,
    network_id: str,
    *,
    service_ids: Sequence[UUID],
    practitioner_id: UUID,
    branch_ids: Sequence[UUID],
    first: date,
    last: date,
    now: datetime,
    after: Entry | None,
    limit: int,
) -> list[Entry]:
    """Who waits for time of a practitioner on some days: who wants only this one first, then who joined first.

    Not locked, so that others who look through the list at this moment miss nobody; the next page begins `after` the
    last entry of this one.
    """
    rows = await tx.execute(
        _WAITING,
        {
            "network_id": network_id,
            "services": list(service_ids),
            "practitioner": practitioner_id,
            "branches": list(branch_ids),
            "first": first,
            "last": last,
            "now": now,
            "anybody": after is not None and after.practitioner_id is None,
            "joined_at": after.joined_at if after else datetime.min.replace(tzinfo=UTC),
            "entry_id": after.entry_id if after else UUID(int=0),
            "limit": limit,
        },
    )
    return [_entry(row) for row in rows]


async def lock_as_read(tx: AsyncConnection, entry: Entry) -> bool:
    """Lock an entry as it was read; False, without waiting, where somebody changes it or has changed it."""
    key = {"network_id": entry.network_id, "entry_id": entry.entry_id, "version": entry.version}
    return (await tx.execute(_LOCK_AS_READ, key)).first() is not None


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
_LOCK_OFFERS_OF = sa.text(
    f"{_SELECT} AND status = 'offered' AND offer_id IN (SELECT appointment_id FROM appointments a"  # noqa: S608
    " WHERE a.network_id = :network_id AND a.practitioner_id = :practitioner AND a.status = 'held'"
    " AND a.starts_at > :since AND a.starts_at < :end AND a.ends_at > :start) ORDER BY entry_id FOR UPDATE"
)
_LOCK_AS_READ = sa.text(f"{_SELECT} AND entry_id = :entry_id AND version = :version FOR UPDATE SKIP LOCKED")
_WAITING = sa.text(
    f"{_SELECT} AND status = 'waiting' AND service_id = ANY(:services)"
    " AND (practitioner_id IS NULL OR practitioner_id = :practitioner)"
    " AND (branch_id IS NULL OR branch_id = ANY(:branches))"
    " AND from_date <= :last AND to_date >= :first AND over_at > :now"
    " AND (practitioner_id IS NULL, joined_at, entry_id) > (:anybody, :joined_at, :entry_id)"
    " ORDER BY practitioner_id IS NULL, joined_at, entry_id LIMIT :limit"
)
_LISTED = sa.text(
    f"{_SELECT} AND (CAST(:branch AS uuid) IS NULL OR branch_id IS NULL OR branch_id = CAST(:branch AS uuid))"
    " AND (CAST(:patient AS uuid) IS NULL OR patient_id = CAST(:patient AS uuid))"
    " AND (NOT CAST(:only_open AS boolean) OR status IN ('waiting', 'offered'))"
    " ORDER BY joined_at, entry_id LIMIT :limit"
)

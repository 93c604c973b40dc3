"""Time of practitioners that nobody can have: rows beside the appointments, so that one constraint keeps both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.availability import Span, instant, seconds
from booking.tables.schedule import LONGEST
from common.contracts.booking import AbsenceRange, AbsenceReason
from common.ids import new_id


@dataclass(frozen=True)
class Absence:
    """An absence as it was saved."""

    absence_id: UUID
    away: AbsenceRange
    reason: AbsenceReason
    ended_at: datetime | None


async def block(
    tx: AsyncConnection,
    network_id: str,
    practitioner_id: UUID,
    purpose: UUID,
    spans: Sequence[Span],
    *,
    now: datetime,
    lane: int = 0,
) -> bool:
    """Take time out of the schedule; False where any of it belongs to something else (and then none is taken)."""
    ids = [new_id() for _ in spans]
    taken = await tx.execute(
        _BLOCK,
        {
            "network": network_id,
            "practitioner": practitioner_id,
            "purpose": purpose,
            "ids": ids,
            "starts": [instant(start) for start, _ in spans],
            "ends": [instant(end) for _, end in spans],
            "now": now,
            "lane": lane,
        },
    )
    if taken.rowcount == len(spans):
        return True
    await tx.execute(_TAKE_BACK, {"network": network_id, "ids": ids})
    return False


async def block_behind(
    tx: AsyncConnection,
    network_id: str,
    practitioner_id: UUID,
    purpose: UUID,
    spans: Sequence[Span],
    *,
    now: datetime,
) -> None:
    """Keep time closed that something else has taken, for when that goes. Of one practitioner by one at a time."""
    rows = await tx.scalars(
        _LANES_BEHIND, {"network": network_id, "practitioner": practitioner_id, "now": now}
    )
    used = set(rows)
    lane = next(lane for lane in count(-1, -1) if lane not in used)
    kept = await block(tx, network_id, practitioner_id, purpose, spans, now=now, lane=lane)
    assert kept, "nothing else is in a lane that nothing else uses"


async def unblock(
    tx: AsyncConnection,
    network_id: str,
    purpose: UUID,
    practitioner_id: UUID | None = None,
    *,
    now: datetime,
) -> list[tuple[UUID, datetime, datetime]]:
    """Give back what is left of the time, of one practitioner or all; returns whose and when.

    What has gone by stays blocked: nobody could have it, and the load report does not count it as offered.
    """
    values = {"network": network_id, "purpose": purpose, "practitioner": practitioner_id}
    rows = await tx.execute(_UNBLOCK, {**values, "now": now.replace(microsecond=0)})
    return [(row.practitioner_id, row.starts_at, row.ends_at) for row in rows]


async def of_practitioner(
    tx: AsyncConnection, network_id: str, practitioner_id: UUID, start: datetime, end: datetime
) -> list[Span]:
    """What is blocked of somebody's time around a range."""
    rows = await tx.execute(
        _BLOCKS,
        {
            "network": network_id,
            "practitioner": practitioner_id,
            "since": start - LONGEST,
            "until": end,
            "start": start,
        },
    )
    return [(seconds(row.starts_at), seconds(row.ends_at)) for row in rows]


# --- absences -------------------------------------------------------------------------------------------


async def save_absence(
    tx: AsyncConnection,
    network_id: str,
    absence_id: UUID,
    away: AbsenceRange,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> bool:
    """Write an absence; False where this id has one already."""
    values = {
        "network": network_id, "absence_id": absence_id, "practitioner": away.practitioner_id,
        "branch": away.branch_id, "starts_at": away.starts_at, "ends_at": away.ends_at, "reason": reason,
        "by": by, "now": now,
    }  # fmt: skip
    return bool((await tx.execute(_SAVE, values)).rowcount)


async def lock_absence(tx: AsyncConnection, network_id: str, absence_id: UUID) -> Absence | None:
    """One absence, locked."""
    row = (await tx.execute(_LOCK, {"network": network_id, "absence_id": absence_id})).one_or_none()
    return None if row is None else _absence(row)


async def end_absence(tx: AsyncConnection, network_id: str, absence_id: UUID, *, now: datetime) -> None:
    """It counts no more."""
    await tx.execute(_END, {"network": network_id, "absence_id": absence_id, "now": now})


async def absences_around(
    tx: AsyncConnection, network_id: str, start: datetime, end: datetime
) -> list[Absence]:
    """Those that count in a time."""
    rows = await tx.execute(_AROUND, {"network": network_id, "start": start, "end": end})
    return [_absence(row) for row in rows]


async def absences_from(tx: AsyncConnection, network_id: str, now: datetime) -> list[Absence]:
    """Those that count now or later, by their start."""
    rows = await tx.execute(_FROM, {"network": network_id, "now": now})
    return [_absence(row) for row in rows]


def _absence(row: "sa.Row[tuple[object, ...]]") -> Absence:
    away = AbsenceRange(
        practitioner_id=row.practitioner_id,
        branch_id=row.branch_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )
    return Absence(row.absence_id, away, row.reason, row.ended_at)


_BLOCK = sa.text("""
    INSERT INTO appointments (network_id, appointment_id, version, status, practitioner_id, starts_at, ends_at,
        buffer_before, buffer_after, visit, busy, overlap_lane, source, utm, sequence, moves, path, held_for, created_at,
        currency)
    SELECT :network, block_id, 0, 'blocked', CAST(:practitioner AS uuid), starts_at, ends_at, 0, 0,
        tstzrange(starts_at, ends_at), tstzrange(starts_at, ends_at), CAST(:lane AS int), 'api', '{}', 0, 0, '{}',
        CAST(:purpose AS uuid), CAST(:now AS timestamptz), ''
    FROM unnest(CAST(:ids AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS block (block_id, starts_at, ends_at)
    ON CONFLICT DO NOTHING
""")
_LANES_BEHIND = sa.text(
    "SELECT DISTINCT overlap_lane FROM appointments WHERE network_id = :network AND practitioner_id = :practitioner"
    " AND overlap_lane < 0 AND ends_at > :now"
)
_TAKE_BACK = sa.text("DELETE FROM appointments WHERE network_id = :network AND appointment_id = ANY(:ids)")
_UNBLOCK = sa.text("""
    WITH found AS (
        SELECT appointment_id, practitioner_id, greatest(starts_at, :now) AS starts_at, ends_at, starts_at < :now AS begun
        FROM appointments WHERE network_id = :network AND held_for = :purpose AND status = 'blocked' AND ends_at > :now
            AND (CAST(:practitioner AS uuid) IS NULL OR practitioner_id = CAST(:practitioner AS uuid))
        FOR UPDATE
    ), shortened AS (
        UPDATE appointments a
        SET ends_at = :now, visit = tstzrange(a.starts_at, :now), busy = tstzrange(a.starts_at, :now)
        FROM found WHERE a.network_id = :network AND a.appointment_id = found.appointment_id AND found.begun
    ), deleted AS (
        DELETE FROM appointments a USING found
        WHERE a.network_id = :network AND a.appointment_id = found.appointment_id AND NOT found.begun
    )
    SELECT practitioner_id, starts_at, ends_at FROM found
""")
_BLOCKS = sa.text(
    "SELECT starts_at, ends_at FROM appointments WHERE network_id = :network AND practitioner_id = :practitioner"
    " AND status = 'blocked' AND starts_at > :since AND starts_at < :until AND ends_at > :start ORDER BY starts_at"
)
_SAVE = sa.text(
    "INSERT INTO absences (network_id, absence_id, practitioner_id, branch_id, starts_at, ends_at, reason, saved_by,"
    " saved_at) VALUES (:network, :absence_id, :practitioner, :branch, :starts_at, :ends_at, :reason, :by, :now)"
    " ON CONFLICT DO NOTHING"
)
_COLUMNS = "absence_id, practitioner_id, branch_id, starts_at, ends_at, reason, ended_at"
_LOCK = sa.text(
    f"SELECT {_COLUMNS} FROM absences WHERE network_id = :network AND absence_id = :absence_id FOR UPDATE"  # noqa: S608
)
_END = sa.text("UPDATE absences SET ended_at = :now WHERE network_id = :network AND absence_id = :absence_id")
_AROUND = sa.text(
    f"SELECT {_COLUMNS} FROM absences WHERE network_id = :network AND ended_at IS NULL"  # noqa: S608
    " AND starts_at < :end AND ends_at > :start ORDER BY absence_id"
)
_FROM = sa.text(
    f"SELECT {_COLUMNS} FROM absences WHERE network_id = :network AND ended_at IS NULL AND ends_at > :now"  # noqa: S608
    " ORDER BY starts_at, absence_id"
)

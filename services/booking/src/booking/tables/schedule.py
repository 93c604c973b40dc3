"""What is taken already: the one read behind every search for slots."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.appointment import FREE
from booking.rules.availability import Span, instant
from booking.rules.slots import Taken, Visit
from common.statements import SCOPE, Statement, Statements

LONGEST = timedelta(hours=24 + 4 + 4)
"""The longest visit with its buffers that the catalogue allows: whatever starts earlier is over."""


@dataclass(frozen=True)
class Wanted:
    """Whose time is asked about, and which: practitioners, and the rooms of branches."""

    practitioner_ids: Sequence[UUID]
    room_branch_ids: Sequence[UUID]
    span: Span
    now: datetime


async def taken(tx: AsyncConnection, network_id: str, wanted: Wanted) -> Taken:
    """Everything that occupies these practitioners, or these rooms, around a time.

    A hold that has run out is free already, though its row may not have been ended yet.
    """
    return _taken((await tx.execute(_TAKEN, _values(network_id, wanted))).all())


async def taken_at(statements: Statements, network_id: str, wanted: Wanted) -> tuple[int | None, Taken]:
    """The same in one round trip, behind the directory's revision at that moment."""
    rows = await statements.rows(_TAKEN_AT, _values(network_id, wanted))
    busy = _taken(tuple(row)[1:] for row in rows if row.practitioner_id is not None)
    return rows[0].revision, busy


async def engaged(
    tx: AsyncConnection, network_id: str, patient_id: UUID, *, besides: UUID, now: datetime
) -> list[Visit]:
    """When a patient has visits from now on, besides one."""
    rows = await tx.execute(
        _ENGAGED,
        {
            "network": network_id,
            "patient": patient_id,
            "besides": besides,
            "since": now - LONGEST,
            "now": now,
        },
    )
    return [(row.starts_at, row.ends_at) for row in rows]


def _values(network_id: str, wanted: Wanted) -> dict[str, Any]:
    return {
        "network": network_id,
        "practitioners": list(wanted.practitioner_ids),
        "branches": list(wanted.room_branch_ids),
        "start": instant(wanted.span[0]) - LONGEST,
        "end": instant(wanted.span[1]) + LONGEST,
        "now": wanted.now,
    }


def _taken(rows: Iterable[Sequence[Any]]) -> Taken:
    practitioners: dict[UUID, list[Span]] = defaultdict(list)
    rooms: dict[UUID, list[Span]] = defaultdict(list)
    for practitioner_id, room_id, starts, ends in rows:
        busy = list(zip(starts, ends, strict=True))
        practitioners[practitioner_id] += busy
        if room_id is not None:
            rooms[room_id] += busy
    return Taken(practitioners, rooms)


_FREE = ", ".join(f"'{status}'" for status in FREE)
# NOT IN, because the condition of the constraints' own indexes (IN) would tempt the planner to use them, and under
# row-level security it could do so by practitioner only: operators of ranges are not leak-proof.
OCCUPIES = f"status NOT IN ({_FREE})"


def _busy(network: str) -> str:
    """A row for each practitioner (and room) with the seconds from and until which it is taken.

    Lists of numbers, because a month of ten practitioners is thousands of appointments: as rows with instants they
    would cost the reader more than everything else of a search. Two arms, so that each has its own index; the
    second leaves out what the first finds.
    """
    where = (
        f"network_id = {network} AND starts_at > :start AND starts_at < :end AND {OCCUPIES}"
        " AND (held_until IS NULL OR held_until > :now)"
    )
    columns = "practitioner_id, room_id, starts_at, ends_at, buffer_before, buffer_after"
    return f"""
        SELECT practitioner_id, room_id,
            array_agg(CAST(floor(date_part('epoch', starts_at)) AS bigint) - buffer_before * 60) AS starts,
            array_agg(CAST(ceil(date_part('epoch', ends_at)) AS bigint) + buffer_after * 60) AS ends
        FROM (
            SELECT {columns} FROM appointments WHERE practitioner_id = ANY(:practitioners) AND {where}
            UNION ALL SELECT {columns} FROM appointments
            WHERE branch_id = ANY(:branches) AND practitioner_id <> ALL(:practitioners) AND {where}
        ) AS occupied
        GROUP BY practitioner_id, room_id
    """  # noqa: S608 - words of this module


_ENGAGED = sa.text(
    "SELECT starts_at, ends_at FROM appointments WHERE network_id = :network AND patient_id = :patient"  # noqa: S608
    f" AND appointment_id <> :besides AND {OCCUPIES} AND starts_at > :since AND ends_at > :now"
    " AND (held_until IS NULL OR held_until > :now)"
)
_TAKEN = sa.text(_busy(":network"))
_TAKEN_AT = Statement(f"""
    WITH {SCOPE}
    SELECT (SELECT revision FROM networks WHERE networks.network_id = scope.network_id) AS revision, busy.*
    FROM scope LEFT JOIN LATERAL ({_busy("scope.network_id")}) AS busy ON true
""")  # noqa: S608

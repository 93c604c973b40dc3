"""What is taken already: the one read behind every search for slots."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, floor
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.appointment import FREE
from booking.rules.availability import Span, instant
from booking.rules.slots import Taken

LONGEST = timedelta(hours=24 + 4 + 4)
"""The longest visit with its buffers that the catalogue allows: whatever starts earlier is over."""


async def taken(
    tx: AsyncConnection,
    network_id: str,
    *,
    practitioner_ids: Sequence[UUID],
    room_branch_ids: Sequence[UUID],
    span: Span,
    now: datetime,
) -> Taken:
    """Everything that occupies these practitioners, or rooms of these branches, around a time.

    A hold that has run out is free already, though its row may not have been ended yet.
    """
    rows = await tx.execute(
        _TAKEN,
        {
            "network": network_id,
            "practitioners": list(practitioner_ids),
            "branches": list(room_branch_ids),
            "start": instant(span[0]) - LONGEST,
            "end": instant(span[1]) + LONGEST,
            "now": now,
        },
    )
    practitioners: dict[UUID, list[Span]] = defaultdict(list)
    rooms: dict[UUID, list[Span]] = defaultdict(list)
    for row in rows:
        busy = (
            floor(row.starts_at.timestamp()) - row.buffer_before * 60,
            ceil(row.ends_at.timestamp()) + row.buffer_after * 60,
        )
        practitioners[row.practitioner_id].append(busy)
        if row.room_id is not None:
            rooms[row.room_id].append(busy)
    return Taken(practitioners, rooms)


_FREE = ", ".join(f"'{status}'" for status in FREE)
_COLUMNS = "appointment_id, practitioner_id, room_id, starts_at, ends_at, buffer_before, buffer_after"
# NOT IN, because the condition of the constraints' own indexes (IN) would tempt the planner to use them, and under
# row-level security it could do so by practitioner only: operators of ranges are not leak-proof.
OCCUPIES = f"status NOT IN ({_FREE})"
_WHERE = (
    f"network_id = :network AND starts_at > :start AND starts_at < :end AND {OCCUPIES}"
    " AND (held_until IS NULL OR held_until > :now)"
)
# Two arms, so that each has its own index; UNION leaves out what both find.
_TAKEN = sa.text(f"""
    SELECT {_COLUMNS} FROM appointments WHERE practitioner_id = ANY(:practitioners) AND {_WHERE}
    UNION SELECT {_COLUMNS} FROM appointments WHERE branch_id = ANY(:branches) AND {_WHERE}
""")  # noqa: S608

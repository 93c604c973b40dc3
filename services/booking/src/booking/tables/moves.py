"""Moves as rows: from where to where, when, by whom and why."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.appointment import Appointment
from booking.rules.giving_up import GivenUp
from booking.tables.reports import OF_PERIODS, Period, values_of


async def add(
    tx: AsyncConnection,
    before: Appointment,
    after: Appointment,
    *,
    reason: str,
    late: bool,
    by: str,
    at: datetime,
) -> None:
    """Keep a move."""
    await tx.execute(
        _ADD,
        {
            "network": after.network_id,
            "appointment": after.appointment_id,
            "version": after.version,
            "branch": before.branch_id,
            "from": before.starts_at,
            "to": after.starts_at,
            "reason": reason,
            "late": late,
            "by": by,
            "at": at,
        },
    )


async def given_up(tx: AsyncConnection, network_id: str, periods: Sequence[Period]) -> list[GivenUp]:
    """Cancellations and moves of what was to start in some periods, by reason; columns in the order of `GivenUp`."""
    rows = await tx.execute(_GIVEN_UP, values_of(network_id, periods))
    return [GivenUp(*row) for row in rows]


_ADD = sa.text(
    "INSERT INTO moves (network_id, appointment_id, version, branch_id, moved_from, moved_to, reason, late,"
    " moved_by, moved_at) VALUES (:network, :appointment, :version, :branch, :from, :to, :reason, :late, :by, :at)"
)
_GIVEN_UP = sa.text(f"""
    SELECT 'cancelled', coalesce(a.cancel_reason, 'unspecified'), count(*), count(*) FILTER (WHERE a.late_cancel)
    {OF_PERIODS} AND a.status = 'cancelled'
    GROUP BY 2
    UNION ALL
    SELECT 'moved', m.reason, count(*), count(*) FILTER (WHERE m.late)
    FROM unnest(CAST(:branches AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS period (branch_id, starts, ends)
    JOIN moves m ON m.network_id = :network AND m.branch_id = period.branch_id
        AND m.moved_from >= period.starts AND m.moved_from < period.ends
    GROUP BY 2
    ORDER BY 1, 2
""")  # noqa: S608 - constants of this module

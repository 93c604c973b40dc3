"""What the reports count, counted by the database."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.availability import Span, seconds
from booking.rules.load import Worked
from booking.rules.reports import Taken, Tally
from booking.tables.schedule import LONGEST, OCCUPIES


@dataclass(frozen=True)
class Period:
    """The time that one branch's days cover."""

    branch_id: UUID
    start: datetime
    end: datetime


async def tallies(tx: AsyncConnection, network_id: str, periods: Sequence[Period]) -> list[Tally]:
    """How many bookings, by practitioner, service, status and source; columns in the order of `Tally`."""
    rows = await tx.execute(_TALLIES, values_of(network_id, periods))
    return [Tally(*row) for row in rows]


async def worked(tx: AsyncConnection, network_id: str, periods: Sequence[Period]) -> list[Worked]:
    """Visits that have or had their time; columns in the order of `Worked`."""
    rows = await tx.execute(_WORKED, values_of(network_id, periods))
    return [Worked(*row) for row in rows]


async def blocked(
    tx: AsyncConnection, network_id: str, practitioner_ids: Sequence[UUID], periods: Sequence[Period]
) -> dict[UUID, list[Span]]:
    """The time of practitioners that nobody can have, around some periods."""
    if not periods:
        return {}
    start, end = min(period.start for period in periods), max(period.end for period in periods)
    rows = await tx.execute(
        _BLOCKED,
        {
            "network": network_id,
            "practitioners": list(practitioner_ids),
            "since": start - LONGEST,
            "end": end,
        },
    )
    spans: dict[UUID, list[Span]] = defaultdict(list)
    for row in rows:
        spans[row.practitioner_id].append((seconds(row.starts_at), seconds(row.ends_at)))
    return spans


async def taken(
    tx: AsyncConnection, network_id: str, branches: Sequence[UUID], first: date, last: date
) -> list[Taken]:
    """What tills received and gave back on their days, by branch and method; columns in the order of `Taken`."""
    values = {"network": network_id, "branches": list(branches), "first": first, "last": last}
    return [Taken(*row) for row in await tx.execute(_TAKEN, values)]


def values_of(network_id: str, periods: Sequence[Period]) -> dict[str, Any]:
    """What `OF_PERIODS` is given."""
    return {
        "network": network_id,
        "branches": [period.branch_id for period in periods],
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
    }


OF_PERIODS = """
    FROM unnest(CAST(:branches AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS period (branch_id, starts, ends)
    JOIN appointments a ON a.network_id = :network AND a.branch_id = period.branch_id
        AND a.starts_at >= period.starts AND a.starts_at < period.ends AND a.version > 0
"""
"""What starts in some periods, as `a`: no hold, whatever became of it (version 0), and no block."""
_TALLIES = sa.text(f"""
    SELECT a.practitioner_id, a.service_id, a.status, a.source, count(*) AS number,
        CAST(coalesce(sum(a.price), 0) AS bigint) AS price,
        CAST(coalesce(sum(p.amount), 0) AS bigint) AS paid, count(*) FILTER (WHERE p.amount > 0) AS paid_for,
        CAST(coalesce(sum(a.list_price - a.price), 0) AS bigint) AS discounts
    {OF_PERIODS}
    LEFT JOIN (SELECT network_id, appointment_id, sum(amount) AS amount FROM payments GROUP BY 1, 2) p
        USING (network_id, appointment_id)
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""")  # noqa: S608 - constants of this module
_WORKED = sa.text(
    f"SELECT a.practitioner_id, a.branch_id, a.starts_at, a.ends_at, a.overlap_lane > 0 {OF_PERIODS}"
    f" WHERE {OCCUPIES}"
)
_BLOCKED = sa.text(
    "SELECT practitioner_id, starts_at, ends_at FROM appointments WHERE network_id = :network"
    " AND practitioner_id = ANY(:practitioners) AND status = 'blocked' AND starts_at > :since AND starts_at < :end"
)
# A reversal counts against what it undoes: of a payment it makes less received, of a refund less refunded.
_TAKEN = sa.text("""
    SELECT branch_id, method,
        CAST(coalesce(sum(amount) FILTER (WHERE (kind = 'payment') OR (kind = 'reversal' AND amount < 0)), 0) AS bigint),
        CAST(coalesce(-sum(amount) FILTER (WHERE (kind = 'refund') OR (kind = 'reversal' AND amount >= 0)), 0) AS bigint)
    FROM payments WHERE network_id = :network AND branch_id = ANY(:branches) AND day BETWEEN :first AND :last
        AND kind <> 'moved'
    GROUP BY 1, 2 ORDER BY 1, 2
""")

"""The whole schedule looked at once more: that nothing is in two places at a time, and what forbids it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

CONSTRAINTS = ("practitioner_once", "room_once", "patient_once")
TAKING_TIME = ("held", "booked", "confirmed", "arrived", "fulfilled", "blocked")
"""Spelled here once more, as are the times below: what checks must not share what it checks."""

_CONSTRAINTS = sa.text(
    "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
    " WHERE conrelid = 'appointments'::regclass AND contype = 'x' AND convalidated AND conname = ANY(:names)"
)

_LOOKED_AT = sa.text(
    "SELECT count(*), count(*) FILTER (WHERE overlap_lane > 0),"
    " encode(sha256(coalesce(string_agg(concat_ws('|', appointment_id, version, status, extract(epoch FROM starts_at),"
    " extract(epoch FROM ends_at), practitioner_id, room_id, patient_id, overlap_lane), E'\\n'"
    " ORDER BY appointment_id), '')::bytea), 'hex')"
    " FROM appointments WHERE status = ANY(:taking)"
)

# Each time is compared with the latest end of all that began before it: one pass over the sorted times, so that a
# million appointments take seconds.
_OVERLAPS = """
    WITH spans AS (
        SELECT appointment_id, {thing} AS thing, {lane} AS lane,
               starts_at - make_interval(mins => {before}) AS begins, ends_at + make_interval(mins => {after}) AS ends
        FROM appointments WHERE status = ANY(:taking) AND {thing} IS NOT NULL
    ), swept AS (
        SELECT *, max(ends) OVER (PARTITION BY thing, lane ORDER BY begins, appointment_id
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
        FROM spans
    )
    SELECT appointment_id FROM swept WHERE busy_until > begins ORDER BY appointment_id
"""
_WITH_BUFFERS = {"lane": "overlap_lane", "before": "buffer_before", "after": "buffer_after"}
_VISIT_ALONE = {"lane": "0", "before": "0", "after": "0"}
THINGS = {"practitioner_id": _WITH_BUFFERS, "room_id": _WITH_BUFFERS, "patient_id": _VISIT_ALONE}


@dataclass(frozen=True)
class Schedule:
    """What was found in one network. `digest` is the SHA-256 of all that was looked at; `overlaps` has, for each
    kind of thing, the appointments that begin before an earlier one has ended."""

    appointments: int
    overbooked_on_purpose: int
    digest: str
    overlaps: dict[str, list[str]]


async def constraints(connection: AsyncConnection) -> dict[str, str]:
    """The exclusion constraints in force, by name, as the database itself spells them."""
    rows = await connection.execute(_CONSTRAINTS, {"names": list(CONSTRAINTS)})
    return {row.conname: row.definition for row in rows}


async def schedule(tx: AsyncConnection) -> Schedule:
    """The network that the transaction is scoped to, as of one moment."""
    taking: dict[str, Any] = {"taking": list(TAKING_TIME)}
    count, shared, digest = (await tx.execute(_LOOKED_AT, taking)).one()
    overlaps = {
        thing.removesuffix("_id"): [
            str(row.appointment_id)
            for row in await tx.execute(sa.text(_OVERLAPS.format(thing=thing, **spans)), taking)
        ]
        for thing, spans in THINGS.items()
    }
    return Schedule(count, shared, digest, overlaps)

"""The whole schedule looked at once more: that nothing is in two places at a time, and what forbids it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

TAKING_TIME = ("held", "booked", "confirmed", "arrived", "fulfilled", "blocked")
"""Spelled here once more, as are the times and the constraints below: what checks must not share what it checks."""

_STATUSES = ", ".join(f"'{status}'::text" for status in TAKING_TIME)
_TAKING = f"status = ANY (ARRAY[{_STATUSES}])"

EXPECTED = {
    "practitioner_once": "EXCLUDE USING gist (network_id WITH =, practitioner_id WITH =, overlap_lane WITH =,"
    f" busy WITH &&) WHERE (({_TAKING}))",
    "room_once": "EXCLUDE USING gist (network_id WITH =, room_id WITH =, busy WITH &&, practitioner_id WITH <>)"
    f" WHERE ((({_TAKING}) AND (room_id IS NOT NULL)))",
    "patient_once": f"EXCLUDE USING gist (network_id WITH =, patient_id WITH =, visit WITH &&) WHERE (({_TAKING}))",
}
"""What must be forbidden, by name of the constraint, as the database spells it."""

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

# One pass over the sorted times puts whatever overlaps into one cluster, lanes aside, and only within a cluster is
# each compared with each, so that a million appointments take seconds.
_OVERLAPS = """
    WITH spans AS (
        SELECT appointment_id, {thing} AS thing, overlap_lane, practitioner_id,
               starts_at - make_interval(mins => {before}) AS begins, ends_at + make_interval(mins => {after}) AS ends
        FROM appointments WHERE status = ANY(:taking) AND {thing} IS NOT NULL
    ), swept AS (
        SELECT *, coalesce(max(ends) OVER (PARTITION BY thing ORDER BY begins, appointment_id
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > begins, false) AS late
        FROM spans
    ), clustered AS (
        SELECT *, count(*) FILTER (WHERE NOT late) OVER (PARTITION BY thing ORDER BY begins, appointment_id) AS cluster
        FROM swept
    )
    SELECT DISTINCT later.appointment_id FROM clustered later JOIN clustered earlier USING (thing, cluster)
    WHERE later.late AND (earlier.begins, earlier.appointment_id) < (later.begins, later.appointment_id)
        AND earlier.ends > later.begins AND {wrong} ORDER BY 1
"""
_WITH_BUFFERS = {"before": "buffer_before", "after": "buffer_after"}
_VISIT_ALONE = {"before": "0", "after": "0"}
THINGS = {
    "practitioner_id": {**_WITH_BUFFERS, "wrong": "earlier.overlap_lane = later.overlap_lane"},
    "room_id": {**_WITH_BUFFERS, "wrong": "earlier.practitioner_id <> later.practitioner_id"},
    "patient_id": {**_VISIT_ALONE, "wrong": "true"},
}
"""When two that overlap are wrong. Who shares their time on purpose does so in another lane, and shares a room with
nobody else; a patient never has two visits at a time."""


@dataclass(frozen=True)
class Schedule:
    """What was found in one network. `digest` is the SHA-256 of all that was looked at; `overlaps` has, for each
    kind of thing, the appointments that begin before an earlier one has ended."""

    appointments: int
    overbooked_on_purpose: int
    digest: str
    overlaps: dict[str, list[str]]


async def constraints(connection: AsyncConnection) -> dict[str, str]:
    """Those of the expected exclusion constraints that are in force, by name, as the database itself spells them."""
    rows = await connection.execute(_CONSTRAINTS, {"names": list(EXPECTED)})
    return {row.conname: row.definition for row in rows}


async def schedule(tx: AsyncConnection) -> Schedule:
    """The network that the transaction is scoped to, as of one moment."""
    taking: dict[str, Any] = {"taking": list(TAKING_TIME)}
    count, shared, digest = (await tx.execute(_LOOKED_AT, taking)).one()
    overlaps = {
        thing.removesuffix("_id"): [
            str(row.appointment_id)
            for row in await tx.execute(sa.text(_OVERLAPS.format(thing=thing, **rule)), taking)
        ]
        for thing, rule in THINGS.items()
    }
    return Schedule(count, shared, digest, overlaps)

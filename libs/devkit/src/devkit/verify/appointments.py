"""No double booking: nobody, no room and no patient is in two places at once."""

from devkit.verify.checks import Check
from devkit.verify.sources import Sources

OCCUPYING = ("held", "booked", "confirmed", "arrived", "fulfilled")
"""Statuses whose time belongs to the appointment, spelled here once more: a check must not share the code it checks."""

_OVERLAPS = """
    SELECT a.network_id, a.{thing} AS thing, a.appointment_id AS one, b.appointment_id AS other, a.starts_at
    FROM appointments a JOIN appointments b
      ON b.network_id = a.network_id AND b.{thing} = a.{thing} {wrong}
     AND b.appointment_id > a.appointment_id
     AND {b_start} < {a_end} AND {a_start} < {b_end}
    WHERE a.status = ANY($1) AND b.status = ANY($1)
    ORDER BY a.starts_at
"""
_BUSY = {
    "a_start": "a.starts_at - make_interval(mins => a.buffer_before)",
    "a_end": "a.ends_at + make_interval(mins => a.buffer_after)",
    "b_start": "b.starts_at - make_interval(mins => b.buffer_before)",
    "b_end": "b.ends_at + make_interval(mins => b.buffer_after)",
}
_IN_ONE_LANE = "AND b.overlap_lane = a.overlap_lane"
_OF_OTHERS = "AND b.practitioner_id <> a.practitioner_id"
_VISIT = {"a_start": "a.starts_at", "a_end": "a.ends_at", "b_start": "b.starts_at", "b_end": "b.ends_at"}
_THINGS = (
    ("practitioner_id", _BUSY, _IN_ONE_LANE),
    ("room_id", _BUSY, _OF_OTHERS),
    ("patient_id", _VISIT, ""),
)
"""A practitioner's time may be shared on purpose, in another lane, and a room with it, but with nobody else; a patient
never is in two places."""


async def checks(sources: Sources) -> list[Check]:
    """One for practitioners, one for rooms, one for patients."""
    occupying = await sources.number(
        "booking", "SELECT count(*) FROM appointments WHERE status = ANY($1)", OCCUPYING
    )
    on_purpose = await sources.number("booking", "SELECT count(*) FROM appointments WHERE overlap_lane > 0")
    notes = [f"{on_purpose} overbooked on purpose, each with its reason"] if on_purpose else []
    found = []
    for thing, spans, wrong in _THINGS:
        rows = await sources.rows("booking", _OVERLAPS.format(thing=thing, wrong=wrong, **spans), OCCUPYING)
        name = thing.removesuffix("_id")
        findings = [
            f"{row['network_id']}: {name} {row['thing']} has {row['one']} and {row['other']} at {row['starts_at']:%Y-%m-%dT%H:%MZ}"
            for row in rows
        ]
        found.append(
            Check(f"no {name} twice at a time", f"{occupying} appointments that take time", findings, notes)
        )
        notes = []
    return found

"""Appointments, holds, visits and blocks: everything that takes somebody's time."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, UUID, ExcludeConstraint

from booking.rules.appointment import OCCUPYING
from booking.tables.schema.database import metadata
from common.database import INSTANT

_TIMED = ", ".join(repr(status) for status in (*OCCUPYING, "blocked"))
_OCCUPYING = f"status IN ({_TIMED})"


def _never_twice(name: str, *alike: tuple[str, str], where: str = _OCCUPYING) -> ExcludeConstraint:
    """No two appointments of a network that occupy time may be alike in all of this."""
    return ExcludeConstraint(("network_id", "="), *alike, where=sa.text(where), using="gist", name=name)


appointments = sa.Table(
    "appointments", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("patient_id", UUID),
    sa.Column("practitioner_id", UUID, nullable=False),
    sa.Column("branch_id", UUID),
    sa.Column("service_id", UUID),
    sa.Column("room_id", UUID),
    sa.Column("starts_at", INSTANT, nullable=False),
    sa.Column("ends_at", INSTANT, nullable=False),
    sa.Column("buffer_before", sa.Integer, nullable=False),
    sa.Column("buffer_after", sa.Integer, nullable=False),
    sa.Column("visit", TSTZRANGE, nullable=False),
    sa.Column("busy", TSTZRANGE, nullable=False),
    sa.Column("overlap_lane", sa.Integer, nullable=False, server_default="0"),
    sa.Column("overbook_reason", sa.Text),
    sa.Column("series_id", UUID),
    sa.Column("campaign_id", UUID),
    sa.Column("booked_by", UUID),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("utm", JSONB, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("moves", sa.Integer, nullable=False),
    sa.Column("path", ARRAY(sa.Text), nullable=False),
    sa.Column("held_until", INSTANT),
    # Of a hold: the displaced appointment or the waitlist entry; of a block: the absence or the calendar.
    sa.Column("held_for", UUID),
    # Of a displaced appointment: until when its patient may choose, before staff is asked to call.
    sa.Column("answer_by", INSTANT),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("confirmed_at", INSTANT),
    sa.Column("arrived_at", INSTANT),
    sa.Column("completed_at", INSTANT),
    sa.Column("cancel_reason", sa.Text),
    sa.Column("late_cancel", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("price", sa.BigInteger),
    sa.Column("currency", sa.Text, nullable=False),
    # The catalogue's price where `price` is another, and why it is.
    sa.Column("list_price", sa.BigInteger),
    sa.Column("price_reason", sa.Text),
    sa.Column("instalments", JSONB, nullable=False, server_default="[]"),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    # Nobody is twice in one lane. It is 0 but for deliberate overbooking, which takes another and says why, and but for
    # what another calendar has behind an appointment, which is below 0.
    _never_twice("practitioner_once", ("practitioner_id", "="), ("overlap_lane", "="), ("busy", "&&")),
    # A room is shared on purpose by visits of one practitioner only, and these have their lanes.
    _never_twice(
        "room_once", ("room_id", "="), ("busy", "&&"), ("practitioner_id", "<>"),
        where=f"{_OCCUPYING} AND room_id IS NOT NULL",
    ),
    # Patients have no lanes: nobody can be in two places on purpose.
    _never_twice("patient_once", ("patient_id", "="), ("visit", "&&")),
    sa.CheckConstraint("visit = tstzrange(starts_at, ends_at)", name="visit_is_its_times"),
    sa.CheckConstraint("NOT isempty(visit) AND busy @> visit", name="busy_holds_the_visit"),
    sa.CheckConstraint("overlap_lane <= 0 OR overbook_reason IS NOT NULL", name="overbooking_says_why"),
    sa.CheckConstraint("overlap_lane >= 0 OR status = 'blocked'", name="only_blocks_lie_behind"),
    sa.CheckConstraint("(status = 'held') = (held_until IS NOT NULL)", name="a_hold_ends"),
    sa.CheckConstraint(
        "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'displaced',"
        " 'blocked')",
        name="known_status",
    ),
    # A block is time of a practitioner that nobody can have: no appointment, and never shown as one.
    sa.CheckConstraint(
        "CASE WHEN status = 'blocked' THEN num_nonnulls(patient_id, branch_id, service_id) = 0"
        " ELSE num_nulls(patient_id, branch_id, service_id) = 0 END",
        name="a_block_is_of_nobody",
    ),
    # Searches go by these: under row-level security the range indexes above serve the constraints alone, since
    # the operators of ranges are not leak-proof and so are never used as index conditions before the policy.
    sa.Index("appointments_practitioner", "network_id", "practitioner_id", "starts_at"),
    sa.Index("appointments_branch", "network_id", "branch_id", "starts_at"),
    sa.Index("appointments_patient", "network_id", "patient_id", "starts_at"),
    sa.Index(
        "appointments_in_other_lanes", "network_id", "practitioner_id", "starts_at",
        postgresql_where=sa.text("overlap_lane <> 0"),
    ),
    sa.Index(
        "appointments_held_for", "network_id", "held_for", postgresql_where=sa.text("held_for IS NOT NULL")
    ),
    sa.Index("appointments_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

"""The tables of booking's database, beside the standard ones."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, UUID, ExcludeConstraint

from booking.rules.appointment import OCCUPYING
from common.database import INSTANT, standard_tables

metadata = sa.MetaData()
standard_tables(metadata)

networks = sa.Table(
    "networks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("body", JSONB, nullable=False),
    # Counts every change of the directory, so that a process knows by one row whether its copy is the newest.
    sa.Column("revision", sa.BigInteger, nullable=False),
)  # fmt: skip

directory = sa.Table(
    "directory", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("thing_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.CheckConstraint("kind IN ('branch', 'practitioner', 'room', 'service')", name="directory_kind"),
)  # fmt: skip

_TIMED = ", ".join(repr(status) for status in (*OCCUPYING, "blocked"))
_OCCUPYING = f"status IN ({_TIMED})"


def _never_twice(
    name: str, thing: str, span: str, where: str = _OCCUPYING, *, lanes: bool = True
) -> ExcludeConstraint:
    """No two appointments that occupy time may have the same thing at the same time, in one lane.

    The lane is 0 but for deliberate overbooking, which takes another and says why. Patients have no lanes: nobody
    can be in two places on purpose.
    """
    lane = [("overlap_lane", "=")] if lanes else []
    return ExcludeConstraint(
        ("network_id", "="), (thing, "="), *lane, (span, "&&"),
        where=sa.text(where), using="gist", name=name,
    )  # fmt: skip


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
    _never_twice("practitioner_once", "practitioner_id", "busy"),
    _never_twice("room_once", "room_id", "busy", f"{_OCCUPYING} AND room_id IS NOT NULL"),
    _never_twice("patient_once", "patient_id", "visit", lanes=False),
    sa.CheckConstraint("visit = tstzrange(starts_at, ends_at)", name="visit_is_its_times"),
    sa.CheckConstraint("NOT isempty(visit) AND busy @> visit", name="busy_holds_the_visit"),
    sa.CheckConstraint("overlap_lane = 0 OR overbook_reason IS NOT NULL", name="overbooking_says_why"),
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
        "appointments_overbooked", "network_id", "practitioner_id", "starts_at",
        postgresql_where=sa.text("overlap_lane > 0"),
    ),
    sa.Index(
        "appointments_held_for", "network_id", "held_for", postgresql_where=sa.text("held_for IS NOT NULL")
    ),
    sa.Index("appointments_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

# The ledger: it only grows. The service's role may neither change nor delete what stands in it.
payments = sa.Table(
    "payments", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("payment_id", UUID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, server_default="payment"),
    # What came is above zero, what went below.
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("reverses", UUID),
    sa.Column("other_visit_id", UUID),
    sa.Column("price_change", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("paid_at", INSTANT, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    # Whose till it met, and on which of its days.
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(
        ["network_id", "appointment_id"], ["appointments.network_id", "appointments.appointment_id"],
        name="payment_of_appointment",
    ),
    sa.CheckConstraint(
        "CASE kind WHEN 'payment' THEN amount >= 0 WHEN 'refund' THEN amount < 0"
        " WHEN 'reversal' THEN reverses IS NOT NULL WHEN 'moved' THEN other_visit_id IS NOT NULL ELSE false END",
        name="entries_are_of_their_kind",
    ),
    sa.Index(
        "payments_reversed_once", "network_id", "appointment_id", "reverses", unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    ),
    sa.Index("payments_of_till", "network_id", "branch_id", "day"),
)  # fmt: skip

day_closings = sa.Table(
    "day_closings", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("branch_id", UUID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("closing_id", UUID, nullable=False),
    sa.Column("body", JSONB, nullable=False),
)  # fmt: skip

corrections = sa.Table(
    "corrections", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("corrected_from", sa.Text, nullable=False),
    sa.Column("corrected_to", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("corrected_by", sa.Text, nullable=False),
    sa.Column("corrected_at", INSTANT, nullable=False),
)  # fmt: skip

moves = sa.Table(
    "moves", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("moved_from", INSTANT, nullable=False),
    sa.Column("moved_to", INSTANT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("moved_by", sa.Text, nullable=False),
    sa.Column("moved_at", INSTANT, nullable=False),
    sa.Index("moves_branch", "network_id", "branch_id", "moved_from"),
)  # fmt: skip

absences = sa.Table(
    "absences", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("absence_id", UUID, primary_key=True),
    sa.Column("practitioner_id", UUID),
    sa.Column("branch_id", UUID),
    sa.Column("starts_at", INSTANT, nullable=False),
    sa.Column("ends_at", INSTANT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("saved_by", sa.Text, nullable=False),
    sa.Column("saved_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.CheckConstraint("starts_at < ends_at", name="absences_end_after_they_start"),
    sa.CheckConstraint("num_nonnulls(practitioner_id, branch_id) = 1", name="absences_are_of_one"),
)  # fmt: skip

waitlist = sa.Table(
    "waitlist", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("entry_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("service_id", UUID, nullable=False),
    sa.Column("branch_id", UUID),
    sa.Column("practitioner_id", UUID),
    sa.Column("from_date", sa.Date, nullable=False),
    sa.Column("to_date", sa.Date, nullable=False),
    sa.Column("from_time", sa.Time, nullable=False),
    sa.Column("to_time", sa.Time),
    sa.Column("joined_at", INSTANT, nullable=False),
    sa.Column("over_at", INSTANT, nullable=False),
    sa.Column("offer", JSONB),
    # Of the offer, or of what was offered and accepted: an offer is answered by its id alone.
    sa.Column("offer_id", UUID),
    sa.Column("appointment_id", UUID),
    sa.Column("passed", ARRAY(sa.Text), nullable=False),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.CheckConstraint("status IN ('waiting', 'offered', 'booked', 'left', 'over')", name="known_waitlist_status"),
    sa.CheckConstraint("(status = 'offered') = (offer IS NOT NULL)", name="offered_is_with_an_offer"),
    sa.CheckConstraint("from_date <= to_date", name="waitlist_days_in_order"),
    sa.Index("waitlist_offers", "network_id", "offer_id", unique=True),
    sa.Index(
        "waitlist_waiting", "network_id", "service_id", "joined_at", postgresql_where=sa.text("status = 'waiting'")
    ),
    sa.Index("waitlist_joined", "network_id", "joined_at"),
    sa.Index("waitlist_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

referrals = sa.Table(
    "referrals", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("referral_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("from_practitioner_id", UUID, nullable=False),
    sa.Column("visit_id", UUID),
    # What is asked for.
    sa.Column("service_id", UUID),
    sa.Column("service_kind", sa.Text),
    sa.Column("practitioner_id", UUID),
    sa.Column("branch_id", UUID),
    sa.Column("urgency", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    # The last that was booked from it, also after that was cancelled: a cancellation may be a mistake.
    sa.Column("appointment_id", UUID),
    sa.Column("declined", sa.Text),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.CheckConstraint(
        "status IN ('open', 'booked', 'done', 'declined', 'expired')", name="known_referral_status"
    ),
    sa.CheckConstraint("num_nonnulls(service_id, service_kind) = 1", name="a_referral_is_to_one_thing"),
    sa.CheckConstraint("status NOT IN ('booked', 'done') OR appointment_id IS NOT NULL", name="booked_has_a_visit"),
    sa.CheckConstraint("(status = 'declined') = (declined IS NOT NULL)", name="declining_says_why"),
    sa.Index("referrals_patient", "network_id", "patient_id", "created_at"),
    sa.Index("referrals_appointment", "network_id", "appointment_id", unique=True),
    sa.Index("referrals_created", "network_id", "created_at"),
    sa.Index("referrals_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

tickets = sa.Table(
    "tickets", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("service_id", UUID),
    sa.Column("patient_id", UUID),
    sa.Column("practitioner_id", UUID),
    sa.Column("issued_at", INSTANT, nullable=False),
    sa.Column("called_at", INSTANT),
    sa.Column("ended_at", INSTANT),
    sa.CheckConstraint("status IN ('waiting', 'called', 'served', 'left')", name="known_ticket_status"),
    sa.UniqueConstraint("network_id", "branch_id", "day", "number", name="numbers_once"),
)  # fmt: skip

ticket_numbers = sa.Table(
    "ticket_numbers", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("branch_id", UUID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)  # fmt: skip

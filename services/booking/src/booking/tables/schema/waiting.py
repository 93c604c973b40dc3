"""Whom something is wanted for: those who wait for a freed slot, and referrals."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from booking.tables.schema.database import metadata
from common.database import INSTANT

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

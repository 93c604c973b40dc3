"""holds, blocks and shared time

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUSES = "'held', 'booked', 'confirmed', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'displaced'"
OCCUPYING = "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled'{more})"
OF_NOBODY = ("patient_id", "branch_id", "service_id")


def upgrade() -> None:
    op.add_column("appointments", sa.Column("held_for", sa.UUID(), nullable=True))
    op.add_column("appointments", sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True))
    for column in OF_NOBODY:
        op.alter_column("appointments", column, nullable=True)
    op.drop_constraint("known_status", "appointments")
    op.create_check_constraint("known_status", "appointments", f"status IN ({STATUSES}, 'blocked')")
    op.create_check_constraint(
        "a_block_is_of_nobody",
        "appointments",
        "CASE WHEN status = 'blocked' THEN num_nonnulls(patient_id, branch_id, service_id) = 0"
        " ELSE num_nulls(patient_id, branch_id, service_id) = 0 END",
    )
    _once(", 'blocked'", patient_lane="")
    op.create_index(
        "appointments_overbooked",
        "appointments",
        ["network_id", "practitioner_id", "starts_at"],
        postgresql_where=sa.text("overlap_lane > 0"),
    )
    op.create_index(
        "appointments_held_for",
        "appointments",
        ["network_id", "held_for"],
        postgresql_where=sa.text("held_for IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("appointments_held_for", table_name="appointments")
    op.drop_index("appointments_overbooked", table_name="appointments")
    op.execute("DELETE FROM appointments WHERE status = 'blocked'")
    _once("", patient_lane="overlap_lane WITH =, ")
    op.drop_constraint("a_block_is_of_nobody", "appointments")
    op.drop_constraint("known_status", "appointments")
    op.create_check_constraint("known_status", "appointments", f"status IN ({STATUSES})")
    for column in OF_NOBODY:
        op.alter_column("appointments", column, nullable=False)
    op.drop_column("appointments", "answer_by")
    op.drop_column("appointments", "held_for")


def _once(more: str, *, patient_lane: str) -> None:
    """The three constraints anew; who has which status occupies time."""
    lane = "overlap_lane WITH =, "
    where = OCCUPYING.format(more=more)
    for name, thing, lanes, span, condition in (
        ("practitioner_once", "practitioner_id", lane, "busy", where),
        ("room_once", "room_id", lane, "busy", f"{where} AND room_id IS NOT NULL"),
        ("patient_once", "patient_id", patient_lane, "visit", where),
    ):
        op.drop_constraint(name, "appointments")
        op.execute(
            f"ALTER TABLE appointments ADD CONSTRAINT {name} EXCLUDE USING gist"
            f" (network_id WITH =, {thing} WITH =, {lanes}{span} WITH &&) WHERE ({condition})"
        )

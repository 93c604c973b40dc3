"""rooms in whatever lane

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OCCUPYING = "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled', 'blocked')"


def upgrade() -> None:
    _give_up_rooms_of_others()
    _room_once("busy WITH &&, practitioner_id WITH <>")
    _lanes(reason="overlap_lane <= 0")
    op.create_check_constraint(
        "only_blocks_lie_behind", "appointments", "overlap_lane >= 0 OR status = 'blocked'"
    )
    op.drop_index("appointments_overbooked", table_name="appointments")
    _index("appointments_in_other_lanes", "overlap_lane <> 0")


def downgrade() -> None:
    op.drop_index("appointments_in_other_lanes", table_name="appointments")
    _index("appointments_overbooked", "overlap_lane > 0")
    op.drop_constraint("only_blocks_lie_behind", "appointments")
    _without_row_level_security("DELETE FROM appointments WHERE overlap_lane < 0")
    _lanes(reason="overlap_lane = 0")
    _room_once("overlap_lane WITH =, busy WITH &&")


def _give_up_rooms_of_others() -> None:
    """Until now an overbooked visit could be put into the room of another practitioner: it has to be found another."""
    _without_row_level_security(
        "UPDATE appointments a SET room_id = NULL WHERE a.overlap_lane > 0 AND EXISTS ("  # noqa: S608 - words of this module
        "SELECT FROM appointments b WHERE b.network_id = a.network_id AND b.room_id = a.room_id"
        f" AND b.busy && a.busy AND b.practitioner_id <> a.practitioner_id AND b.{OCCUPYING})"
        f" AND a.{OCCUPYING}"
    )


def _without_row_level_security(statement: str) -> None:
    """It binds the owner too, who lifts it for this."""
    op.execute("ALTER TABLE appointments DISABLE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute("ALTER TABLE appointments ENABLE ROW LEVEL SECURITY")


def _room_once(elements: str) -> None:
    op.drop_constraint("room_once", "appointments")
    op.execute(
        "ALTER TABLE appointments ADD CONSTRAINT room_once EXCLUDE USING gist"
        f" (network_id WITH =, room_id WITH =, {elements}) WHERE ({OCCUPYING} AND room_id IS NOT NULL)"
    )


def _lanes(*, reason: str) -> None:
    op.drop_constraint("overbooking_says_why", "appointments")
    op.create_check_constraint(
        "overbooking_says_why", "appointments", f"{reason} OR overbook_reason IS NOT NULL"
    )


def _index(name: str, where: str) -> None:
    op.create_index(
        name, "appointments", ["network_id", "practitioner_id", "starts_at"], postgresql_where=sa.text(where)
    )

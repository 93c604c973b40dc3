"""Rows of recall, and their translation to values. They hold ids only: whoever needs a person asks for them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.booking import AppointmentState
from common.contracts.recall import Interval, RecallRule
from common.database import INSTANT, standard_tables
from common.directory import directory_table
from recall.rules import Appointment, Recall

metadata = sa.MetaData()
standard_tables(metadata)
directory_table(metadata)

rules = sa.Table(
    "rules", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("rule_id", PG_UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("service_kind", sa.Text, nullable=False),
    sa.Column("months", sa.Integer, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("rules_kind", "network_id", "service_kind"),
)  # fmt: skip

appointments = sa.Table(
    "appointments", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", PG_UUID, primary_key=True),
    sa.Column("patient_id", PG_UUID, nullable=False),
    sa.Column("service_kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("starts_at", INSTANT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("appointments_patient", "network_id", "patient_id", "service_kind"),
)  # fmt: skip

recalls = sa.Table(
    "recalls", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("outreach_id", PG_UUID, primary_key=True),
    sa.Column("rule_id", PG_UUID, nullable=False),
    sa.Column("patient_id", PG_UUID, nullable=False),
    sa.Column("service_kind", sa.Text, nullable=False),
    sa.Column("service_id", PG_UUID, nullable=False),
    sa.Column("branch_id", PG_UUID, nullable=False),
    sa.Column("practitioner_id", PG_UUID, nullable=False),
    sa.Column("visit_id", PG_UUID, nullable=False),
    sa.Column("last_visit_at", INSTANT, nullable=False),
    sa.Column("planned_for", INSTANT, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", INSTANT),
    sa.Column("invited_at", INSTANT),
    sa.Column("reason", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("traceparent", sa.Text),
    sa.Column("message_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("leased_until", INSTANT),
    sa.ForeignKeyConstraint(["network_id", "rule_id"], ["rules.network_id", "rules.rule_id"]),
    sa.UniqueConstraint("network_id", "rule_id", "visit_id", name="recalls_once_per_visit"),
    sa.CheckConstraint(
        "state IN ('planned', 'invited', 'superseded', 'booked', 'suppressed', 'cancelled')", name="recalls_state"
    ),
    sa.CheckConstraint("(state = 'planned') = (due_at IS NOT NULL)", name="recalls_due_while_planned"),
    sa.Index("recalls_patient", "network_id", "patient_id"),
    sa.Index("recalls_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

_RECALL_FIELDS = tuple(field.name for field in fields(Recall))


def _rule(row: Any) -> RecallRule:
    return RecallRule(
        rule_id=row.rule_id,
        name=row.name,
        service_kind=row.service_kind,
        after=Interval(months=row.months, days=row.days),
        template=row.template,
        active=row.active,
    )


def _recall(row: Any) -> Recall:
    return Recall(**{name: getattr(row, name) for name in _RECALL_FIELDS})


async def all_rules(tx: AsyncConnection, network_id: str) -> list[tuple[RecallRule, int]]:
    """Every rule of the network with its version."""
    rows = await tx.execute(
        sa.select(rules).where(rules.c.network_id == network_id).order_by(rules.c.name, rules.c.rule_id)
    )
    return [(_rule(row), row.version) for row in rows]


async def rules_for(tx: AsyncConnection, network_id: str, service_kind: str) -> list[RecallRule]:
    """Rules about one kind of service, inactive ones too."""
    rows = await tx.execute(
        sa.select(rules).where(rules.c.network_id == network_id, rules.c.service_kind == service_kind)
    )
    return [_rule(row) for row in rows]


async def lock_rule_version(tx: AsyncConnection, network_id: str, rule_id: UUID) -> int:
    """The rule's version, held for this transaction; 0 where there is none yet."""
    found = await tx.execute(
        sa.select(rules.c.version)
        .where(rules.c.network_id == network_id, rules.c.rule_id == rule_id)
        .with_for_update()
    )
    return found.scalar_one_or_none() or 0


def _columns(rule: RecallRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "service_kind": rule.service_kind,
        "months": rule.after.months,
        "days": rule.after.days,
        "template": rule.template,
        "active": rule.active,
    }


async def put_rule(tx: AsyncConnection, network_id: str, rule: RecallRule) -> int:
    """Create or replace; returns the new version."""
    new = insert(rules).values(network_id=network_id, rule_id=rule.rule_id, version=1, **_columns(rule))
    put = new.on_conflict_do_update(
        index_elements=["network_id", "rule_id"], set_={**_columns(rule), "version": rules.c.version + 1}
    ).returning(rules.c.version)
    return int((await tx.execute(put)).scalar_one())


async def add_rule(tx: AsyncConnection, network_id: str, rule: RecallRule) -> None:
    """Create it unless it exists."""
    new = insert(rules).values(network_id=network_id, rule_id=rule.rule_id, version=1, **_columns(rule))
    await tx.execute(new.on_conflict_do_nothing())


@dataclass(frozen=True)
class Place:
    """What an appointment's service and branch mean for recalls."""

    service_kind: str
    zone: str
    has_rules: bool


async def place_of(tx: AsyncConnection, network_id: str, service_id: UUID, branch_id: UUID) -> Place | None:
    """From our copy of the directory, in one statement; None while it has not heard of one of them."""
    row = (
        await tx.execute(
            _PLACE, {"network": network_id, "service": str(service_id), "branch": str(branch_id)}
        )
    ).one_or_none()
    return Place(row.service_kind, row.zone, row.has_rules) if row is not None else None


async def lock_patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> None:
    """One event of a patient at a time: events of one batch are applied side by side."""
    await tx.execute(_LOCK_PATIENT, {"key": f"{network_id}/{patient_id}"})


async def keep_appointment(
    tx: AsyncConnection, network_id: str, state: AppointmentState, service_kind: str, version: int
) -> bool:
    """Keep the newest state; False where a newer one was kept before."""
    changing = {"status": state.status, "starts_at": state.starts_at, "version": version}
    new = insert(appointments).values(
        network_id=network_id,
        appointment_id=state.appointment_id,
        patient_id=state.patient_id,
        service_kind=service_kind,
        **changing,
    )
    kept = await tx.execute(
        new.on_conflict_do_update(
            index_elements=["network_id", "appointment_id"],
            set_=changing,
            where=appointments.c.version < version,
        )
    )
    return kept.rowcount == 1


async def appointments_of(
    tx: AsyncConnection, network_id: str, patient_id: UUID, service_kind: str
) -> list[Appointment]:
    """What is known of a patient's appointments of one kind."""
    rows = await tx.execute(
        sa.select(appointments.c.appointment_id, appointments.c.status, appointments.c.starts_at).where(
            appointments.c.network_id == network_id,
            appointments.c.patient_id == patient_id,
            appointments.c.service_kind == service_kind,
        )
    )
    return [Appointment(row.appointment_id, row.status, row.starts_at) for row in rows]


async def add_recall(tx: AsyncConnection, network_id: str, recall: Recall) -> None:
    """Plan it unless this visit has one under this rule."""
    new = insert(recalls).values(network_id=network_id, **asdict(recall))
    await tx.execute(new.on_conflict_do_nothing(constraint="recalls_once_per_visit"))


async def recalls_of(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], service_kind: str | None = None
) -> list[Recall]:
    """Invitations of a patient by the time they were planned for, of one kind or all."""
    wanted = sa.select(recalls).where(
        recalls.c.network_id == network_id, recalls.c.patient_id.in_(patient_ids)
    )
    if service_kind is not None:
        wanted = wanted.where(recalls.c.service_kind == service_kind)
    rows = await tx.execute(wanted.order_by(recalls.c.planned_for, recalls.c.outreach_id))
    return [_recall(row) for row in rows]


async def is_planned(tx: AsyncConnection, network_id: str, outreach_id: UUID) -> bool:
    """Whether this is an invitation of the network, in whatever state."""
    found = sa.select(recalls.c.outreach_id).where(
        recalls.c.network_id == network_id, recalls.c.outreach_id == outreach_id
    )
    return (await tx.execute(found)).scalar_one_or_none() is not None


async def due_recalls(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], now: datetime, *, lock: bool
) -> list[Recall]:
    """Those of `ids` that are still due."""
    wanted = (
        sa.select(recalls)
        .where(recalls.c.network_id == network_id, recalls.c.outreach_id.in_(ids), recalls.c.due_at <= now)
        .order_by(recalls.c.outreach_id)
    )
    rows = await tx.execute(wanted.with_for_update() if lock else wanted)
    return [_recall(row) for row in rows]


async def put_recall(tx: AsyncConnection, network_id: str, recall: Recall) -> None:
    """Write where it stands now."""
    await tx.execute(
        sa.update(recalls)
        .where(recalls.c.network_id == network_id, recalls.c.outreach_id == recall.outreach_id)
        .values(
            state=recall.state,
            due_at=recall.due_at,
            invited_at=recall.invited_at,
            reason=recall.reason,
            version=recall.version,
            leased_until=None,
        )
    )


async def note_message(
    tx: AsyncConnection, network_id: str, outreach_id: UUID, *, version: int, state: str, reason: str
) -> None:
    """What became of the message of an invitation; an older word of it changes nothing."""
    await tx.execute(
        sa.update(recalls)
        .where(
            recalls.c.network_id == network_id,
            recalls.c.outreach_id == outreach_id,
            recalls.c.message_version < version,
            recalls.c.state.in_(["invited", "suppressed"]),
        )
        .values(state=state, reason=reason, message_version=version)
    )


_PLACE = sa.text(
    "SELECT s.body ->> 'kind' AS service_kind, b.body ->> 'zone' AS zone,"
    " EXISTS (SELECT FROM rules r WHERE r.network_id = n.network_id AND r.service_kind = s.body ->> 'kind') AS has_rules"
    " FROM directory n JOIN directory s USING (network_id) JOIN directory b USING (network_id)"
    " WHERE n.network_id = :network AND n.kind = 'network' AND s.kind = 'service' AND s.thing_id = :service"
    " AND b.kind = 'branch' AND b.thing_id = :branch"
)
_LOCK_PATIENT = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")

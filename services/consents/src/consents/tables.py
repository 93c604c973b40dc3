"""Rows of permissions and of the acts that made them, and their translation to values."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.consents import Given, Permission, Purpose
from common.database import INSTANT, standard_tables
from common.directory import directory_table
from common.sealed import Sealer
from consents.rules.permissions import Book

metadata = sa.MetaData()
standard_tables(metadata)
directory = directory_table(metadata)


def _act_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("permission_id", UUID_COLUMN, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("text_version", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("attested_by", sa.Text),
        sa.Column("evidence", sa.LargeBinary),
        sa.Column("changed_at", INSTANT, nullable=False),
    ]


permissions = sa.Table(
    "permissions", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    *_act_columns(),
    sa.UniqueConstraint("network_id", "permission_id", name="permissions_id"),
    sa.UniqueConstraint("network_id", "patient_id", "version", name="permissions_version"),
    sa.CheckConstraint("state IN ('granted', 'withdrawn', 'refused')", name="permissions_state"),
)  # fmt: skip
"""The state of each purpose that a patient was ever asked about. `evidence` (address, device) is sealed."""

permission_acts = sa.Table(
    "permission_acts", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    *_act_columns(),
    sa.Column("recorded_by", sa.Text, nullable=False),
)  # fmt: skip
"""Every act, once and for ever: the app role may neither change nor delete one."""

EVIDENCE = "permissions.evidence"


async def lock_book(tx: AsyncConnection, network_id: str, patient_id: UUID, sealer: Sealer) -> Book:
    """One patient's permissions, held until the end of the transaction (also while there are none)."""
    await tx.execute(_LOCK, {"network": network_id, "id": str(patient_id)})
    return (await books(tx, network_id, [patient_id], sealer))[patient_id]


async def books(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], sealer: Sealer | None
) -> Mapping[UUID, Book]:
    """Permissions of several patients in one query; without a sealer the sealed evidence stays closed."""
    held: dict[UUID, dict[Purpose, Permission]] = {patient_id: {} for patient_id in patient_ids}
    for row in await tx.execute(_OF, {"network": network_id, "ids": list(held)}):
        held[row.patient_id][row.purpose] = _permission(row, sealer)
    return {patient_id: Book(patient_id, permissions) for patient_id, permissions in held.items()}


async def patient_of(tx: AsyncConnection, network_id: str, permission_id: UUID) -> UUID | None:
    """Whose permission this is."""
    found = await tx.execute(_WHOSE, {"network": network_id, "id": permission_id})
    return found.scalar_one_or_none()


async def record(
    tx: AsyncConnection, network_id: str, acts: Sequence[Permission], sealer: Sealer, *, by: str
) -> None:
    """Keep acts for ever, and the state that they lead to."""
    rows = [
        {
            "network": network_id,
            "patient_id": act.patient_id,
            "purpose": act.purpose,
            "version": act.version,
            "permission_id": act.permission_id,
            "state": act.state,
            "text_version": act.given.text_version,
            "how": act.given.how,
            "attested_by": act.given.attested_by,
            "evidence": _sealed(act.given, sealer),
            "changed_at": act.changed_at,
            "by": by,
        }
        for act in acts
    ]
    if rows:
        await tx.execute(_RECORD, rows)


async def acts_of(
    tx: AsyncConnection, network_id: str, patient_id: UUID, sealer: Sealer
) -> list[tuple[Permission, str]]:
    """The whole history of one patient in order, each act with who recorded it."""
    rows = await tx.execute(_ACTS, {"network": network_id, "id": patient_id})
    return [(_permission(row, sealer), row.recorded_by) for row in rows]


def _sealed(given: Given, sealer: Sealer) -> bytes | None:
    evidence = given.model_dump(include={"ip", "user_agent"}, exclude_none=True)
    return sealer.service.close(evidence, about=EVIDENCE) if evidence else None


def _permission(row: Any, sealer: Sealer | None) -> Permission:
    sealed = row.evidence is not None and sealer is not None
    evidence = sealer.service.open(row.evidence, about=EVIDENCE) if sealed and sealer else {}
    given = Given(text_version=row.text_version, how=row.how, attested_by=row.attested_by, **evidence)
    return Permission(
        permission_id=row.permission_id,
        patient_id=row.patient_id,
        purpose=row.purpose,
        state=row.state,
        given=given,
        changed_at=row.changed_at,
        version=row.version,
    )


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:network || ' ' || :id, 0))")
_COLUMNS = (
    "patient_id, purpose, version, permission_id, state, text_version, how, attested_by, evidence, changed_at"
)
_OF = sa.text(
    f"SELECT {_COLUMNS} FROM permissions WHERE network_id = :network AND patient_id = ANY(:ids)"  # noqa: S608
    " ORDER BY patient_id, purpose"
)
_ACTS = sa.text(
    f"SELECT {_COLUMNS}, recorded_by FROM permission_acts"  # noqa: S608
    " WHERE network_id = :network AND patient_id = :id ORDER BY version"
)
_WHOSE = sa.text("SELECT patient_id FROM permissions WHERE network_id = :network AND permission_id = :id")
_VALUES = (
    ":network, :patient_id, :purpose, :version, :permission_id, :state, :text_version, :how, :attested_by,"
    " :evidence, CAST(:changed_at AS timestamptz)"
)
_RECORD = sa.text(
    f"""
    WITH act AS (
        INSERT INTO permission_acts (network_id, {_COLUMNS}, recorded_by) VALUES ({_VALUES}, :by) RETURNING *
    )
    INSERT INTO permissions (network_id, {_COLUMNS})
    SELECT network_id, {_COLUMNS} FROM act
    ON CONFLICT (network_id, patient_id, purpose) DO UPDATE SET
        version = excluded.version, state = excluded.state, text_version = excluded.text_version,
        how = excluded.how, attested_by = excluded.attested_by, evidence = excluded.evidence,
        changed_at = excluded.changed_at
    """  # noqa: S608
)

"""Somebody new, and how a row changes: the earlier one is kept as a version."""

from datetime import datetime
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Card
from common.database import RECORD_COMMAND_FROM, CommandRow
from common.sealed import Seal, Sealer
from common.statements import SCOPE, Statement, Statements
from patient_profile.rules.patients import Patient
from patient_profile.tables.people.indexes import name_index, word_indexes
from patient_profile.tables.people.sealing import sealed_card, sealed_chart


async def insert_patient(
    tx: AsyncConnection,
    network_id: str,
    card: Card,
    sealer: Sealer,
    *,
    now: datetime,
    by: str,
    sweep_at: datetime | None,
) -> tuple[bool, bool]:
    """Insert somebody with one phone, in one statement.

    Returns whether phone and name were free, and whether the id was: whoever waited for another's insert finds
    them taken, and gets no row of its own.
    """
    values = _new(network_id, card, sealer, now=now, by=by, sweep_at=sweep_at)
    row = (await tx.execute(_INSERT, values)).one()
    return bool(row.identified), bool(row.inserted)


async def insert_at_once(
    statements: Statements,
    network_id: str,
    card: Card,
    sealer: Sealer,
    order: CommandRow,
    *,
    now: datetime,
    by: str,
    sweep_at: datetime | None,
) -> bool:
    """The same with the command's record, in one statement that is a transaction of its own.

    False where phone and name are somebody's, the id is, or the command was carried out before.
    """
    values = {**_new(network_id, card, sealer, now=now, by=by, sweep_at=sweep_at), **order}
    try:
        return bool(await statements.rows(_INSERT_AT_ONCE, values))
    except asyncpg.UniqueViolationError:
        return False


def _new(
    network_id: str, card: Card, sealer: Sealer, *, now: datetime, by: str, sweep_at: datetime | None
) -> dict[str, Any]:
    seal, wrapped = sealer.fresh(card.patient_id)
    return {
        "network": network_id,
        "id": card.patient_id,
        "phone": sealer.index(network_id, card.phones[0].phone),
        "name": name_index(card, network_id, sealer),
        "words": word_indexes(card.full_name, network_id, sealer),
        "wrapped": wrapped,
        "card": sealed_card(card, seal),
        "provisional": card.provisional,
        "now": now,
        "by": by,
        "due_at": sweep_at,
    }


async def update_patient(
    tx: AsyncConnection,
    network_id: str,
    patient: Patient,
    seal: Seal,
    *,
    now: datetime,
    by: str,
    sweep_at: datetime | None,
) -> None:
    """Write the row as the value is; a higher version than the row's keeps the row as history first."""
    key = {"network": network_id, "id": patient.card.patient_id}
    await tx.execute(_KEEP_VERSION, {**key, "version": patient.card.version})
    await tx.execute(
        _UPDATE,
        {
            **key,
            "version": patient.card.version,
            "provisional": patient.card.provisional,
            "card": sealed_card(patient.card, seal),
            "chart": sealed_chart(patient, seal),
            "now": now,
            "by": by,
            "due_at": sweep_at,
        },
    )


def _inserting(identity: str, patient: str) -> str:
    """The parts of a WITH that insert somebody; `identity` and `patient` say what of a conflict."""
    return f"""
        identity AS (
            INSERT INTO patient_phones (network_id, phone_index, name_index, patient_id)
            SELECT scope.network_id, :phone, :name, CAST(:id AS uuid) FROM scope {identity} RETURNING patient_id
        ), patient AS (
            INSERT INTO patients (network_id, patient_id, version, provisional, card, created_at, changed_at,
                                  changed_by, due_at)
            SELECT :network, patient_id, 1, :provisional, :card, CAST(:now AS timestamptz),
                   CAST(:now AS timestamptz), :by, CAST(:due_at AS timestamptz)
            FROM identity {patient} RETURNING patient_id
        ), key AS (
            INSERT INTO patient_keys (network_id, patient_id, wrapped)
            SELECT :network, patient_id, :wrapped FROM patient
        ), words AS (
            INSERT INTO patient_words (network_id, word_index, patient_id)
            SELECT :network, word, patient_id FROM patient, unnest(CAST(:words AS bytea[])) AS word
        )
    """  # noqa: S608 - clauses of the two statements below


_UNLESS_TAKEN = "ON CONFLICT DO NOTHING"
_INSERT = sa.text(f"""
    WITH {SCOPE}, {_inserting(_UNLESS_TAKEN, _UNLESS_TAKEN)}
    SELECT (SELECT count(*) FROM identity) AS identified, (SELECT count(*) FROM patient) AS inserted
""")  # noqa: S608
# An id that is somebody else's undoes all of it, or the identity would stay behind alone.
_INSERT_AT_ONCE = Statement(
    f"WITH {SCOPE}, {_inserting(_UNLESS_TAKEN, '')} {RECORD_COMMAND_FROM} patient RETURNING 1"
)
_KEEP_VERSION = sa.text(
    "INSERT INTO patient_versions (network_id, patient_id, version, card, chart, changed_at, changed_by)"
    " SELECT network_id, patient_id, version, card, chart, changed_at, changed_by FROM patients"
    " WHERE network_id = :network AND patient_id = :id AND version < :version"
)
_UPDATE = sa.text(
    "UPDATE patients SET version = :version, provisional = :provisional, card = :card, chart = :chart,"
    " changed_at = :now, changed_by = :by, due_at = :due_at WHERE network_id = :network AND patient_id = :id"
)

"""Rows of people: sealed cards and charts, the keyed indexes they are found by, earlier versions and notes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Alert, Card, Note
from common.database import RECORD_COMMAND_FROM, CommandRow
from common.sealed import Seal, Sealer
from common.statements import SCOPE, Row, Statement, Statements
from patient_profile.rules.names import compared, words
from patient_profile.rules.patients import Patient
from patient_profile.tables.schema import notes

CARD, CHART, NOTE = "patients.card", "patients.chart", "notes.text"


def sealed_card(card: Card, seal: Seal) -> bytes:
    """Everything of a card that is not a column of its own."""
    content = card.model_dump(
        mode="json", exclude={"patient_id", "version", "provisional"}, exclude_defaults=True
    )
    return seal.close(content, about=CARD)


def sealed_chart(patient: Patient, seal: Seal) -> bytes | None:
    """Alerts and tags; nothing where there are none."""
    if not patient.alerts and not patient.tags:
        return None
    alerts = [alert.model_dump(mode="json") for alert in patient.alerts]
    return seal.close({"alerts": alerts, "tags": list(patient.tags)}, about=CHART)


def card_of(row: Any, seal: Seal) -> Card:
    """The card in a row of `patients`."""
    content = seal.open(row.card, about=CARD)
    return Card.model_validate(
        {
            **content,
            "patient_id": row.patient_id,
            "version": row.version,
            "provisional": row.provisional,
        }
    )


def alerts_of(row: Any, seal: Seal) -> list[Alert]:
    """The alerts in a row of `patients`."""
    if row.chart is None:
        return []
    return [Alert.model_validate(alert) for alert in seal.open(row.chart, about=CHART)["alerts"]]


def patient_of(row: Any, seal: Seal) -> Patient:
    """The whole patient in a row of `patients`."""
    tags = seal.open(row.chart, about=CHART)["tags"] if row.chart is not None else []
    return Patient(
        card=card_of(row, seal),
        alerts=tuple(alerts_of(row, seal)),
        tags=tuple(tags),
        created_at=row.created_at,
    )


async def patients_by_id(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID]
) -> Sequence[sa.Row[Any]]:
    """Rows of `patients` with the wrapped key beside them: one query, whatever the number."""
    return (await tx.execute(_BY_ID, {"network": network_id, "ids": list(patient_ids)})).all()


async def patients_at_once(
    statements: Statements, network_id: str, patient_ids: Sequence[UUID]
) -> Sequence[Row]:
    """The same in one round trip: everybody who writes to patients asks for them."""
    return await statements.rows(_BY_ID_AT_ONCE, {"network": network_id, "ids": list(patient_ids)})


async def patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> sa.Row[Any] | None:
    """One row with its wrapped key."""
    return (await tx.execute(_BY_ID, {"network": network_id, "ids": [patient_id]})).one_or_none()


async def lock_patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> sa.Row[Any] | None:
    """One row with its wrapped key, held until the end of the transaction."""
    return (await tx.execute(_LOCK, {"network": network_id, "id": patient_id})).one_or_none()


async def patients_by_phone(
    tx: AsyncConnection, network_id: str, phone_index: bytes, name_index: bytes | None = None
) -> Sequence[sa.Row[Any]]:
    """Everyone with this phone, or the one who also has this name; provisional patients included."""
    return (
        await tx.execute(_BY_PHONE, {"network": network_id, "phone": phone_index, "name": name_index})
    ).all()


async def patients_by_words(
    tx: AsyncConnection, network_id: str, indexes: Sequence[bytes], *, limit: int
) -> Sequence[sa.Row[Any]]:
    """Everyone real whose name has all of these words."""
    found = await tx.execute(
        _BY_WORDS, {"network": network_id, "words": list(indexes), "count": len(indexes), "limit": limit}
    )
    return found.all()


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


async def put_indexes(tx: AsyncConnection, network_id: str, card: Card, sealer: Sealer) -> Sequence[UUID]:
    """Find somebody by their present phones and name only; returns who already has one of these pairs."""
    key = {"network": network_id, "id": card.patient_id}
    await tx.execute(_DROP_PHONES, key)
    await tx.execute(_DROP_WORDS, key)
    phones = sorted(sealer.index(network_id, contact.phone) for contact in card.phones)
    name = name_index(card, network_id, sealer)
    await tx.execute(_ADD_PHONES, {**key, "phones": phones, "name": name})
    await tx.execute(_ADD_WORDS, {**key, "words": word_indexes(card.full_name, network_id, sealer)})
    others = await tx.execute(_OTHERS, {**key, "phones": phones, "name": name})
    return [row.patient_id for row in others]


def name_index(card: Card, network_id: str, sealer: Sealer) -> bytes:
    """The keyed index of a whole name."""
    return sealer.index(network_id, compared(card.full_name))


def word_indexes(name: str, network_id: str, sealer: Sealer) -> list[bytes]:
    """The keyed indexes of a name's words; a word is never mistaken for a whole name or a phone."""
    return [sealer.index(network_id, f"word {word}") for word in words(name)]


async def make_real(
    tx: AsyncConnection, network_id: str, patient_ids: Iterable[UUID]
) -> Sequence[sa.Row[Any]]:
    """Those of them who were provisional, with their versions."""
    return (await tx.execute(_MAKE_REAL, {"network": network_id, "ids": list(patient_ids)})).all()


async def put_off_sweep(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], sweep_at: datetime
) -> None:
    """Those of them who are provisional have until then."""
    await tx.execute(_PUT_OFF, {"network": network_id, "ids": list(patient_ids), "due_at": sweep_at})


async def due_patients(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], *, now: datetime
) -> list[UUID]:
    """Those of them who are still provisional and due."""
    rows = await tx.execute(_STILL_DUE, {"network": network_id, "ids": list(patient_ids), "now": now})
    return list(rows.scalars())


async def sweep(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], *, now: datetime
) -> list[UUID]:
    """Delete those who are still provisional and due, with everything that hangs on them, keys included."""
    swept = list(
        (await tx.execute(_SWEEP, {"network": network_id, "ids": list(patient_ids), "now": now})).scalars()
    )
    await tx.execute(_DROP_KEYS, {"network": network_id, "ids": swept})
    return swept


async def add_note(
    tx: AsyncConnection, network_id: str, patient_id: UUID, note_id: UUID, note: Note, seal: Seal
) -> None:
    """Keep a note of staff."""
    await tx.execute(
        sa.insert(notes).values(
            network_id=network_id,
            note_id=note_id,
            patient_id=patient_id,
            written_at=note.at,
            written_by=note.by,
            text=seal.close(note.text, about=NOTE),
        )
    )


async def notes_of(tx: AsyncConnection, network_id: str, patient_id: UUID, seal: Seal) -> list[Note]:
    """Notes, newest first."""
    rows = await tx.execute(_NOTES, {"network": network_id, "id": patient_id})
    return [Note(text=seal.open(row.text, about=NOTE), at=row.written_at, by=row.written_by) for row in rows]


_COLUMNS = (
    "p.patient_id, p.version, p.provisional, p.card, p.chart, p.created_at, p.due_at, k.wrapped FROM patients p"
    " JOIN patient_keys k ON k.network_id = p.network_id AND k.patient_id = p.patient_id"
)
_BY_ID = sa.text(
    f"SELECT {_COLUMNS} AND k.patient_id = ANY(:ids)"  # both by index: else all keys are hashed
    " WHERE p.network_id = :network AND p.patient_id = ANY(:ids)"
)
# Under OFFSET, the look-up cannot be turned round to come before the scope that it depends on.
_BY_ID_AT_ONCE = Statement(
    f"WITH {SCOPE} SELECT found.* FROM scope, LATERAL (SELECT {_COLUMNS} AND k.patient_id = ANY(:ids)"  # noqa: S608
    " WHERE p.network_id = scope.network_id AND p.patient_id = ANY(:ids) OFFSET 0) AS found"
)
_LOCK = sa.text(f"SELECT {_COLUMNS} WHERE p.network_id = :network AND p.patient_id = :id FOR UPDATE OF p")
_BY_PHONE = sa.text(
    f"SELECT {_COLUMNS} JOIN patient_phones f ON f.network_id = p.network_id AND f.patient_id = p.patient_id"
    " WHERE f.network_id = :network AND f.phone_index = :phone"
    " AND (CAST(:name AS bytea) IS NULL OR f.name_index = CAST(:name AS bytea)) ORDER BY p.patient_id"
)
_BY_WORDS = sa.text(
    f"SELECT {_COLUMNS}"  # noqa: S608 - columns of the line above; values are bound
    " WHERE p.network_id = :network AND NOT p.provisional AND p.patient_id IN"
    " (SELECT w.patient_id FROM patient_words w WHERE w.network_id = :network AND w.word_index = ANY(:words)"
    " GROUP BY w.patient_id HAVING count(*) = :count) ORDER BY p.patient_id LIMIT :limit"
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
_DROP_PHONES = sa.text("DELETE FROM patient_phones WHERE network_id = :network AND patient_id = :id")
_DROP_WORDS = sa.text("DELETE FROM patient_words WHERE network_id = :network AND patient_id = :id")
_ADD_PHONES = sa.text(
    "INSERT INTO patient_phones (network_id, phone_index, name_index, patient_id)"
    " SELECT :network, phone, :name, :id FROM unnest(CAST(:phones AS bytea[])) AS phone ON CONFLICT DO NOTHING"
)
_ADD_WORDS = sa.text(
    "INSERT INTO patient_words (network_id, word_index, patient_id)"
    " SELECT :network, word, :id FROM unnest(CAST(:words AS bytea[])) AS word"
)
_OTHERS = sa.text(
    "SELECT DISTINCT patient_id FROM patient_phones WHERE network_id = :network"
    " AND phone_index = ANY(CAST(:phones AS bytea[])) AND name_index = :name AND patient_id <> :id"
)
_MAKE_REAL = sa.text(
    "UPDATE patients SET provisional = false, due_at = NULL, leased_until = NULL"
    " WHERE network_id = :network AND patient_id = ANY(:ids) AND provisional RETURNING patient_id, version"
)
_PUT_OFF = sa.text(
    "UPDATE patients SET due_at = :due_at, leased_until = NULL"
    " WHERE network_id = :network AND patient_id = ANY(:ids) AND provisional"
)
_STILL_DUE = sa.text(
    "SELECT patient_id FROM patients WHERE network_id = :network AND patient_id = ANY(:ids)"
    " AND provisional AND due_at <= :now"
)
_SWEEP = sa.text(
    "DELETE FROM patients WHERE network_id = :network AND patient_id = ANY(:ids)"
    " AND provisional AND due_at <= :now RETURNING patient_id"
)
_DROP_KEYS = sa.text("DELETE FROM patient_keys WHERE network_id = :network AND patient_id = ANY(:ids)")
_NOTES = sa.text(
    "SELECT text, written_at, written_by FROM notes WHERE network_id = :network AND patient_id = :id"
    " ORDER BY written_at DESC, note_id DESC"
)

"""Appointments as rows: writing, locking and reading them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.appointment import Appointment
from booking.rules.waitlist import Freed
from booking.tables import ledger as ledger_rows
from booking.tables.schedule import LONGEST, OCCUPIES
from common import outbox
from common.contracts.booking import Instalment
from common.contracts.messages import Event
from common.database import RECORD_COMMAND_FROM, CommandRow, Database
from common.errors import UnknownThing
from common.statements import SCOPE, Statement

_PLAIN = (
    "version", "status", "patient_id", "practitioner_id", "branch_id", "service_id", "room_id", "starts_at",
    "ends_at", "buffer_before", "buffer_after", "overlap_lane", "overbook_reason", "series_id", "campaign_id",
    "booked_by", "source", "sequence", "moves", "held_until", "held_for", "answer_by", "created_at", "confirmed_at", "arrived_at",
    "completed_at", "cancel_reason", "late_cancel", "price", "currency", "list_price", "price_reason",
)  # fmt: skip
"""Columns that are fields of `Appointment` as they stand."""

_EXPRESSIONS: Mapping[str, str] = {
    **{name: f":{name}" for name in _PLAIN},
    "utm": "CAST(:utm AS jsonb)",
    "path": ":path",
    "instalments": "CAST(:instalments AS jsonb)",
    "visit": "tstzrange(:starts_at, :ends_at)",
    "busy": "tstzrange(:busy_from, :busy_to)",
    "due_at": ":due_at",
}
_KEYS = "network_id = :network_id AND appointment_id = :appointment_id"


def _values(appointment: Appointment) -> dict[str, Any]:
    return {
        "network": appointment.network_id,
        "network_id": appointment.network_id,
        "appointment_id": appointment.appointment_id,
        **{name: getattr(appointment, name) for name in _PLAIN},
        "utm": orjson.dumps(appointment.utm).decode(),
        "path": list(appointment.path),
        "instalments": orjson.dumps([one.model_dump() for one in appointment.instalments]).decode(),
        "busy_from": appointment.busy_from,
        "busy_to": appointment.busy_to,
        "due_at": appointment.held_until or appointment.answer_by,
        "since": appointment.busy_from - LONGEST,
        "until": appointment.busy_to + LONGEST,
    }


def _appointment(row: sa.Row[Any]) -> Appointment:
    return Appointment(
        network_id=row.network_id,
        appointment_id=row.appointment_id,
        **{name: getattr(row, name) for name in _PLAIN},
        utm=row.utm,
        path=tuple(row.path),
        instalments=tuple(Instalment.model_validate(one) for one in row.instalments),
        entries=tuple(ledger_rows.entry(one) for one in row.entries or ()),
    )


async def take(
    tx: AsyncConnection, appointment: Appointment, event: Event | None = None, *, revision: int
) -> bool:
    """Insert where its time is free for practitioner, room and patient, with its event, in one statement.

    Returns False where something stands against it, which is one of: the time is taken, the directory has
    another revision than the one it was checked against, or the row exists already.
    """
    values = {**_values(appointment), "revision": revision}
    if event is None:
        return bool((await tx.execute(_TAKE, values)).rowcount)
    return bool((await tx.execute(_TAKE_AND_TELL, {**values, **outbox.row(event)})).rowcount)


async def take_at_once(
    database: Database, appointment: Appointment, event: Event, order: CommandRow, *, revision: int
) -> bool:
    """The same with the command's record too, in one statement that is a transaction of its own.

    Returns False also where the command was carried out before, or gave way in a deadlock.
    """
    values = {**_values(appointment), **outbox.row(event), **order, "revision": revision}
    try:
        return bool(await database.statements.rows(_TAKE_AT_ONCE, values))
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
        return False


async def change(tx: AsyncConnection, appointment: Appointment) -> None:
    """Write a changed appointment; raises 23P01 where its time is not free."""
    await tx.execute(_CHANGE, _values(appointment))


async def lock(
    tx: AsyncConnection, network_id: str, appointment_id: UUID, *, kind: str = "appointment"
) -> Appointment:
    """The appointment, locked until the transaction ends; or `unknown-<kind>`.

    It is read by a statement of its own: the one that waits for the lock goes on with the newest row, but with what
    the ledger was when it began to wait.
    """
    key = {"network_id": network_id, "appointment_id": appointment_id}
    if (await tx.execute(_LOCK, key)).first() is None:
        raise UnknownThing(kind, appointment_id)
    return _appointment((await tx.execute(_LOCKED, key)).one())


async def get(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> list[Appointment]:
    """Those that exist, by start."""
    rows = await tx.execute(_GET, {"network_id": network_id, "ids": list(ids)})
    return [_appointment(row) for row in rows]


async def of_patients(tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID]) -> list[Appointment]:
    """All but holds, whatever became of them (nobody was told: version 0), newest first."""
    rows = await tx.execute(_OF_PATIENTS, {"network_id": network_id, "patients": list(patient_ids)})
    return [_appointment(row) for row in rows]


async def of_branch(
    tx: AsyncConnection, network_id: str, branch_id: UUID, start: datetime, end: datetime
) -> list[Appointment]:
    """All but holds, whatever became of them, that start in a time, by start."""
    rows = await tx.execute(
        _OF_BRANCH, {"network_id": network_id, "branch_id": branch_id, "start": start, "end": end}
    )
    return [_appointment(row) for row in rows]


async def of_practitioner(
    tx: AsyncConnection, network_id: str, practitioner_id: UUID, start: datetime, end: datetime, *, lock: bool
) -> list[Appointment]:
    """All that occupy a practitioner in a time, holds included, blocks not; optionally locked. By start."""
    rows = await tx.execute(
        _OF_PRACTITIONER_LOCKED if lock else _OF_PRACTITIONER,
        {
            "network_id": network_id,
            "practitioner_id": practitioner_id,
            "since": start - LONGEST,
            "until": end + LONGEST,
            "start": start,
            "end": end,
        },
    )
    return sorted((_appointment(row) for row in rows), key=lambda one: one.starts_at)


async def held_for(
    tx: AsyncConnection, network_id: str, purpose: UUID, *, now: datetime
) -> list[Appointment]:
    """What is held for something, by start."""
    rows = await tx.execute(_HELD_FOR, {"network_id": network_id, "purpose": purpose, "now": now})
    return [_appointment(row) for row in rows]


async def release_held_for(tx: AsyncConnection, network_id: str, purpose: UUID) -> list[Freed]:
    """Give back whatever was held for something; returns the time of it."""
    return _freed(await tx.execute(_RELEASE_HELD_FOR, {"network_id": network_id, "purpose": purpose}))


async def take_turns(tx: AsyncConnection, network_id: str, practitioner_id: UUID) -> None:
    """Wait for others who change much of this practitioner's time at once: acts that cross would deadlock. Before any
    row is locked, and by who is there where several are."""
    await tx.execute(_TAKE_TURNS, {"network": network_id, "who": practitioner_id, "appointment": None})


async def take_turns_to_move(
    tx: AsyncConnection, network_id: str, appointment_id: UUID, to: UUID | None
) -> None:
    """The same for a move, with whom it is and with whom it is to be."""
    await tx.execute(_TAKE_TURNS, {"network": network_id, "who": to, "appointment": appointment_id})


async def patient_has_a_visit(tx: AsyncConnection, appointment: Appointment) -> bool:
    """Whether another visit of this patient overlaps."""
    return await _overlaps(tx, _PATIENT_BUSY, appointment)


async def practitioner_is_busy(tx: AsyncConnection, appointment: Appointment) -> bool:
    """Whether another appointment of this practitioner overlaps."""
    return await _overlaps(tx, _PRACTITIONER_BUSY, appointment)


async def is_overbooked_there(tx: AsyncConnection, appointment: Appointment) -> bool:
    """Whether this practitioner's time is taken in another lane: it is no freer for being shared once."""
    return await _overlaps(tx, _OVERBOOKED_THERE, appointment)


async def _overlaps(tx: AsyncConnection, question: sa.TextClause, appointment: Appointment) -> bool:
    return bool((await tx.execute(question, _values(appointment))).scalar_one())


async def add_correction(
    tx: AsyncConnection, before: Appointment, after: Appointment, *, reason: str, by: str, at: datetime
) -> None:
    """Keep who undid what, and why."""
    await tx.execute(
        _CORRECT,
        {
            "network_id": after.network_id,
            "appointment_id": after.appointment_id,
            "version": after.version,
            "corrected_from": before.status,
            "corrected_to": after.status,
            "reason": reason,
            "corrected_by": by,
            "corrected_at": at,
        },
    )


async def free_expired_holds(
    tx: AsyncConnection, network_id: str, *, now: datetime, ids: Sequence[UUID] | None = None
) -> list[Freed]:
    """End the holds whose time has run out, all of a network's or the given ones; returns the time of them."""
    values = {"network_id": network_id, "now": now}
    if ids is None:
        return _freed(await tx.execute(_EXPIRE_ALL, values))
    return _freed(await tx.execute(_EXPIRE, {**values, "ids": list(ids)}))


def _freed(rows: "sa.CursorResult[Any]") -> list[Freed]:
    return [Freed(row.practitioner_id, row.busy_from, row.busy_to) for row in rows]


# The constraints keep one lane; who books without a reason keeps clear of all.
def _overbooked(network: str) -> str:
    return (
        f"EXISTS (SELECT FROM appointments o WHERE o.network_id = {network} AND o.overlap_lane <> 0"
        " AND o.practitioner_id = :practitioner_id AND o.appointment_id <> :appointment_id"
        f" AND o.{OCCUPIES} AND o.starts_at > :since AND o.starts_at < :until"
        " AND o.busy && tstzrange(:busy_from, :busy_to))"
    )


def _insert() -> str:
    """After `SCOPE`, on which all hangs that is under row-level security."""
    columns = ", ".join(("network_id", "appointment_id", *_EXPRESSIONS))
    values = ", ".join(("scope.network_id", ":appointment_id", *_EXPRESSIONS.values()))
    overbooked = _overbooked("scope.network_id")
    # ON CONFLICT without a target: with one, the other two constraints would raise instead, and a bare INSERT
    # deadlocks when many want one slot.
    return (
        f"INSERT INTO appointments ({columns}) SELECT {values} FROM scope"  # noqa: S608 - names of this module
        " WHERE (SELECT revision FROM networks WHERE networks.network_id = scope.network_id) = :revision"
        f" AND (CAST(:overlap_lane AS int) > 0 OR NOT {overbooked}) ON CONFLICT DO NOTHING"
    )


_COLUMNS = ", ".join(
    f"a.{name}" for name in ("network_id", "appointment_id", *_PLAIN, "utm", "path", "instalments")
)
_SELECT = f"SELECT {_COLUMNS}, {ledger_rows.ENTRIES} FROM appointments a"  # noqa: S608

_TAKE = sa.text(f"WITH {SCOPE} {_insert()}")
_TAKE_AND_TELL = sa.text(f"WITH {SCOPE}, taken AS ({_insert()} RETURNING 1) {outbox.INSERT_FROM} taken")
_TAKE_AT_ONCE = Statement(
    f"WITH {SCOPE}, taken AS ({_insert()} RETURNING 1), told AS ({outbox.INSERT_FROM} taken)"
    f" {RECORD_COMMAND_FROM} taken RETURNING 1"
)
_CHANGE = sa.text(
    "UPDATE appointments SET "  # noqa: S608
    + ", ".join(f"{name} = {expression}" for name, expression in _EXPRESSIONS.items())
    + f" WHERE {_KEYS}"
)
_LOCK = sa.text(f"SELECT 1 FROM appointments WHERE {_KEYS} AND status <> 'blocked' FOR UPDATE")  # noqa: S608
_LOCKED = sa.text(f"{_SELECT} WHERE a.network_id = :network_id AND a.appointment_id = :appointment_id")
_GET = sa.text(
    f"{_SELECT} WHERE a.network_id = :network_id AND a.appointment_id = ANY(:ids) AND a.status <> 'blocked'"
    " ORDER BY a.starts_at, a.appointment_id"
)
_OF_PATIENTS = sa.text(
    f"{_SELECT} WHERE a.network_id = :network_id AND a.patient_id = ANY(:patients)"
    " AND a.version > 0 ORDER BY a.starts_at DESC, a.appointment_id"
)
_OF_BRANCH = sa.text(
    f"{_SELECT} WHERE a.network_id = :network_id AND a.branch_id = :branch_id AND a.starts_at >= :start"
    " AND a.starts_at < :end AND a.version > 0 ORDER BY a.starts_at, a.appointment_id"
)
_OF_PRACTITIONER_SQL = (
    f"{_SELECT} WHERE a.network_id = :network_id AND a.practitioner_id = :practitioner_id AND a.{OCCUPIES}"
    " AND a.status <> 'blocked' AND a.starts_at > :since AND a.starts_at < :until"
    " AND a.busy && tstzrange(:start, :end) ORDER BY a.appointment_id"
)
_OF_PRACTITIONER = sa.text(_OF_PRACTITIONER_SQL)
_OF_PRACTITIONER_LOCKED = sa.text(f"{_OF_PRACTITIONER_SQL} FOR UPDATE OF a")
_HELD_FOR = sa.text(
    f"{_SELECT} WHERE a.network_id = :network_id AND a.held_for = :purpose AND a.status = 'held'"
    " AND a.held_until > :now"
    " ORDER BY a.starts_at, a.appointment_id"
)
_RETURNING_FREED = " RETURNING practitioner_id, lower(busy) AS busy_from, upper(busy) AS busy_to"
_RELEASE_HOLDS = (
    "UPDATE appointments SET status = 'cancelled', cancel_reason = 'hold-released', held_until = NULL,"
    " due_at = NULL, leased_until = NULL"
    " WHERE network_id = :network_id AND held_for = :purpose AND status = 'held'"
)
_RELEASE_HELD_FOR = sa.text(f"{_RELEASE_HOLDS}{_RETURNING_FREED}")
_TAKE_TURNS = sa.text("""
    SELECT pg_advisory_xact_lock(hashtextextended(:network || '/' || who, 0)) FROM (
        SELECT CAST(CAST(:who AS uuid) AS text) AS who WHERE CAST(:who AS uuid) IS NOT NULL
        UNION SELECT CAST(practitioner_id AS text) FROM appointments
        WHERE network_id = :network AND appointment_id = CAST(:appointment AS uuid)
        ORDER BY who OFFSET 0
    ) AS turns
""")


def _overlapping(thing: str, span: str, start: str, end: str) -> sa.TextClause:
    return sa.text(
        f"SELECT EXISTS (SELECT FROM appointments WHERE network_id = :network_id AND {thing} = :{thing}"  # noqa: S608
        f" AND appointment_id <> :appointment_id AND {OCCUPIES}"
        f" AND starts_at > :since AND starts_at < :until AND {span} && tstzrange(:{start}, :{end}))"
    )


_OVERBOOKED_THERE = sa.text(f"SELECT {_overbooked(':network_id')}")
_PATIENT_BUSY = _overlapping("patient_id", "visit", "starts_at", "ends_at")
_PRACTITIONER_BUSY = _overlapping("practitioner_id", "busy", "busy_from", "busy_to")
_CORRECT = sa.text(
    "INSERT INTO corrections (network_id, appointment_id, version, corrected_from, corrected_to, reason,"
    " corrected_by, corrected_at) VALUES (:network_id, :appointment_id, :version, :corrected_from,"
    " :corrected_to, :reason, :corrected_by, :corrected_at)"
)
_END_HOLDS = (
    "UPDATE appointments SET status = 'cancelled', cancel_reason = 'hold-expired', held_until = NULL,"
    " due_at = NULL, leased_until = NULL"
    " WHERE network_id = :network_id AND status = 'held' AND due_at <= :now"
)
_EXPIRE_ALL = sa.text(f"{_END_HOLDS}{_RETURNING_FREED}")
_EXPIRE = sa.text(f"{_END_HOLDS} AND appointment_id = ANY(:ids){_RETURNING_FREED}")

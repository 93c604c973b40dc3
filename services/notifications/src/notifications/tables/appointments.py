"""This service's copy of how appointments stand: the newest version that an event told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.booking import AppointmentState
from common.contracts.directory import Branch, Network
from common.errors import Unavailable
from notifications.tables.schema import appointments


@dataclass(frozen=True)
class Standing:
    """How an appointment stood before an event."""

    version: int
    branch_id: UUID
    patient_id: UUID
    status: str
    starts_at: datetime


@dataclass(frozen=True)
class Advanced:
    """The newest version is stored now; `before` is None where nothing was known."""

    before: Standing | None


async def advance(
    tx: AsyncConnection, network_id: str, state: AppointmentState, version: int
) -> Advanced | None:
    """Store a newer version; None where this one has been passed. The appointment's turn has to be held."""
    values = {
        "network": network_id,
        "appointment_id": state.appointment_id,
        "version": version,
        "patient_id": state.patient_id,
        "branch_id": state.branch_id,
        "status": state.status,
        "starts_at": state.starts_at,
    }
    row = (await tx.execute(_ADVANCE, values)).one_or_none()
    if row is None:
        return None
    if row.version is None:
        return Advanced(None)
    return Advanced(Standing(row.version, row.branch_id, row.patient_id, row.status, row.starts_at))


async def is_first(tx: AsyncConnection, network_id: str, state: AppointmentState) -> bool:
    """Whether no other visit of this patient was ever told of. The patient's turn has to be held."""
    other = sa.exists().where(
        appointments.c.network_id == network_id,
        appointments.c.patient_id == state.patient_id,
        appointments.c.appointment_id != state.appointment_id,
    )
    return not (await tx.execute(sa.select(other))).scalar_one()


async def take_turn(
    tx: AsyncConnection, network_id: str, patient_id: UUID, branch_id: UUID
) -> tuple[Network, Branch, bool]:
    """One change of a patient's visits at a time (there may be no row to lock yet), where it takes place, and whether
    there are policies beside the country's pack.

    Raises `Unavailable` while the directory has not told of the place: the event comes again.
    """
    rows = await tx.execute(
        _TAKE_TURN, {"patient": str(patient_id), "network": network_id, "branch": str(branch_id)}
    )
    found = {row.kind: row for row in rows}
    if "network" not in found or "branch" not in found:
        raise Unavailable("directory", "not known here yet")
    network = Network.model_validate(found["network"].body)
    return network, Branch.model_validate(found["branch"].body), found["network"].has_policies


async def first_task(tx: AsyncConnection, network_id: str, appointment_id: UUID, kind: str) -> bool:
    """Whether this kind of task was not raised for the appointment yet; from now on it was."""
    found = await tx.execute(_TASK, {"network": network_id, "appointment_id": appointment_id, "kind": kind})
    return found.rowcount > 0


async def of_ids(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Copies by id."""
    query = sa.select(appointments).where(
        appointments.c.network_id == network_id, appointments.c.appointment_id.in_(list(ids))
    )
    return {row.appointment_id: row for row in await tx.execute(query)}


async def make_anew(tx: AsyncConnection, network_id: str, branch_id: UUID | None, *, now: datetime) -> int:
    """Ask for the chains of all visits ahead to be made anew; returns how many."""
    ahead = (
        sa.update(appointments)
        .where(
            appointments.c.network_id == network_id,
            appointments.c.status.in_(("booked", "confirmed")),
            appointments.c.starts_at > now,
        )
        .values(due_at=now, leased_until=None)
    )
    if branch_id is not None:
        ahead = ahead.where(appointments.c.branch_id == branch_id)
    return (await tx.execute(ahead)).rowcount


async def made_anew(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> None:
    """It was done."""
    await tx.execute(
        sa.update(appointments)
        .where(appointments.c.network_id == network_id, appointments.c.appointment_id.in_(list(ids)))
        .values(due_at=None, leased_until=None)
    )


async def known_by(
    tx: AsyncConnection, network_id: str, appointment_id: UUID, phone_index: bytes | None
) -> None:
    """Remember (by its keyed index) which phone it is for."""
    await tx.execute(
        sa.update(appointments)
        .where(appointments.c.network_id == network_id, appointments.c.appointment_id == appointment_id)
        .values(phone_index=phone_index)
    )


async def phone_of(tx: AsyncConnection, network_id: str, appointment_id: UUID) -> bytes | None:
    """The index of the phone that it is for, where that was remembered."""
    query = sa.select(appointments.c.phone_index).where(
        appointments.c.network_id == network_id, appointments.c.appointment_id == appointment_id
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def of_day(
    tx: AsyncConnection,
    network_id: str,
    patient_id: UUID,
    phone_index: bytes | None,
    first: datetime,
    last: datetime,
) -> list[Any]:
    """Visits that stand between two instants, of one patient or of everybody with their phone, by start."""
    values = {"network": network_id, "patient": patient_id, "first": first, "last": last}
    if phone_index is None:
        return list((await tx.execute(_OF_DAY, values)).all())
    return list((await tx.execute(_OF_DAY_BY_PHONE, {**values, "phone": phone_index})).all())


_THEIRS = appointments.c.patient_id == sa.bindparam("patient")
_OF_DAY = (
    sa.select(appointments.c.appointment_id, appointments.c.patient_id, appointments.c.starts_at)
    .where(
        appointments.c.network_id == sa.bindparam("network"),
        appointments.c.status.in_(("booked", "confirmed")),
        appointments.c.starts_at >= sa.bindparam("first"),
        appointments.c.starts_at < sa.bindparam("last"),
    )
    .order_by(appointments.c.starts_at, appointments.c.appointment_id)
)
_OF_DAY_BY_PHONE = _OF_DAY.where(_THEIRS | (appointments.c.phone_index == sa.bindparam("phone")))
_OF_DAY = _OF_DAY.where(_THEIRS)


_TAKE_TURN = sa.text(
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended(:patient, 0)))"
    " SELECT kind, body, EXISTS (SELECT FROM policies WHERE network_id = :network) AS has_policies"
    " FROM turn LEFT JOIN directory ON network_id = :network"
    " AND ((kind = 'network' AND thing_id = :network) OR (kind = 'branch' AND thing_id = :branch))"
)
_ADVANCE = sa.text(
    "WITH before AS MATERIALIZED (SELECT version, branch_id, patient_id, status, starts_at FROM appointments"
    " WHERE network_id = :network AND appointment_id = :appointment_id),"
    " newest AS (INSERT INTO appointments"
    " (network_id, appointment_id, version, patient_id, branch_id, status, starts_at)"
    " VALUES (:network, :appointment_id, :version, :patient_id, :branch_id, :status, :starts_at)"
    " ON CONFLICT (network_id, appointment_id) DO UPDATE SET version = excluded.version,"
    " patient_id = excluded.patient_id, branch_id = excluded.branch_id, status = excluded.status,"
    " starts_at = excluded.starts_at WHERE appointments.version < excluded.version RETURNING 1)"
    " SELECT before.* FROM newest LEFT JOIN before ON true"
)
_TASK = sa.text(
    "UPDATE appointments SET tasks = array_append(tasks, CAST(:kind AS text)) WHERE network_id = :network"
    " AND appointment_id = :appointment_id AND NOT (CAST(:kind AS text) = ANY (tasks))"
)

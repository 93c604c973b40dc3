"""Rows of telephone calls and of the turns of a conversation by keypad. Numbers and what was said are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import CallState, Direction
from common.database import INSTANT
from notifications.rules.keypad import Stage
from notifications.tables.attempts import Attempt
from notifications.tables.schema import metadata

calls = sa.Table(
    "calls", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("call_id", UUID_COLUMN, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("number", sa.LargeBinary, nullable=False),
    sa.Column("number_index", sa.LargeBinary, nullable=False),
    sa.Column("branch_id", UUID_COLUMN),
    sa.Column("patient_id", UUID_COLUMN),
    sa.Column("candidates", ARRAY(UUID_COLUMN), nullable=False, server_default="{}"),
    sa.Column("message_id", UUID_COLUMN),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("answered_at", INSTANT),
    sa.Column("ended_at", INSTANT),
    sa.Column("seconds", sa.Integer),
    sa.Column("reason", sa.Text),
    sa.Column("stage", sa.Text, nullable=False, server_default="over"),
    sa.Column("silences", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("wrong_keys", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("offered", JSONB, nullable=False, server_default="[]"),
    sa.CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
    sa.CheckConstraint("state IN ('ringing', 'answered', 'ended', 'missed')", name="state"),
    sa.CheckConstraint("stage IN ('asked', 'offered', 'invited', 'over')", name="stage"),
    sa.Index("calls_patient", "network_id", "patient_id"),
    sa.Index("calls_candidates", "candidates", postgresql_using="gin"),
    sa.Index("calls_incoming", "network_id", "at", postgresql_where=sa.text("direction = 'inbound'")),
)  # fmt: skip

turns = sa.Table(
    "call_turns", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("call_id", UUID_COLUMN, primary_key=True),
    sa.Column("step", sa.SmallInteger, primary_key=True),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("digits", sa.Text),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)  # fmt: skip

FORWARD: dict[CallState, int] = {"ringing": 0, "answered": 1, "missed": 2, "ended": 3}
"""A call only moves forward: what was answered ends, and is not missed."""


@dataclass(frozen=True)
class Call:
    """One call. `stage` is what the next key answers; `offered` the times that were named for keys 1, 2…"""

    network_id: str
    call_id: UUID
    version: int
    direction: Direction
    state: CallState
    number: bytes
    number_index: bytes
    branch_id: UUID | None
    patient_id: UUID | None
    candidates: Sequence[UUID]
    message_id: UUID | None
    at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: int | None = None
    reason: str | None = None
    stage: Stage = "over"
    silences: int = 0
    wrong_keys: int = 0
    offered: Sequence[dict[str, str]] = ()


@dataclass(frozen=True)
class Turn:
    """What was pressed (None: it was picked up), what that meant, and the sealed document that answered it."""

    network_id: str
    call_id: UUID
    step: int
    at: datetime
    digits: str | None
    act: str
    document: bytes


_SELECT = sa.select(*[calls.c[field.name] for field in fields(Call)])


def identity(network_id: str, provider_id: str) -> UUID:
    """A call's id is made from the telephony's, so that all its words meet in one row, whichever comes first."""
    return uuid5(NAMESPACE_URL, f"vinculo:call:{network_id}:{provider_id}")


def outgoing(attempt: Attempt, branch_id: UUID, provider_id: str) -> Call:
    """A call of ours before anything was told of it."""
    return Call(
        network_id=attempt.network_id, call_id=identity(attempt.network_id, provider_id), version=0,
        direction="outbound", state="ringing", number=attempt.address, number_index=attempt.address_index,
        branch_id=branch_id, patient_id=attempt.patient_id, candidates=(), message_id=attempt.message_id,
        at=attempt.at,
    )  # fmt: skip


def after_turn(held: Call, said: Call, now: datetime, *, machine: bool) -> Call:
    """The locked call after a turn: what the conversation changed, whatever the telephony told meanwhile."""
    return replace(
        held,
        version=held.version + 1,
        state="answered" if FORWARD[held.state] < FORWARD["answered"] else held.state,
        answered_at=held.answered_at or now,
        stage=said.stage,
        silences=said.silences,
        wrong_keys=said.wrong_keys,
        offered=said.offered,
        reason="machine" if machine else held.reason,
    )


async def locked(tx: AsyncConnection, fresh: Call) -> Call:
    """The call as it stands, locked; `fresh` is stored where nothing is known of it."""
    row = {field.name: getattr(fresh, field.name) for field in fields(Call)}
    row["candidates"], row["offered"] = list(fresh.candidates), list(fresh.offered)
    await tx.execute(insert(calls).values(row).on_conflict_do_nothing())
    query = _SELECT.where(calls.c.network_id == fresh.network_id, calls.c.call_id == fresh.call_id)
    return Call(*(await tx.execute(query.with_for_update())).one())


async def change(tx: AsyncConnection, call: Call) -> None:
    """Write a locked call."""
    own = (calls.c.network_id == call.network_id, calls.c.call_id == call.call_id)
    values = {field.name: getattr(call, field.name) for field in fields(Call)}
    values["candidates"], values["offered"] = list(call.candidates), list(call.offered)
    await tx.execute(sa.update(calls).where(*own).values(values))


async def turn(tx: AsyncConnection, network_id: str, call_id: UUID, step: int) -> Turn | None:
    """What was answered at a step, where it was."""
    query = sa.select(turns).where(
        turns.c.network_id == network_id, turns.c.call_id == call_id, turns.c.step == step
    )
    row = (await tx.execute(query)).first()
    return Turn(*row) if row else None


async def keep_turn(tx: AsyncConnection, said: Turn) -> None:
    """Store a turn; its call is locked."""
    await tx.execute(sa.insert(turns), {field.name: getattr(said, field.name) for field in fields(Turn)})


async def turns_of(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> dict[UUID, list[Turn]]:
    """The turns of several calls, in order."""
    query = (
        sa.select(turns)
        .where(turns.c.network_id == network_id, turns.c.call_id.in_(list(ids)))
        .order_by(turns.c.call_id, turns.c.step)
    )
    found: dict[UUID, list[Turn]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.call_id, []).append(Turn(*row))
    return found


async def of(tx: AsyncConnection, network_id: str, *where: Any, limit: int) -> list[Call]:
    """Calls, newest first."""
    query = (
        _SELECT.where(calls.c.network_id == network_id, *where)
        .order_by(calls.c.at.desc(), calls.c.call_id.desc())
        .limit(limit)
    )
    return [Call(*row) for row in await tx.execute(query)]


async def forget_numbers(tx: AsyncConnection, network_id: str, patient_id: UUID) -> None:
    """An erased patient's calls stay as calls of nobody."""
    concerned = sa.or_(calls.c.patient_id == patient_id, calls.c.candidates.contains([patient_id]))
    await tx.execute(
        sa.update(calls)
        .where(calls.c.network_id == network_id, concerned)
        .values(
            number=b"",
            number_index=b"",
            candidates=sa.func.array_remove(calls.c.candidates, patient_id),
        )
    )

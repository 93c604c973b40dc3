"""A reader's copy of the public directory, kept from booking's events: zones, addresses, names, services.

Every service that needs it has the same table, the same reader and the same look-up; the newest version wins.
"""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import (
    Branch,
    BranchChanged,
    Network,
    NetworkOpened,
    PractitionerChanged,
    RoomChanged,
    ServiceChanged,
)
from common.contracts.messages import Event, Message
from common.errors import UnknownThing

Thing = TypeVar("Thing", bound=Message)

EVENTS: tuple[type[Event], ...] = (
    NetworkOpened,
    BranchChanged,
    PractitionerChanged,
    RoomChanged,
    ServiceChanged,
)


def directory_table(metadata: sa.MetaData) -> sa.Table:
    """`directory`: one row per thing, its newest state as JSON."""
    return sa.Table(
        "directory", metadata,
        sa.Column("network_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("thing_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", JSONB, nullable=False),
    )  # fmt: skip


def _thing(event: Event) -> tuple[str, str, Message]:
    match event:
        case NetworkOpened(network=network):
            return "network", network.network_id, network
        case BranchChanged(branch=branch):
            return "branch", str(branch.branch_id), branch
        case PractitionerChanged(practitioner=practitioner):
            return "practitioner", str(practitioner.practitioner_id), practitioner
        case RoomChanged(room=room):
            return "room", str(room.room_id), room
        case ServiceChanged(service=service):
            return "service", str(service.service_id), service
        case _:
            raise TypeError(f"not a directory event: {type(event).__name__}")


async def keep(tx: AsyncConnection, event: Event) -> None:
    """Store the thing's newest state; an older version that arrives late changes nothing."""
    kind, thing_id, thing = _thing(event)
    await tx.execute(
        _KEEP,
        {
            "network": event.network_id,
            "kind": kind,
            "thing_id": thing_id,
            "version": event.version,
            "body": thing.model_dump_json(),
        },
    )


async def network(tx: AsyncConnection, network_id: str) -> Network:
    """The network; raises `unknown-network` where no event told of it yet."""
    found = await things(tx, network_id, Network, [network_id])
    if not found:
        raise UnknownThing("network", network_id)
    return found[network_id]


async def branches(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> dict[str, Branch]:
    """Branches by id as text."""
    return await things(tx, network_id, Branch, [str(one) for one in ids])


async def things(
    tx: AsyncConnection, network_id: str, kind: type[Thing], ids: Sequence[str]
) -> dict[str, Thing]:
    """Things of one kind by id; unknown ids are left out."""
    rows = await tx.execute(
        _THINGS, {"network": network_id, "kind": kind.__name__.lower(), "ids": list(dict.fromkeys(ids))}
    )
    return {row.thing_id: kind.model_validate(row.body) for row in rows}


async def all_of(tx: AsyncConnection, network_id: str, kind: type[Thing]) -> list[Thing]:
    """Every thing of one kind in the network."""
    rows: Any = await tx.execute(_ALL, {"network": network_id, "kind": kind.__name__.lower()})
    return [kind.model_validate(row.body) for row in rows]


_KEEP = sa.text(
    "INSERT INTO directory (network_id, kind, thing_id, version, body)"
    " VALUES (:network, :kind, :thing_id, :version, CAST(:body AS jsonb))"
    " ON CONFLICT (network_id, kind, thing_id) DO UPDATE SET version = excluded.version, body = excluded.body"
    " WHERE directory.version < excluded.version"
)
_THINGS = sa.text(
    "SELECT thing_id, body FROM directory WHERE network_id = :network AND kind = :kind AND thing_id = ANY(:ids)"
)
_ALL = sa.text("SELECT body FROM directory WHERE network_id = :network AND kind = :kind ORDER BY thing_id")

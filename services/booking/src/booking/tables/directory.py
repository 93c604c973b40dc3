"""The directory's rows, and the copy of them that each process keeps."""

from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.catalogue import Catalogue, Thing, identity
from common.contracts.directory import Branch, Network, Practitioner, Room, Service
from common.errors import UnknownThing

KINDS: dict[str, type[Thing]] = {
    "branch": Branch,
    "practitioner": Practitioner,
    "room": Room,
    "service": Service,
}


async def open_network(tx: AsyncConnection, network: Network) -> bool:
    """Returns False where the slug is taken."""
    values = {"network": network.network_id, "body": network.model_dump_json()}
    return bool((await tx.execute(_OPEN, values)).rowcount)


async def lock_network(tx: AsyncConnection, network_id: str) -> None:
    """Make the directory's next revision; changes of one network's directory wait for each other."""
    if (await tx.execute(_NEXT_REVISION, {"network": network_id})).rowcount == 0:
        raise UnknownThing("network", network_id)


async def put(tx: AsyncConnection, network_id: str, thing: Thing, version: int) -> None:
    """Create or replace a thing."""
    kind, thing_id = identity(thing)
    await tx.execute(
        _PUT,
        {
            "network": network_id,
            "kind": kind,
            "thing_id": thing_id,
            "version": version,
            "body": thing.model_dump_json(),
        },
    )


async def read(tx: AsyncConnection, network_id: str) -> Catalogue:
    """The whole directory, of one revision: the row that counts revisions is read with the rest."""
    rows = (await tx.execute(_READ, {"network": network_id})).all()
    if not rows:
        raise UnknownThing("network", network_id)
    things: dict[str, dict[UUID, Any]] = {kind: {} for kind in KINDS}
    versions: dict[str, int] = {network_id: 1}
    for row in rows:
        if row.kind is not None:
            things[row.kind][row.thing_id] = KINDS[row.kind].model_validate(row.thing)
            versions[str(row.thing_id)] = row.version
    return Catalogue(
        revision=rows[0].revision,
        network=Network.model_validate(rows[0].network),
        branches=things["branch"],
        practitioners=things["practitioner"],
        rooms=things["room"],
        services=things["service"],
        versions=versions,
    )


async def revision(tx: AsyncConnection, network_id: str) -> int:
    """Which revision is the newest."""
    newest = (await tx.execute(_REVISION, {"network": network_id})).scalar_one_or_none()
    if newest is None:
        raise UnknownThing("network", network_id)
    return cast("int", newest)


async def keep(tx: AsyncConnection, network_id: str) -> None:
    """Let the directory stay as it is until the transaction ends; bookings go on meanwhile."""
    await tx.execute(_KEEP, {"network": network_id})


class Directories:
    """A process's copies, one per network. `current` is read-your-writes; `latest_known` may be behind."""

    def __init__(self) -> None:
        self._known: dict[str, Catalogue] = {}

    async def current(self, tx: AsyncConnection, network_id: str) -> Catalogue:
        """The directory as it is now: one row is read to know that the copy is, and all of it where not."""
        known = self._known.get(network_id)
        if known is not None and known.revision == await revision(tx, network_id):
            return known
        known = self._known[network_id] = await read(tx, network_id)
        return known

    def known(self, network_id: str) -> Catalogue | None:
        """The copy as it is, where there is one."""
        return self._known.get(network_id)

    async def latest_known(self, tx: AsyncConnection, network_id: str) -> Catalogue:
        """The copy as it is, for whoever finds out by other means that it is behind."""
        return self._known.get(network_id) or await self.current(tx, network_id)


_OPEN = sa.text(
    "INSERT INTO networks (network_id, body, revision) VALUES (:network, CAST(:body AS jsonb), 1)"
    " ON CONFLICT DO NOTHING"
)
_NEXT_REVISION = sa.text("UPDATE networks SET revision = revision + 1 WHERE network_id = :network")
_REVISION = sa.text("SELECT revision FROM networks WHERE network_id = :network")
_KEEP = sa.text("SELECT FROM networks WHERE network_id = :network FOR SHARE")
_PUT = sa.text(
    "INSERT INTO directory (network_id, kind, thing_id, version, body)"
    " VALUES (:network, :kind, :thing_id, :version, CAST(:body AS jsonb))"
    " ON CONFLICT (network_id, kind, thing_id)"
    " DO UPDATE SET version = excluded.version, body = excluded.body"
)
_READ = sa.text(
    "SELECT n.revision, n.body AS network, d.kind, d.thing_id, d.version, d.body AS thing"
    " FROM networks n LEFT JOIN directory d USING (network_id)"
    " WHERE n.network_id = :network ORDER BY d.thing_id"
)

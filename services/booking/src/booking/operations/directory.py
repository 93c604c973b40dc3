"""Setting a network up: each change makes the directory's next revision and tells of the thing's whole state."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import absences
from booking.operations.acting import Acting
from booking.rules import catalogue as rules
from booking.rules.catalogue import Thing
from booking.rules.refusals import NetworkExists
from booking.tables import directory as rows
from common import outbox
from common.contracts.directory import (
    Branch,
    BranchChanged,
    Network,
    NetworkOpened,
    Practitioner,
    PractitionerChanged,
    Room,
    RoomChanged,
    Service,
    ServiceChanged,
)
from common.contracts.messages import Done, Event
from common.errors import NotAllowed, VersionConflict


async def open_network(tx: AsyncConnection, network_id: str, network: Network, *, now: datetime) -> Done:
    """Make a network, which is always the caller's own."""
    if network.network_id != network_id:
        raise NotAllowed("A network is opened in its own name")
    if not await rows.open_network(tx, network):
        raise NetworkExists("This network exists already")
    await outbox.record(tx, NetworkOpened(network_id=network_id, occurred_at=now, version=1, network=network))
    return Done(version=1)


async def put(tx: AsyncConnection, acting: Acting, thing: Thing, *, if_version: int | None) -> Done:
    """Create or replace a thing of the directory."""
    network_id = acting.network_id
    await rows.lock_network(tx, network_id)
    catalogue = await rows.read(tx, network_id)
    rules.check(thing, catalogue)
    _, thing_id = rules.identity(thing)
    version = catalogue.versions.get(str(thing_id), 0)
    if if_version is not None and if_version != version:
        raise VersionConflict("It has changed since you looked", version=version)
    await rows.put(tx, network_id, thing, version + 1)
    await outbox.record(tx, _changed(network_id, thing, version + 1, acting.now))
    if isinstance(thing, Practitioner):
        await absences.close_branches_for(tx, acting, await rows.read(tx, network_id), thing.practitioner_id)
    return Done(version=version + 1)


def _changed(network_id: str, thing: Thing, version: int, now: datetime) -> Event:
    match thing:
        case Branch():
            return BranchChanged(network_id=network_id, occurred_at=now, version=version, branch=thing)
        case Practitioner():
            return PractitionerChanged(
                network_id=network_id, occurred_at=now, version=version, practitioner=thing
            )
        case Room():
            return RoomChanged(network_id=network_id, occurred_at=now, version=version, room=thing)
        case Service():
            return ServiceChanged(network_id=network_id, occurred_at=now, version=version, service=thing)

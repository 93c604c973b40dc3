"""The public directory, asked of booking and remembered for a moment."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.caller import Caller
from common.contracts.booking import AppointmentState
from common.contracts.directory import Branch, DescribeDirectory, Directory, Network, Practitioner, Service
from common.database import Database
from common.errors import Refused, Unavailable, UnknownThing
from common.rpc import Asks
from gateway import tables

FRESH_SECONDS = 1.0
STALE_SECONDS = 300.0
"""While booking is away, what was known is still shown: it changes seldom."""


@dataclass(frozen=True)
class Around:
    """What the directory knows around an appointment."""

    branch: Branch | None
    practitioner: Practitioner | None
    service: Service | None


def around(directory: Directory, appointment: AppointmentState) -> Around:
    """Its place, its practitioner and its service."""
    return Around(
        next((one for one in directory.branches if one.branch_id == appointment.branch_id), None),
        next(
            (one for one in directory.practitioners if one.practitioner_id == appointment.practitioner_id),
            None,
        ),
        next((one for one in directory.services if one.service_id == appointment.service_id), None),
    )


class PublicDirectory:
    """What everybody may know of a network; one question at a time per network."""

    def __init__(self, asks: Asks, database: Database) -> None:
        self._asks = asks
        self._database = database
        self._known: dict[str, tuple[Directory, float]] = {}
        self._unknown: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[Directory]] = {}

    async def networks(self) -> Sequence[Network]:
        """All networks of this installation, by slug."""
        async with self._database.unscoped() as tx:
            return await tables.networks(tx)

    async def network(self, network_id: str) -> Network:
        """One network, which never changes. Raises `unknown-network`."""
        known = self._known.get(network_id)
        return known[0].network if known else (await self.of(network_id)).network

    async def branches(self, network_id: str) -> Sequence[Branch]:
        """The network's active branches."""
        return [branch for branch in (await self.of(network_id)).branches if branch.active]

    async def branch(self, network_id: str, branch_id: UUID) -> Branch:
        """One branch. Raises `unknown-branch`."""
        for branch in (await self.of(network_id)).branches:
            if branch.branch_id == branch_id:
                return branch
        raise UnknownThing("branch", branch_id)

    async def of(self, network_id: str) -> Directory:
        """The whole directory, at most a second old. Raises `unknown-network`."""
        known = self._known.get(network_id)
        now = time.monotonic()
        if known is not None and now - known[1] < FRESH_SECONDS:
            return known[0]
        if now - self._unknown.get(network_id, -FRESH_SECONDS) < FRESH_SECONDS:
            raise UnknownThing("network")
        asking = self._asking.get(network_id)
        if asking is None:
            asking = self._asking[network_id] = asyncio.create_task(self._ask(network_id))
            asking.add_done_callback(lambda _: self._asking.pop(network_id, None))
        try:
            return await asyncio.shield(asking)
        except Unavailable:
            if known is not None and now - known[1] < STALE_SECONDS:
                return known[0]
            raise

    def forget(self, network_id: str) -> None:
        """It was just changed."""
        self._known.pop(network_id, None)

    async def _ask(self, network_id: str) -> Directory:
        if not network_id.isascii() or not 1 <= len(network_id) <= 40:
            raise UnknownThing("network")
        reader = Caller(network_id=network_id, actor="anonymous", purpose="booking")
        try:
            directory = await self._asks.ask(DescribeDirectory(), caller=reader)
        except Refused as refusal:
            if refusal.refusal == "unknown-network":
                if len(self._unknown) > 1000:
                    self._unknown.clear()
                self._unknown[network_id] = time.monotonic()
            raise
        self._known[network_id] = (directory, time.monotonic())
        return directory

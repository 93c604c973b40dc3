"""What planning rests on: the place with its policies, and whoever is to be reached, as far as could be asked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.consents import ContactAnswer
from common.contracts.directory import Branch, Network, Service
from common.contracts.notifications import MessageClass
from common.contracts.patient_profile import Card, Channel
from common.errors import Unavailable
from notifications.operations.policies import Governing, governing
from notifications.rules import facts
from notifications.rules.chains import Aim
from notifications.rules.values import Chain, Facts, Pack


@dataclass(frozen=True)
class Reach:
    """What could be asked about the patient before the transaction; without a card the plan is provisional.

    `permissions` are asked for only where they have just changed: sending asks for them anyway.
    """

    card: Card | None
    offered: tuple[Channel, ...]
    phone_index: bytes | None = None
    permissions: Mapping[MessageClass, ContactAnswer] = field(default_factory=dict)

    @property
    def tags(self) -> Collection[str]:
        """What staff has marked the patient with."""
        return self.card.tags if self.card is not None else ()


@dataclass(frozen=True)
class Place:
    """The network and branch that a message is about, from this service's copy of the directory, and what binds there."""

    network: Network
    branch: Branch
    governing: Governing
    pack: Pack

    async def chain(self, tx: AsyncConnection, service_id: UUID, reach: Reach) -> Chain:
        """The chain for a visit of this service and patient."""
        kind = None
        if any(stored.policy.flows for stored in self.governing.stored.values()):
            service = await self.service(tx, service_id)
            kind = service.kind if service is not None else None
        return self.governing.chain(self.network, self.branch.branch_id, kind, reach.tags)

    async def service(self, tx: AsyncConnection, service_id: UUID) -> Service | None:
        """What a visit is for, as far as the directory has told of it."""
        known = await directory.things(tx, self.network.network_id, Service, [str(service_id)])
        return known.get(str(service_id))

    async def online(self, tx: AsyncConnection, service_id: UUID) -> bool:
        """Whether such visits are held online. Raises `Unavailable` while the directory has not told of the service."""
        service = await self.service(tx, service_id)
        if service is None:
            raise Unavailable("directory", "not known here yet")
        return service.virtual


async def place_of(tx: AsyncConnection, network_id: str, branch_id: UUID) -> Place:
    """Raises `Unavailable` while the directory has not told of the branch yet: the event comes again."""
    networks = await directory.things(tx, network_id, Network, [network_id])
    branches = await directory.branches(tx, network_id, [branch_id])
    if not networks or not branches:
        raise Unavailable("directory", "not known here yet")
    return await governed(tx, networks[network_id], branches[str(branch_id)])


async def governed(
    tx: AsyncConnection, network: Network, branch: Branch, *, any_policies: bool = True
) -> Place:
    """A place with the policies in force there (`any_policies`: whether there are any to be read)."""
    policies = await governing(tx, network.network_id) if any_policies else Governing({})
    return Place(network, branch, policies, policies.pack(network, branch))


def planning_facts(
    reach: Reach, place: Place, aim: Aim, *, asked_at: datetime, starts_at: datetime | None
) -> Facts:
    """What a plan knows: permissions, brakes and the owner's word are asked for when it is sent."""
    card, step = reach.card, aim.step
    order = facts.channel_order(place.pack, card, reach.offered)
    permission = reach.permissions.get(step.message_class)
    return Facts(
        message_class=step.message_class, template=step.template, asks=step.asks, orientation=step.orientation,
        asked_at=asked_at, target_at=aim.target_at, earliest_at=aim.earliest_at, latest_at=aim.latest_at,
        starts_at=starts_at,
        zone=(card.zone if card else None) or place.branch.zone,
        zone_of="patient" if card and card.zone else "branch",
        channels=facts.channels(order, card, permission, ended={}, paused=frozenset()),
        pack=place.pack,
        accepts_reminders=card.preferences.accepts_reminders if card else True,
        accepts_orientations=card.preferences.accepts_orientations if card else True,
        deceased=card.deceased if card else False,
        quiet=facts.quiet(card),
        provisional=card is None,
        about=facts.about(step.template),
        mode=step.mode,
        when_closed=step.when_closed,
    )  # fmt: skip

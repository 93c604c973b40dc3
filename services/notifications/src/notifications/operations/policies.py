"""What a network and its branches say about contacting patients: changed by command, laid over the country's pack."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.caller import Caller
from common.contracts.directory import Branch, Network
from common.contracts.notifications import (
    PackCap,
    PackLine,
    PackView,
    Policies,
    Policy,
    PolicyFlow,
    PolicyHours,
    PolicySaved,
    PolicyView,
    PutPolicy,
)
from common.errors import UnknownThing, VersionConflict
from notifications import packs
from notifications.packs import reading
from notifications.rules import chains
from notifications.rules.chains import MalformedFlow
from notifications.rules.values import Cap, Chain, Entry, Layer, Pack
from notifications.tables import appointments
from notifications.tables import policies as rows
from notifications.tables.policies import NETWORK, Stored
from notifications.templates import texts


@dataclass(frozen=True)
class Governing:
    """The policies in force of one network, by scope."""

    stored: Mapping[str, Stored]

    @property
    def network(self) -> Policy:
        """What is said for the whole network."""
        return self._policy(NETWORK)

    def pack(self, network: Network, branch: Branch) -> Pack:
        """What binds at a branch: law, operator and custom of its country, then the network, then the branch."""
        layers = tuple(
            _layer(self.stored[scope]) for scope in (NETWORK, str(branch.branch_id)) if scope in self.stored
        )
        return packs.pack(network.country, branch.subdivision, layers)

    def chain(self, network: Network, branch_id: UUID, kind: str | None, tags: Collection[str]) -> Chain:
        """The chain for a visit of this kind and patient: the branch's flows, the network's, the preset."""
        flows = [*self._policy(str(branch_id)).flows, *self.network.flows]
        preset = packs.chain(network.preset)
        return chains.chosen([reading.flow(one) for one in flows], kind, tags, preset) if flows else preset

    def with_policy(self, scope: str, policy: Policy, *, now: datetime) -> "Governing":
        """As if this were the scope's next version."""
        version = self.stored[scope].version + 1 if scope in self.stored else 1
        return Governing({**self.stored, scope: Stored(scope, version, policy, now, "nobody")})

    def _policy(self, scope: str) -> Policy:
        return self.stored[scope].policy if scope in self.stored else Policy()


async def governing(tx: AsyncConnection, network_id: str) -> Governing:
    """What is in force now."""
    return Governing(await rows.in_force(tx, network_id))


async def put(tx: AsyncConnection, command: PutPolicy, caller: Caller, *, now: datetime) -> PolicySaved:
    """The next version of one scope's policy, and, if asked, every open chain under it to be made anew."""
    network_id = caller.network_id
    check(command.policy, of_branch=command.branch_id is not None)
    await rows.take_turn(tx, network_id)
    if command.branch_id is not None and not await directory.branches(tx, network_id, [command.branch_id]):
        raise UnknownThing("branch", command.branch_id)
    scope = NETWORK if command.branch_id is None else str(command.branch_id)
    held = (await rows.in_force(tx, network_id)).get(scope)
    version = held.version if held is not None else 0
    if command.if_version is not None and command.if_version != version:
        raise VersionConflict("The policy was changed meanwhile", version=version)
    await rows.add(tx, network_id, Stored(scope, version + 1, command.policy, now, caller.actor))
    replanned = (
        await appointments.make_anew(tx, network_id, command.branch_id, now=now) if command.replan else 0
    )
    return PolicySaved(version=version + 1, replanned=replanned)


async def describe(tx: AsyncConnection, network_id: str) -> Policies:
    """The country's pack, the preset, and what the network and its branches add. Raises `unknown-network`."""
    network = await directory.network(tx, network_id)
    pack = packs.pack(network.country)
    return Policies(
        pack=PackView(
            name=pack.name, version=pack.version, digest=pack.digest,
            lines=[_line(one) for one in pack.entries] + [_line(one) for one in pack.caps],
        ),
        preset=PolicyFlow.model_validate({"name": network.preset, "steps": packs.preset(network.preset)}),
        policies=[
            PolicyView(
                branch_id=None if one.scope == NETWORK else UUID(one.scope), version=one.version,
                policy=one.policy, changed_at=one.changed_at, changed_by=one.changed_by,
            )
            for one in (await rows.in_force(tx, network_id)).values()
        ],
    )  # fmt: skip


def _line(one: Entry | Cap) -> PackLine:
    return PackLine(
        id=one.id, layer=one.layer, classes=sorted(one.classes),
        channels=None if one.channels is None else sorted(one.channels), valid_from=one.valid_from,
        valid_to=one.valid_to, source=one.source, source_url=one.source_url, confidence=one.confidence,
        **_bounds(one),
    )  # fmt: skip


def _bounds(one: Entry | Cap) -> dict[str, Any]:
    if isinstance(one, Cap):
        return {"cap": PackCap(counts=one.counts, limit=one.limit, days=one.days)}
    hours = [PolicyHours(days=sorted(each.days), hours=list(each.between)) for each in one.open]
    return {"open": hours, "holidays": one.holidays, "mourning": one.mourning, "zone": one.zone}


def check(policy: Policy, *, of_branch: bool) -> None:
    """Raises `MalformedFlow` with where and why."""
    for told in policy.flows:
        try:
            flow = reading.flow(told)
        except ValueError as error:
            raise MalformedFlow("This chain cannot be read", where=told.name, why=str(error)) from error
        chains.check(flow, texts("en").lines)
    for kind, lines in (("windows", policy.windows), ("caps", policy.caps), ("flows", policy.flows)):
        names = [one.name if isinstance(one, PolicyFlow) else one.id for one in lines]
        if twice := {name for name in names if names.count(name) > 1}:
            raise MalformedFlow(
                "Two lines have one name", where=kind, why=f"named twice: {', '.join(sorted(twice))}"
            )
    own = (policy.confirmed_days, policy.family_messaging, policy.most_per_message, policy.most_per_month)
    if of_branch and any(one not in ([], False, None) for one in own):
        raise MalformedFlow("A branch cannot say this", where="policy", why="for the whole network alone")


def _layer(stored: Stored) -> Layer:
    scope: Literal["network", "branch"] = "network" if stored.scope == NETWORK else "branch"
    return Layer(
        scope, stored.version,
        tuple(reading.window(one, scope, "C") for one in stored.policy.windows),
        tuple(reading.limit(one, scope, "C") for one in stored.policy.caps),
        tuple((one.name, one.date) for one in stored.policy.confirmed_days),
    )  # fmt: skip

"""A decision about one message at one moment, from its row and what the owners said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.directory import Branch, Network, Practitioner, Service
from common.contracts.patient_profile import Channel
from notifications.operations import limits
from notifications.operations.asking import Answers, Question
from notifications.operations.budgets import budget_end
from notifications.operations.planning import ACTIVE
from notifications.operations.policies import Governing, governing
from notifications.operations.wordings.in_force import InForce, in_force
from notifications.rules import chains, facts
from notifications.rules.decide import decide
from notifications.rules.values import AppointmentFacts, Facts, Pack, Touch, Verdict
from notifications.tables import conversations
from notifications.tables import touches as touch_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message
from notifications.tables.schema import brakes


@dataclass(frozen=True)
class Surroundings:
    """The network's directory as far as a batch needs it, its policies and brakes, and what patients had of it."""

    network: Network
    governing: Governing
    branches: dict[str, Branch]
    practitioners: dict[str, Practitioner]
    services: dict[str, Service]
    paused: frozenset[tuple[str, str]]
    """Channel and template; empty means every one."""
    held: Mapping[UUID, frozenset[Channel]]
    """Where a person has taken over the conversation with a patient."""
    touches: Mapping[UUID, tuple[Touch, ...]]
    """What caps count, of patients with an invitation."""
    wordings: InForce
    limited: Mapping[Channel, datetime]
    """Until when channels wait, whose provider has had enough."""

    spent: int
    """What invitations have cost this month, where that is limited."""

    def may_cost(self, message: Message) -> int | None:
        """The most that a message may cost: each has its limit, and invitations together have theirs."""
        policy = self.governing.network
        limits = [policy.most_per_message]
        if message.message_class == "marketing" and policy.most_per_month is not None:
            limits.append(max(0, policy.most_per_month - self.spent))
        return min((one for one in limits if one is not None), default=None)

    def pack(self, branch_id: UUID) -> Pack:
        """What binds at a branch."""
        return self.packs[str(branch_id)]

    @cached_property
    def packs(self) -> Mapping[str, Pack]:
        """What binds, by branch."""
        return {key: self.governing.pack(self.network, branch) for key, branch in self.branches.items()}

    def paused_channels(self, template: str) -> frozenset[str]:
        """The channels on which this template stands still."""
        return frozenset(channel for channel, name in self.paused if channel and name in {"", template})

    def paused_wholly(self, template: str) -> bool:
        """Whether this template stands still on every channel."""
        return bool({("", ""), ("", template)} & self.paused)


async def surroundings(tx: AsyncConnection, network_id: str, batch: list[Message]) -> Surroundings:
    """Read what a batch is about. Raises `unknown-network` where the directory has not told of it."""
    network = await directory.network(tx, network_id)
    policies = await governing(tx, network_id)
    branches = await directory.things(tx, network_id, Branch, [str(one.branch_id) for one in batch])
    return Surroundings(
        network=network,
        governing=policies,
        branches=branches,
        practitioners=await directory.things(
            tx,
            network_id,
            Practitioner,
            [str(one.practitioner_id) for one in batch if one.practitioner_id]
            + _also(batch, "practitioner_id"),
        ),
        services=await directory.things(
            tx,
            network_id,
            Service,
            [str(one.service_id) for one in batch if one.service_id] + _also(batch, "service_id"),
        ),
        paused=await _paused(tx, network_id),
        held=await conversations.paused_channels(tx, network_id, {one.patient_id for one in batch}),
        wordings=await in_force(tx, network_id),
        touches=await _touches(
            tx, network_id, batch, [policies.pack(network, one) for one in branches.values()]
        ),
        limited=await limits.pauses(tx, network_id),
        spent=await _spent(tx, network_id, batch, policies, branches),
    )


async def renewed(tx: AsyncConnection, around: Surroundings, batch: Sequence[Message]) -> Surroundings:
    """What can have stopped a batch since it was read: brakes, people who took over, providers that have had enough."""
    network_id = around.network.network_id
    return replace(
        around,
        paused=await _paused(tx, network_id),
        held=await conversations.paused_channels(tx, network_id, {one.patient_id for one in batch}),
        limited=await limits.pauses(tx, network_id),
    )


async def _paused(tx: AsyncConnection, network_id: str) -> frozenset[tuple[str, str]]:
    stopped = await tx.execute(
        sa.select(brakes.c.channel, brakes.c.template).where(brakes.c.network_id == network_id)
    )
    return frozenset((row.channel, row.template) for row in stopped)


async def _spent(
    tx: AsyncConnection,
    network_id: str,
    batch: Sequence[Message],
    policies: Governing,
    branches: Mapping[str, Branch],
) -> int:
    """Of the month in which the batch is due, as the place counts it; nothing where nothing limits it."""
    invited = [one for one in batch if one.message_class == "marketing"]
    if not invited or policies.network.most_per_month is None:
        return 0
    last = max(invited, key=lambda one: one.due_at or one.target_at)
    zone = ZoneInfo(branches[str(last.branch_id)].zone)
    due = (last.due_at or last.target_at).astimezone(zone)
    return await touch_rows.spent(tx, network_id, since=due.replace(day=1, hour=0, minute=0, second=0))


def _also(batch: Sequence[Message], what: str) -> list[str]:
    """What the other visits of a day need that these messages list."""
    return [str(each[what]) for one in batch for each in one.data.get("also", ())]


async def _touches(
    tx: AsyncConnection, network_id: str, batch: Sequence[Message], bound: Sequence[Pack]
) -> dict[UUID, tuple[Touch, ...]]:
    """As far back as the longest cap looks."""
    invited = [one for one in batch if one.message_class == "marketing"]
    days = max((cap.days for pack in bound for cap in pack.caps), default=0)
    if not invited or not days:
        return {}
    since = min(one.target_at for one in invited) - timedelta(days=days)
    return await touch_rows.of_patients(tx, network_id, {one.patient_id for one in invited}, since=since)


def question(message: Message, around: Surroundings, offered: tuple[Channel, ...]) -> Question:
    """What consents has to be asked about a message: all channels at once, so that the card need not be there yet."""
    pack = around.pack(message.branch_id)
    channels = (message.only_channel,) if message.only_channel else facts.channel_order(pack, None, offered)
    abroad = tuple(each for each in channels if each in pack.abroad) if around.network.data_at_home else ()
    return Question(channels, abroad)


def verdict(
    message: Message, attempts: Sequence[Attempt], around: Surroundings, answers: Answers, offered: tuple[Channel, ...],
    *, now: datetime, costs: Mapping[Channel, int] | None = None,
) -> Verdict:  # fmt: skip
    """What the rules say at `now`. A channel that waits for longer than the step has is passed over."""
    ends = budget_end(message, now)
    busy = {channel for channel, until in around.limited.items() if until > ends}
    free = tuple(channel for channel in offered if channel not in busy)
    decided = decide(_facts(message, attempts, around, answers, free, costs or {}), now=now)
    return limits.heeded(decided, around.limited, now=now)


def _facts(
    message: Message,
    attempts: Sequence[Attempt],
    around: Surroundings,
    answers: Answers,
    offered: tuple[Channel, ...],
    costs: Mapping[Channel, int],
) -> Facts:
    card = answers.cards.get(message.patient_id)
    branch, pack = around.branches[str(message.branch_id)], around.pack(message.branch_id)
    ended: dict[Channel, str] = {
        each.channel: each.delivery if each.outcome == "accepted" else each.outcome
        for each in attempts
        if each.outcome != "open"
    }
    order = (message.only_channel,) if message.only_channel else facts.channel_order(pack, card, offered)
    preferences: Any = card.preferences if card else None
    answering = message.only_channel is not None
    return Facts(
        message_class=message.message_class, template=message.template,
        asks=message.asks and chains.only_asks(message.parts),
        orientation=message.orientation, asked_at=message.asked_at, target_at=message.target_at,
        earliest_at=message.earliest_at, latest_at=message.latest_at,
        starts_at=None if answering else message.starts_at,
        zone=(card.zone if card else None) or branch.zone,
        zone_of="patient" if card and card.zone else "branch",
        channels=facts.channels(
            order, card, answers.permissions.get(message.message_id), ended=ended,
            paused=around.paused_channels(message.template),
            held=around.held.get(message.patient_id, frozenset()),
            costs=costs,
        ),
        pack=pack,
        appointment=None if answering or message.starts_at is None else _appointment(message, answers),
        planned_for=message.starts_at,
        about=facts.about(message.template),
        accepts_reminders=preferences.accepts_reminders if preferences else True,
        accepts_orientations=preferences.accepts_orientations if preferences else True,
        deceased=card.deceased if card else False,
        known=card is not None,
        quiet=facts.quiet(card),
        paused=around.paused_wholly(message.template),
        mode=message.mode,
        when_closed=message.data.get("when_closed", "later"),
        touches=tuple(
            one for one in around.touches.get(message.patient_id, ()) if one.of != message.message_id
        ),
        may_cost=around.may_cost(message),
        told_in=UUID(told_in) if (told_in := message.data.get("told_in")) else None,
    )  # fmt: skip


def _appointment(message: Message, answers: Answers) -> AppointmentFacts | None:
    if message.appointment_id is None:
        return None
    record = answers.appointments.get(message.appointment_id)
    if record is None:
        return AppointmentFacts("cancelled", 0, message.starts_at or message.target_at)
    state = record.appointment
    return AppointmentFacts(state.status, record.version, state.starts_at)


def still_asks(message: Message, answers: Answers) -> bool:
    """Whether the text should ask for confirmation at this moment."""
    if not message.asks or message.appointment_id is None:
        return False
    record = answers.appointments.get(message.appointment_id)
    return record is not None and record.appointment.status in ACTIVE - {"confirmed"}

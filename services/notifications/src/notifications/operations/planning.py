"""Chains of messages around a visit: planned, planned again and cancelled in the transaction that applies an event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory, outbox, telemetry
from common.contracts.booking import AppointmentState
from common.contracts.directory import Branch, Network
from common.contracts.messages import Event
from common.contracts.notifications import MessageClass, MessageSuppressed
from common.contracts.patient_profile import Card, Channel
from common.contracts.recall import OutreachDue
from common.errors import Unavailable
from common.ids import new_id
from notifications import packs
from notifications.operations import verdicts
from notifications.rules import chains, facts
from notifications.rules.values import Facts, Pack, Reason, Step, Verdict
from notifications.tables import appointments, messages
from notifications.tables.messages import Message

ACTIVE = frozenset({"booked", "confirmed"})
NOTICE_BUDGET = timedelta(minutes=30)
INVITATION_BUDGET = timedelta(hours=12)


@dataclass(frozen=True)
class Reach:
    """What could be asked about the patient before the transaction; without a card the plan is provisional."""

    card: Card | None
    offered: tuple[Channel, ...]


@dataclass(frozen=True)
class Place:
    """The network and branch that a message is about, from this service's copy of the directory."""

    network: Network
    branch: Branch
    pack: Pack


async def place_of(tx: AsyncConnection, network_id: str, branch_id: UUID) -> Place:
    """Raises `Unavailable` while the directory has not told of the branch yet: the event comes again."""
    networks = await directory.things(tx, network_id, Network, [network_id])
    branches = await directory.branches(tx, network_id, [branch_id])
    if not networks or not branches:
        raise Unavailable("directory", "not known here yet")
    network = networks[network_id]
    return Place(network, branches[str(branch_id)], packs.pack(network.country))


async def follow_appointment(
    tx: AsyncConnection, event: Event, state: AppointmentState, reach: Reach, *, now: datetime
) -> None:
    """Bring the chain to what this newest state of the appointment needs."""
    network, branch = await appointments.take_turn(
        tx, event.network_id, state.appointment_id, state.branch_id
    )
    place = Place(network, branch, packs.pack(network.country))
    advanced = await appointments.advance(tx, event.network_id, state, event.version)
    if advanced is None:
        return
    before = advanced.before
    if state.status not in ACTIVE:
        await cancel_open(tx, event.network_id, state.appointment_id, reason=state.status)
        if state.status == "cancelled" and before is not None and before.status in ACTIVE:
            await _notice(tx, event, state, reach, place, "cancelled", now=now)
        if state.status == "fulfilled":
            await _after_visit(tx, event, state, reach, place, now=now)
        return
    if before is None:
        await _plan_chain(tx, event, state, reach, place, anew=True, now=now)
    elif before.starts_at != state.starts_at or before.branch_id != state.branch_id:
        await cancel_open(tx, event.network_id, state.appointment_id, reason="moved")
        await _plan_chain(tx, event, state, reach, place, anew=False, moved_from=before.starts_at, now=now)
    elif before.status not in ACTIVE:
        await _plan_chain(tx, event, state, reach, place, anew=False, now=now)
    if state.status == "confirmed":
        await _ask_no_more(tx, event.network_id, state.appointment_id)


async def cancel_open(tx: AsyncConnection, network_id: str, origin_id: UUID, *, reason: str) -> None:
    """Nothing that is still open goes out; what was accepted gets no second channel any more."""
    held = await messages.of_origin(tx, network_id, origin_id, ("planned", "sending", "accepted", "unknown"))
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "outcome": "cancelled", "reason": reason, "due_at": None, "paused": False}
            for one in held if one.outcome == "planned" and one.sent_at is None
        ],
    )  # fmt: skip
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "reason": reason, "due_at": None, "paused": False, "outcome": "failed"}
            for one in held if one.outcome == "planned" and one.sent_at is not None
        ],
    )  # fmt: skip
    await messages.update(
        tx, network_id,
        [{"message_id": one.message_id, "due_at": None} for one in held if one.outcome == "accepted"],
    )  # fmt: skip


async def _ask_no_more(tx: AsyncConnection, network_id: str, appointment_id: UUID) -> None:
    """The patient has confirmed: requests to confirm are dropped, what only also asked says the rest."""
    held = await messages.of_origin(tx, network_id, appointment_id, ("planned", "accepted"))
    asking = [one for one in held if one.asks]
    only = [one for one in asking if one.outcome == "planned" and set(one.parts) == {"confirm-request"}]
    also = [one for one in asking if one.outcome == "planned" and one not in only]
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "outcome": "cancelled", "reason": "already-confirmed", "due_at": None}
            for one in only
        ],
    )  # fmt: skip
    await messages.update(tx, network_id, [{"message_id": one.message_id, "asks": False} for one in also])
    await messages.update(
        tx, network_id,
        [{"message_id": one.message_id, "due_at": None} for one in asking if one.outcome == "accepted"],
    )  # fmt: skip


async def _plan_chain(
    tx: AsyncConnection,
    event: Event,
    state: AppointmentState,
    reach: Reach,
    place: Place,
    *,
    anew: bool,
    moved_from: datetime | None = None,
    now: datetime,
) -> None:
    steps = chains.steps_of(packs.chain(place.network.preset), after_visit=False)
    if not anew:
        steps = [step for step in steps if step.target.anchor != "booking"]
    if moved_from is not None:
        steps = [chains.single("moved", "immediate", NOTICE_BUDGET), *steps]
    if state.status == "confirmed":
        steps = [step for step in steps if not step.asks]
    extra = {"previous_starts_at": moved_from.isoformat()} if moved_from else {}
    await _plan(tx, event, state, reach, place, steps, extra, now=now)


async def _after_visit(
    tx: AsyncConnection, event: Event, state: AppointmentState, reach: Reach, place: Place, *, now: datetime
) -> None:
    steps = chains.steps_of(packs.chain(place.network.preset), after_visit=True)
    await _plan(tx, event, state, reach, place, steps, {}, now=now)


async def _notice(
    tx: AsyncConnection,
    event: Event,
    state: AppointmentState,
    reach: Reach,
    place: Place,
    name: str,
    *,
    now: datetime,
) -> None:
    steps = [chains.single(name, "immediate", NOTICE_BUDGET)]
    await _plan(tx, event, state, reach, place, steps, {}, now=now)


async def _plan(
    tx: AsyncConnection,
    event: Event,
    state: AppointmentState,
    reach: Reach,
    place: Place,
    steps: Sequence[Step],
    extra: dict[str, Any],
    *,
    now: datetime,
) -> None:
    visit = chains.Visit(
        booked_at=event.occurred_at, starts_at=state.starts_at, zone=place.branch.zone,
        visited_at=event.occurred_at if state.status == "fulfilled" else None,
    )  # fmt: skip
    planned = chains.plan(steps, visit, _facts_maker(event, state, reach, place), now=now)
    about = _About(
        network_id=event.network_id, patient_id=state.patient_id, origin="appointment",
        origin_id=state.appointment_id, appointment_id=state.appointment_id, branch_id=state.branch_id,
        practitioner_id=state.practitioner_id, service_id=state.service_id, asked_at=event.occurred_at,
        starts_at=None if state.status == "fulfilled" else state.starts_at,
    )  # fmt: skip
    rows = [_row(about, reach, place, one, extra, now=now) for one in planned]
    await write(tx, rows, now=now)


def _facts_maker(event: Event, state: AppointmentState, reach: Reach, place: Place) -> Any:
    def facts_of(step: Step, target: datetime, earliest: datetime, latest: datetime) -> Facts:
        return _facts(
            reach, place, message_class=step.message_class, template=step.template, asks=step.asks,
            orientation=step.orientation, asked_at=event.occurred_at, target=target, earliest=earliest,
            latest=latest, starts_at=None if step.target.anchor == "visit" else state.starts_at,
        )  # fmt: skip

    return facts_of


def _facts(
    reach: Reach, place: Place, *, message_class: MessageClass, template: str, asks: bool, orientation: bool,
    asked_at: datetime, target: datetime, earliest: datetime, latest: datetime, starts_at: datetime | None,
) -> Facts:  # fmt: skip
    card = reach.card
    order = facts.channel_order(place.pack, card, reach.offered)
    return Facts(
        message_class=message_class, template=template, asks=asks, orientation=orientation, asked_at=asked_at,
        target_at=target, earliest_at=earliest, latest_at=latest, starts_at=starts_at,
        zone=(card.zone if card else None) or place.branch.zone,
        zone_of="patient" if card and card.zone else "branch",
        channels=facts.channels(order, card, None, ended={}, paused=frozenset()),
        pack=place.pack,
        accepts_reminders=card.preferences.accepts_reminders if card else True,
        accepts_orientations=card.preferences.accepts_orientations if card else True,
        deceased=card.deceased if card else False,
        quiet=facts.quiet(card),
        provisional=card is None,
    )  # fmt: skip


@dataclass(frozen=True)
class _About:
    network_id: str
    patient_id: UUID
    origin: Literal["appointment", "outreach"]
    origin_id: UUID
    appointment_id: UUID | None
    branch_id: UUID
    practitioner_id: UUID | None
    service_id: UUID | None
    asked_at: datetime
    starts_at: datetime | None


def _row(
    about: _About,
    reach: Reach,
    place: Place,
    planned: chains.Planned,
    extra: dict[str, Any],
    *,
    now: datetime,
) -> Message:
    verdict, step = planned.verdict, planned.step
    dropped = verdict.action == "drop"
    card = reach.card
    return Message(
        network_id=about.network_id, message_id=new_id(), version=0, patient_id=about.patient_id,
        origin=about.origin, origin_id=about.origin_id, appointment_id=about.appointment_id,
        branch_id=about.branch_id, practitioner_id=about.practitioner_id, service_id=about.service_id,
        step=step.name, template=step.template, parts=list(planned.parts), message_class=step.message_class,
        asks=planned.asks, orientation=step.orientation, only_channel=None,
        locale=facts.locale(card, place.branch), zone=(card.zone if card else None) or place.branch.zone,
        provisional=card is None, starts_at=about.starts_at, asked_at=about.asked_at,
        target_at=planned.target_at, earliest_at=planned.earliest_at, latest_at=planned.latest_at,
        budget_seconds=int(step.budget.total_seconds()), due_at=planned.due_at,
        outcome="suppressed" if dropped else "planned", reason=verdict.because if dropped else None,
        paused=False, verdict=verdicts.stored(verdict), text=None, data=extra,
        traceparent=telemetry.traceparent(), created_at=now, sent_at=None,
    )  # fmt: skip


async def write(tx: AsyncConnection, rows: Sequence[Message], *, now: datetime) -> None:
    """Store planned messages; a suppressed one is told of at once."""
    told = [replace(row, version=1) if row.outcome == "suppressed" else row for row in rows]
    await messages.insert(tx, told)
    await outbox.record(
        tx,
        *(
            MessageSuppressed(
                network_id=row.network_id, occurred_at=now, version=1, message_id=row.message_id,
                patient_id=row.patient_id, origin="appointment" if row.origin == "appointment" else "outreach",
                origin_id=row.origin_id, template=row.template, channel=None, reason=row.reason or "suppressed",
            )
            for row in told if row.outcome == "suppressed"
        ),
    )  # fmt: skip


async def invite(tx: AsyncConnection, event: OutreachDue, reach: Reach, *, now: datetime) -> None:
    """One invitation: marketing, so its permission is asked for at the moment of sending."""
    place = await place_of(tx, event.network_id, event.branch_id)
    step = chains.single(event.template, "marketing", INVITATION_BUDGET)
    visit = chains.Visit(booked_at=event.occurred_at, starts_at=event.expires_at, zone=place.branch.zone)

    def facts_of(step: Step, target: datetime, earliest: datetime, latest: datetime) -> Facts:
        return _facts(
            reach, place, message_class="marketing", template=step.template, asks=False, orientation=False,
            asked_at=event.occurred_at, target=target, earliest=earliest, latest=latest, starts_at=None,
        )  # fmt: skip

    about = _About(
        network_id=event.network_id, patient_id=event.patient_id, origin="outreach",
        origin_id=event.outreach_id, appointment_id=None, branch_id=event.branch_id,
        practitioner_id=event.practitioner_id, service_id=event.service_id, asked_at=event.occurred_at,
        starts_at=None,
    )  # fmt: skip
    planned = chains.plan([step], visit, facts_of, now=now)
    await write(tx, [_row(about, reach, place, one, {}, now=now) for one in planned], now=now)


def answer(
    origin: Message, name: str, *, channel: Channel, now: datetime, data: dict[str, Any] | None = None
) -> Message:
    """A message of its own that answers a reply on the channel it came by, inside the open conversation."""
    verdict = Verdict(
        "wait", now, (Reason("reply", "answers-a-reply", {"channel": channel}),), "reply", channel, now
    )
    return replace(
        origin, message_id=new_id(), version=0, step=name, template=name, parts=[name], message_class="immediate",
        asks=False, orientation=False, only_channel=channel, asked_at=now, target_at=now, earliest_at=now,
        latest_at=now + timedelta(hours=24), budget_seconds=int(NOTICE_BUDGET.total_seconds()), due_at=now,
        outcome="planned", reason=None, paused=False, verdict=verdicts.stored(verdict), text=None,
        data=data or {}, traceparent=telemetry.traceparent(), created_at=now, sent_at=None,
    )  # fmt: skip

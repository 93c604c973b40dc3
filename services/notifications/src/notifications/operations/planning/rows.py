"""From a decided step to its row, and what is told at once of a row that will never go out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox, telemetry
from common.contracts.booking import AppointmentState
from common.contracts.notifications import MessageSuppressed
from common.contracts.patient_profile import Channel
from common.ids import new_id
from notifications.operations import verdicts
from notifications.operations.planning.places import Place, Reach
from notifications.rules import facts
from notifications.rules.chains import Planned
from notifications.rules.values import Reason, Verdict
from notifications.tables import messages
from notifications.tables.messages import Message

NOTICE_BUDGET = timedelta(minutes=30)


@dataclass(frozen=True)
class About:
    """What a message is about, and whom it is for."""

    network_id: str
    patient_id: UUID
    origin: Literal["appointment", "outreach"]
    origin_id: UUID
    branch_id: UUID
    asked_at: datetime
    appointment_id: UUID | None = None
    practitioner_id: UUID | None = None
    service_id: UUID | None = None
    starts_at: datetime | None = None
    """Nothing is sent at or after this."""


def about_visit(network_id: str, state: AppointmentState, *, asked_at: datetime) -> About:
    """A message about a visit; after it there is nothing left that it could come too late for."""
    return About(
        network_id=network_id, patient_id=state.patient_id, origin="appointment",
        origin_id=state.appointment_id, appointment_id=state.appointment_id, branch_id=state.branch_id,
        practitioner_id=state.practitioner_id, service_id=state.service_id, asked_at=asked_at,
        starts_at=None if state.status == "fulfilled" else state.starts_at,
    )  # fmt: skip


def row(
    about: About, reach: Reach, place: Place, planned: Planned, extra: dict[str, Any], *, now: datetime
) -> Message:
    """A decided step as a row. What several steps became keeps what the leading one alone would have been."""
    verdict, step, card = planned.verdict, planned.step, reach.card
    dropped = verdict.action == "drop"
    data = extra | ({"own": {"asks": step.asks}} if len(planned.parts) > 1 else {})
    data |= {} if step.when_closed == "later" else {"when_closed": step.when_closed}
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
        paused=False, verdict=verdicts.stored(verdict), text=None, data=data,
        traceparent=telemetry.traceparent(), created_at=now, sent_at=None, mode=step.mode,
    )  # fmt: skip


async def write(tx: AsyncConnection, rows: Sequence[Message], *, now: datetime) -> None:
    """Store planned messages; a suppressed one is told of at once."""
    told = [replace(one, version=1) if one.outcome == "suppressed" else one for one in rows]
    await messages.insert(tx, told)
    await outbox.record(tx, *(suppressed(one, now=now) for one in told if one.outcome == "suppressed"))


def suppressed(message: Message, *, now: datetime) -> MessageSuppressed:
    """What is told of a message that will not go out; its row has the version already."""
    return MessageSuppressed(
        network_id=message.network_id, occurred_at=now, version=message.version, message_id=message.message_id,
        patient_id=message.patient_id, origin="appointment" if message.origin == "appointment" else "outreach",
        origin_id=message.origin_id, template=message.template, channel=None,
        reason=message.reason or "suppressed",
    )  # fmt: skip


def answer(
    origin: Message, name: str, *, channel: Channel, now: datetime, data: dict[str, Any] | None = None
) -> Message:
    """A message of its own that answers a reply on the channel it came by, inside the open conversation."""
    reason = Reason("reply", "answers-a-reply", {"channel": channel})
    verdict = Verdict("wait", now, (reason,), "reply", channel, now, (channel,))
    return replace(
        origin, message_id=new_id(), version=0, step=name, template=name, parts=[name], message_class="immediate",
        asks=False, orientation=False, only_channel=channel, asked_at=now, target_at=now, earliest_at=now,
        latest_at=now + timedelta(hours=24), budget_seconds=int(NOTICE_BUDGET.total_seconds()), due_at=now,
        outcome="planned", reason=None, paused=False, verdict=verdicts.stored(verdict), text=None,
        data=data or {}, traceparent=telemetry.traceparent(), created_at=now, sent_at=None, mode="fallback",
    )  # fmt: skip

"""Events about messages and the tasks that people get, each written in the transaction of what it tells about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.contracts.messages import Event
from common.contracts.notifications import MessageEvent, TaskRaised
from common.contracts.patient_profile import Channel, TaskKind
from common.ids import new_id
from notifications.tables import appointments
from notifications.tables.messages import Message

ANSWER_WITHIN = timedelta(hours=2)
CALL_BACK_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True)
class Told:
    """An event with the trace that it belongs to."""

    event: Event
    traceparent: str | None


class Telling:
    """Collects what one transaction tells; versions count on from the locked row's."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._told: list[Told] = []

    def message(
        self, kind: type[MessageEvent], message: Message, channel: Channel | None, **more: Any
    ) -> Message:
        """Tell about a message; returns it with its new version."""
        version = message.version + 1
        event = kind(
            network_id=message.network_id, occurred_at=self._now, version=version, message_id=message.message_id,
            patient_id=message.patient_id, origin="outreach" if message.origin == "outreach" else "appointment",
            origin_id=message.origin_id, template=message.template, channel=channel, **more,
        )  # fmt: skip
        self._told.append(Told(event, message.traceparent))
        return replace(message, version=version)

    def event(self, event: Event, traceparent: str | None = None) -> None:
        """Tell anything else."""
        self._told.append(Told(event, traceparent))

    async def task(self, tx: AsyncConnection, message: Message, kind: TaskKind, reason: str) -> None:
        """Ask for a person, once per appointment and kind."""
        if message.appointment_id is not None and not await appointments.first_task(
            tx, message.network_id, message.appointment_id, kind
        ):
            return
        due_at = self._now + ANSWER_WITHIN
        if message.starts_at is not None and message.starts_at > self._now:
            due_at = min(due_at, message.starts_at)
        self._told.append(
            Told(
                TaskRaised(
                    network_id=message.network_id, occurred_at=self._now, version=1,
                    task_id=_task_id(message, kind), kind=kind, patient_id=message.patient_id,
                    appointment_id=message.appointment_id, branch_id=message.branch_id, due_at=due_at,
                    reason=reason,
                ),
                message.traceparent,
            )
        )  # fmt: skip

    def person(
        self, network_id: str, about: Message | None, kind: TaskKind, reason: str, *, identity: UUID
    ) -> None:
        """Ask for a person about a reply: one task for each, whoever wrote it."""
        self._told.append(
            Told(
                TaskRaised(
                    network_id=network_id, occurred_at=self._now, version=1, task_id=uuid5(identity, kind), kind=kind,
                    patient_id=about.patient_id if about else None,
                    appointment_id=about.appointment_id if about else None,
                    branch_id=about.branch_id if about else None, due_at=self._now + ANSWER_WITHIN, reason=reason,
                ),
                None,
            )
        )  # fmt: skip

    def missed_call(
        self, network_id: str, call_id: UUID, branch_id: UUID | None, candidates: Sequence[UUID]
    ) -> None:
        """Ask for a person to call back, once per call; who it was is said only where nobody else could be meant."""
        task = TaskRaised(
            network_id=network_id, occurred_at=self._now, version=1, task_id=uuid5(call_id, "missed-call"),
            kind="missed-call", patient_id=candidates[0] if len(candidates) == 1 else None, appointment_id=None,
            branch_id=branch_id, due_at=self._now + CALL_BACK_WITHIN, reason="missed call",
        )  # fmt: skip
        self._told.append(Told(task, None))

    async def write(self, tx: AsyncConnection) -> None:
        """Put it all into the outbox."""
        traces = {one.event.event_id: one.traceparent for one in self._told}
        await outbox.record(tx, *(one.event for one in self._told), traces=traces)


def unreachable(message: Message) -> TaskKind:
    """What a person has to do where no message gets through."""
    return "confirm-by-phone" if message.asks else "unreachable"


def _task_id(message: Message, kind: str) -> UUID:
    if message.appointment_id is None:
        return new_id()
    return uuid5(message.appointment_id, f"{kind}")

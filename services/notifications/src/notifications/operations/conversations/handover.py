"""A person takes over: the thread pauses, its task says so, and finishing the task lets automation go on."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from common.contracts.notifications import TaskRaised
from common.contracts.patient_profile import TaskKind
from notifications.operations.telling import Telling
from notifications.tables.conversations import Thread

ANSWER_WITHIN = timedelta(minutes=15)
"""Somebody waits in a chat."""
CALL_WITHIN = timedelta(hours=2)


def take_over(
    telling: Telling, thread: Thread, reason: str, *, identity: UUID, patient_id: UUID | None,
    branch_id: UUID | None, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Ask for a person with the transcript; returns the columns that pause the thread."""
    task_id = uuid5(identity, "handover")
    _raise(telling, thread, task_id, "handover", reason, patient_id, branch_id, now, now + ANSWER_WITHIN)
    return {"paused_at": now, "task_id": task_id, "waiting_since": now}


def ask_for_call(
    telling: Telling, thread: Thread, reason: str, *, kind: TaskKind, identity: UUID, patient_id: UUID | None,
    branch_id: UUID | None, now: datetime,
) -> None:  # fmt: skip
    """A person has something to do, and the chat goes on without them."""
    _raise(
        telling, thread, uuid5(identity, kind), kind, reason, patient_id, branch_id, now, now + CALL_WITHIN
    )


def _raise(
    telling: Telling, thread: Thread, task_id: UUID, kind: TaskKind, reason: str, patient_id: UUID | None,
    branch_id: UUID | None, now: datetime, due_at: datetime,
) -> None:  # fmt: skip
    telling.event(
        TaskRaised(
            network_id=thread.network_id, occurred_at=now, version=1, task_id=task_id, kind=kind,
            patient_id=patient_id, appointment_id=None, branch_id=branch_id or thread.branch_id, due_at=due_at,
            reason=reason,
        )
    )  # fmt: skip


RESUMED: dict[str, Any] = {"paused_at": None, "task_id": None, "waiting_since": None}
"""The columns of a thread that automation answers in."""

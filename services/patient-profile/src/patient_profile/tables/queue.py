"""Rows of the tasks of staff. What somebody wrote as an outcome is sealed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Task
from common.sealed import Sealer
from patient_profile.tables.schema import tasks

OUTCOME = "tasks.outcome"


def task_of(row: Any, sealer: Sealer) -> Task:
    """The task in a row of `tasks`."""
    return Task(
        task_id=row.task_id,
        kind=row.kind,
        status=row.status,
        branch_id=row.branch_id,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        due_at=row.due_at,
        assignee=row.assignee,
        created_at=row.created_at,
        reason=row.reason,
        outcome=None if row.outcome is None else sealer.service.open(row.outcome, about=OUTCOME),
        version=row.version,
    )


async def insert_task(tx: AsyncConnection, network_id: str, task: Task) -> None:
    """Queue it; a task that is there already stays as it is."""
    await tx.execute(_INSERT_TASK, {"network": network_id, **task.model_dump(exclude={"outcome"})})


async def lock_task(tx: AsyncConnection, network_id: str, task_id: UUID, sealer: Sealer) -> Task | None:
    """The task, held until the end of the transaction."""
    row = (await tx.execute(_LOCK_TASK, {"network": network_id, "id": task_id})).one_or_none()
    return None if row is None else task_of(row, sealer)


async def update_task(
    tx: AsyncConnection, network_id: str, task: Task, sealer: Sealer, *, now: datetime, by: str
) -> None:
    """Write the row as the value is."""
    done = task.status == "done"
    outcome = None if task.outcome is None else sealer.service.close(task.outcome, about=OUTCOME)
    await tx.execute(
        sa.update(tasks)
        .where(tasks.c.network_id == network_id, tasks.c.task_id == task.task_id)
        .values(
            status=task.status,
            assignee=task.assignee,
            outcome=outcome,
            version=task.version,
            finished_at=now if done else None,
            finished_by=by if done else None,
        )
    )


_INSERT_TASK = sa.text(
    "INSERT INTO tasks (network_id, task_id, kind, status, branch_id, patient_id, appointment_id, due_at,"
    " assignee, created_at, reason, version)"
    " VALUES (:network, :task_id, :kind, :status, :branch_id, :patient_id, :appointment_id, :due_at,"
    " :assignee, :created_at, :reason, :version) ON CONFLICT DO NOTHING"
)
_LOCK_TASK = sa.text("SELECT * FROM tasks WHERE network_id = :network AND task_id = :id FOR UPDATE")

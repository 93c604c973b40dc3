"""The life of a task: open, taken by one member of staff, done with an outcome."""

import base64
from datetime import datetime
from uuid import UUID

from common.contracts.patient_profile import Task
from common.errors import Refused


class TaskTaken(Refused):
    """Somebody else is at it; `extra["assignee"]` says who."""

    code = "task-taken"


class TaskDone(Refused):
    """There is nothing left to do."""

    code = "task-done"


class MalformedCursor(Refused):
    """Not a cursor that a page returned."""

    code = "malformed-cursor"


def take(task: Task, actor: str) -> Task:
    """One takes it; taking one's own again changes nothing."""
    if task.status == "done":
        raise TaskDone("This task is done")
    if task.status == "taken":
        if task.assignee != actor:
            raise TaskTaken("Somebody else took this task", assignee=task.assignee)
        return task
    return task.model_copy(update={"status": "taken", "assignee": actor, "version": task.version + 1})


def finish(task: Task, actor: str, outcome: str) -> Task:
    """Done, by whoever took it or by whoever finishes it without having taken it."""
    if task.status == "done":
        raise TaskDone("This task is done")
    return task.model_copy(
        update={
            "status": "done",
            "assignee": task.assignee or actor,
            "outcome": outcome,
            "version": task.version + 1,
        }
    )


def cursor_after(task: Task) -> str:
    """Where the next page begins: after this task, by due time and id."""
    return base64.urlsafe_b64encode(f"{task.due_at.isoformat()} {task.task_id}".encode()).decode()


def position(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The reverse of `cursor_after`. Refuses `malformed-cursor`."""
    if cursor is None:
        return None
    try:
        due_at, task_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(due_at), UUID(task_id)
    except ValueError as error:
        raise MalformedCursor("This is not a cursor of this list") from error

"""The life of a task."""

from datetime import UTC, datetime
from typing import Any

import pytest

from common.contracts.patient_profile import Task
from common.ids import new_id
from patient_profile.rules import tasks


def task(**more: Any) -> Task:
    given = {
        "task_id": new_id(),
        "kind": "call-back",
        "status": "open",
        "branch_id": None,
        "patient_id": None,
        "appointment_id": None,
        "due_at": datetime(2026, 11, 2, 10, 0, tzinfo=UTC),
        "assignee": None,
        "created_at": datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        "reason": "no-answer",
        "version": 1,
        **more,
    }
    return Task(**given)


def test_an_open_task_is_taken_by_whoever_comes_first() -> None:
    taken = tasks.take(task(), "staff:a")
    assert (taken.status, taken.assignee, taken.version) == ("taken", "staff:a", 2)
    with pytest.raises(tasks.TaskTaken) as refusal:
        tasks.take(taken, "staff:b")
    assert refusal.value.extra == {"assignee": "staff:a"}


def test_taking_ones_own_task_again_changes_nothing() -> None:
    taken = tasks.take(task(), "staff:a")
    assert tasks.take(taken, "staff:a") is taken


def test_a_task_can_be_finished_without_having_been_taken() -> None:
    done = tasks.finish(task(), "staff:a", "дозвонились")
    assert (done.status, done.assignee, done.outcome, done.version) == ("done", "staff:a", "дозвонились", 2)


def test_whoever_took_a_task_stays_its_assignee_when_another_finishes_it() -> None:
    assert tasks.finish(tasks.take(task(), "staff:a"), "staff:b", "").assignee == "staff:a"


def test_nothing_can_be_done_with_a_done_task() -> None:
    done = tasks.finish(task(), "staff:a", "")
    with pytest.raises(tasks.TaskDone):
        tasks.take(done, "staff:a")
    with pytest.raises(tasks.TaskDone):
        tasks.finish(done, "staff:a", "")


def test_a_cursor_leads_back_to_its_place() -> None:
    one = task()
    assert tasks.position(tasks.cursor_after(one)) == (one.due_at, one.task_id)
    assert tasks.position(None) is None


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "bm90aGluZw==", "é", "MjAyNi0xMS0wMiBub3BlIGhlcmU="])
def test_what_no_page_returned_is_refused_as_a_cursor(cursor: str) -> None:
    with pytest.raises(tasks.MalformedCursor):
        tasks.position(cursor)

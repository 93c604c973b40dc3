"""The call list of a day: who has not confirmed, whether anything reached them, and the task that stands for it."""

import asyncio
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.caller import Caller
from common.contracts.booking import DayBoard
from common.contracts.notifications import GetLastMessageStates, LastMessageStates
from common.contracts.patient_profile import Cards, GetCards, ListTasks, Task, Tasks
from common.rpc import Asks
from gateway.queries.day_board import BATCH, asked_if_there, shown_patient
from gateway.queries.patient_view import shown_record

NOT_REACHED = frozenset({"failed", "suppressed", "cancelled", "none"})


async def call_list(
    asks: Asks, caller: Caller, *, branch_id: UUID, day: date, phones: bool, seconds: float, now: datetime
) -> dict[str, Any]:
    """Rows by start. `reason` is the task's, else `not-reached` or `not-confirmed`; what an owner does not tell now is
    named in `unavailable`."""
    board = await asks.ask(DayBoard(branch_id=branch_id, day=day), caller=caller)
    records = [one for one in board.appointments if one.appointment.status == "booked"][:BATCH]
    ids = [one.appointment.appointment_id for one in records]
    patients = list(dict.fromkeys(one.appointment.patient_id for one in records))
    absent: set[str] = set()
    cards: Cards | None = None
    states: LastMessageStates | None = None
    tasks: Tasks | None = None
    if records:
        cards, states, tasks = await asyncio.gather(
            asked_if_there(asks, GetCards(patient_ids=patients), caller, seconds, absent),
            asked_if_there(asks, GetLastMessageStates(appointment_ids=ids), caller, seconds, absent),
            asked_if_there(asks, ListTasks(branch_id=branch_id, limit=500), caller, seconds, absent),
        )
    by_appointment = {one.appointment_id: one for one in (tasks.tasks if tasks else ())}
    rows = []
    for one in sorted(records, key=lambda each: each.appointment.starts_at):
        message = _message(one.appointment.appointment_id, states)
        task = by_appointment.get(one.appointment.appointment_id)
        patient = shown_patient(one, cards.cards if cards else None)
        if not phones:
            patient.pop("phone", None)
        rows.append(
            {
                "appointment": shown_record(one, money=False), "patient": patient, "message": message,
                "reason": _reason(message, task), "task": task.model_dump(mode="json") if task else None,
            }
        )  # fmt: skip
    return {
        "branch_id": str(branch_id),
        "date": day.isoformat(),
        "as_of": now.isoformat(),
        "unavailable": sorted(absent),
        "rows": rows,
    }


def _message(appointment_id: UUID, states: LastMessageStates | None) -> str:
    if states is None:
        return "unknown"
    return str(states.states.get(appointment_id, "none"))


def _reason(message: str, task: Task | None) -> str:
    if task is not None:
        return task.reason
    return "not-reached" if message in NOT_REACHED else "not-confirmed"

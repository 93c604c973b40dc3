"""The call list of a day: who has not confirmed, whether anything reached them, and the task that stands for it."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.caller import Caller
from common.contracts.booking import AppointmentRecord, DayBoard
from common.contracts.messages import Query
from common.contracts.notifications import GetLastMessageStates, LastMessageStates
from common.contracts.patient_profile import Cards, GetCards, ListTasks, Task, Tasks
from common.rpc import Asks
from gateway.queries.day_board import BATCH, Answer, asked_if_there, shown_patient
from gateway.queries.patient_view import shown_record

NOT_REACHED = frozenset({"failed", "suppressed", "cancelled", "none"})


@dataclass
class Told:
    """What the owners tell about the visits of a day; None where one is away, and then named in `absent`."""

    cards: Cards | None = None
    states: LastMessageStates | None = None
    waiting: Tasks | None = None
    done: Tasks | None = None
    absent: set[str] = field(default_factory=set)


async def call_list(
    asks: Asks, caller: Caller, *, branch_id: UUID, day: date, phones: bool, seconds: float, now: datetime
) -> dict[str, Any]:
    """Rows by start. `reason` is the task's, else `not-reached` or `not-confirmed`; `outcome` is what came of the last
    task about the visit that is done; what an owner does not tell now is named in `unavailable`; `left_out` says how many
    more there are than owners are asked about at once."""
    board = await asks.ask(DayBoard(branch_id=branch_id, day=day), caller=caller)
    unconfirmed = [one for one in board.appointments if one.appointment.status == "booked"]
    records = unconfirmed[:BATCH]
    told = await _told(asks, caller, branch_id, records, seconds) if records else Told()
    return {
        "branch_id": str(branch_id),
        "date": day.isoformat(),
        "as_of": now.isoformat(),
        "unavailable": sorted(told.absent),
        "left_out": len(unconfirmed) - len(records),
        "rows": _rows(records, told, phones=phones),
    }


async def _told(
    asks: Asks, caller: Caller, branch_id: UUID, records: Sequence[AppointmentRecord], seconds: float
) -> Told:
    told = Told()
    visits = [one.appointment.appointment_id for one in records]
    patients = list(dict.fromkeys(one.appointment.patient_id for one in records))

    def asked(question: Query[Answer]) -> Awaitable[Answer | None]:
        return asked_if_there(asks, question, caller, seconds, told.absent)

    told.cards, told.states, told.waiting, told.done = await asyncio.gather(
        asked(GetCards(patient_ids=patients)),
        asked(GetLastMessageStates(appointment_ids=visits)),
        asked(ListTasks(branch_id=branch_id, limit=BATCH)),
        asked(ListTasks(status="done", patient_ids=patients, limit=BATCH)),
    )
    return told


def _rows(records: Sequence[AppointmentRecord], told: Told, *, phones: bool) -> list[dict[str, Any]]:
    tasks = {one.appointment_id: one for one in (told.waiting.tasks if told.waiting else ())}
    outcomes = {one.appointment_id: one.outcome for one in (told.done.tasks if told.done else ())}
    rows = []
    for one in sorted(records, key=lambda each: each.appointment.starts_at):
        visit = one.appointment.appointment_id
        message, task = _message(visit, told.states), tasks.get(visit)
        patient = shown_patient(one, told.cards.cards if told.cards else None)
        if not phones:
            patient.pop("phone", None)
        rows.append(
            {
                "appointment": shown_record(one, money=False), "patient": patient, "message": message,
                "reason": _reason(message, task), "task": task.model_dump(mode="json") if task else None,
                "outcome": outcomes.get(visit),
            }
        )  # fmt: skip
    return rows


def _message(appointment_id: UUID, states: LastMessageStates | None) -> str:
    if states is None:
        return "unknown"
    return str(states.states.get(appointment_id, "none"))


def _reason(message: str, task: Task | None) -> str:
    if task is not None:
        return task.reason
    return "not-reached" if message in NOT_REACHED else "not-confirmed"

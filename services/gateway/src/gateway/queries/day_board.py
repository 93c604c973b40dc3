"""The day board: booking's day, with who comes, what must be seen before treating, and how the last message ended."""

import asyncio
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from common import telemetry
from common.caller import Caller
from common.contracts.booking import AppointmentRecord, BalanceOf, Balances, DayBoard
from common.contracts.messages import Message, Query
from common.contracts.notifications import GetLastMessageStates
from common.contracts.patient_profile import Alert, Card, GetAlerts, GetCards
from common.errors import Refused, Unavailable
from common.rpc import Asks
from gateway.queries.patient_view import shown_record

Answer = TypeVar("Answer", bound=Message)
BATCH = 500


async def day_board(
    asks: Asks,
    caller: Caller,
    *,
    branch_id: UUID,
    day: date,
    money: bool,
    seconds: float,
    now: datetime,
) -> dict[str, Any]:
    """Rows by start, as many as owners are asked about at once; `left_out` says how many more the day has. A part
    whose owner is away is named in `unavailable`; its values say "unknown", never "none"."""
    board = await asks.ask(DayBoard(branch_id=branch_id, day=day), caller=caller)
    records = board.appointments[:BATCH]
    patients = list(dict.fromkeys(one.appointment.patient_id for one in records))
    appointments = [one.appointment.appointment_id for one in records]
    absent: set[str] = set()
    if records:
        cards, alerts, states, owed = await asyncio.gather(
            asked_if_there(asks, GetCards(patient_ids=patients), caller, seconds, absent),
            asked_if_there(asks, GetAlerts(patient_ids=patients), caller, seconds, absent),
            asked_if_there(asks, GetLastMessageStates(appointment_ids=appointments), caller, seconds, absent),
            _owed(asks, patients if money else [], caller, seconds, absent),
        )
        missing = [name for name in ("patient_profile", "notifications") if name in absent]
    else:
        cards = alerts = states = owed = None
        missing = []
    return {
        "branch_id": str(branch_id),
        "date": day.isoformat(),
        "as_of": now.isoformat(),
        "unavailable": missing,
        "left_out": len(board.appointments) - len(records),
        "rows": [
            {
                "appointment": shown_record(one, money=money),
                "patient": shown_patient(one, cards.cards if cards else None),
                "alerts": _alerts(one, alerts.alerts if alerts else None),
                "message": _message(one, states.states if states else None),
                **({"balances": _balances(one, owed)} if money else {}),
            }
            for one in records
        ],
    }


async def asked_if_there(
    asks: Asks, question: Query[Answer], caller: Caller, seconds: float, absent: set[str]
) -> Answer | None:
    """The answer; None where the owner is away (then it is named in `absent`) or does not tell this caller."""
    try:
        return await asks.ask(question, caller=caller, timeout=seconds)
    except Unavailable:
        absent.add(question.owner())
    except Refused as refusal:
        telemetry.log().info("not told", owner=question.owner(), code=refusal.refusal)
    return None


async def _owed(
    asks: Asks, patients: list[UUID], caller: Caller, seconds: float, absent: set[str]
) -> Balances | None:
    return (
        await asked_if_there(asks, BalanceOf(patient_ids=patients), caller, seconds, absent)
        if patients
        else None
    )


def shown_patient(record: AppointmentRecord, cards: dict[UUID, Card] | None) -> dict[str, Any]:
    """Who comes, as far as patient-profile told."""
    patient_id = record.appointment.patient_id
    card = (cards or {}).get(patient_id)
    shown: dict[str, Any] = {"id": str(patient_id), "status": "ok" if card else "unknown"}
    if card is not None:
        shown |= {
            "full_name": card.full_name,
            "phone": card.phones[0].phone if card.phones else None,
            "locale": card.locale,
            "birth_date": card.birth_date.isoformat() if card.birth_date else None,
        }
    return shown


def _alerts(record: AppointmentRecord, alerts: dict[UUID, list[Alert]] | None) -> dict[str, Any]:
    """`allergy` is "yes", "no", or "unknown" while patient-profile does not answer: never a wrong "no"."""
    known = (alerts or {}).get(record.appointment.patient_id)
    if known is None:
        return {"status": "unknown", "allergy": "unknown", "items": []}
    return {
        "status": "ok",
        "allergy": "yes" if any(one.kind == "allergy" for one in known) else "no",
        "items": [one.model_dump(mode="json") for one in known],
    }


def _balances(record: AppointmentRecord, owed: Balances | None) -> list[dict[str, Any]] | None:
    """What the patient owes and is owed, per currency; None while that is not known."""
    if owed is None:
        return None
    theirs = [one for one in owed.balances if one.patient_id == record.appointment.patient_id]
    return [one.model_dump(mode="json", exclude={"patient_id"}) for one in theirs]


def _message(record: AppointmentRecord, states: dict[UUID, Any] | None) -> str:
    if states is None:
        return "unknown"
    return str(states.get(record.appointment.appointment_id, "none"))

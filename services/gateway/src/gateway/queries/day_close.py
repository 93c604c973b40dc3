"""The close of a branch's day: booking's till and loose ends, with the names of patients and of staff."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from common.caller import Caller
from common.contracts.booking import AppointmentRecord, Closing, ClosingDay, DayClose, VisitState
from common.contracts.patient_profile import Card, GetCards
from common.database import Database
from common.rpc import Asks
from gateway.queries.day_board import BATCH, asked_if_there
from gateway.queries.patient_view import shown_record
from gateway.tables import staff


async def day_close(
    asks: Asks, database: Database, caller: Caller, *, branch_id: UUID, day: date, seconds: float
) -> dict[str, Any]:
    """What has to be looked at before the day is closed; patients without a card at hand are shown as unknown, and where
    the owner of the cards is away it is named in `unavailable`."""
    found = await asks.ask(DayClose(branch_id=branch_id, day=day), caller=caller)
    absent: set[str] = set()
    cards = await _cards(asks, caller, found, seconds, absent)
    names = await staff_names(database, caller.network_id)
    return {
        "branch_id": str(branch_id),
        "date": day.isoformat(),
        "unavailable": sorted(absent),
        "currency": found.currency,
        "expected_cash": found.expected_cash,
        "closing": closing(found.closing, names) if found.closing else None,
        "till": _till(found.till, names),
        "unclosed": [_appointment(one, cards) for one in found.unclosed],
        "unconfirmed": [_appointment(one, cards) for one in found.unconfirmed],
        "debts": [_debt(one, cards) for one in found.debts],
    }


async def staff_names(database: Database, network_id: str) -> dict[str, str]:
    """How actors of the network are called."""
    async with database.reading(network_id) as tx:
        return {f"staff:{one.staff_id}": one.display_name for one in await staff.accounts(tx, network_id)}


def closing(closed: Closing, names: Mapping[str, str]) -> dict[str, Any]:
    """A day as it was closed."""
    shown = closed.model_dump(mode="json")
    return {
        **shown,
        "closed_by_name": names.get(closed.closed_by, closed.closed_by),
        "till": _till(closed.till, names),
    }


def _till(till: list[Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{**line.model_dump(mode="json"), "name": names.get(line.by, line.by)} for line in till]


async def _cards(
    asks: Asks, caller: Caller, found: ClosingDay, seconds: float, absent: set[str]
) -> dict[UUID, Card]:
    states: list[Any] = [one.appointment for one in (*found.unclosed, *found.unconfirmed)]
    patients = list(dict.fromkeys(one.patient_id for one in (*states, *found.debts)))[:BATCH]
    if not patients:
        return {}
    told = await asked_if_there(asks, GetCards(patient_ids=patients), caller, seconds, absent)
    return told.cards if told else {}


def _appointment(record: AppointmentRecord, cards: Mapping[UUID, Card]) -> dict[str, Any]:
    return {
        "appointment": shown_record(record, money=True),
        "patient": _patient(record.appointment.patient_id, cards),
    }


def _debt(visit: VisitState, cards: Mapping[UUID, Card]) -> dict[str, Any]:
    return {"visit": visit.model_dump(mode="json"), "patient": _patient(visit.patient_id, cards)}


def _patient(patient_id: UUID, cards: Mapping[UUID, Card]) -> dict[str, Any]:
    card = cards.get(patient_id)
    if card is None:
        return {"id": str(patient_id), "status": "unknown"}
    phone = card.phones[0].phone if card.phones else None
    return {"id": str(patient_id), "status": "ok", "full_name": card.full_name, "phone": phone}

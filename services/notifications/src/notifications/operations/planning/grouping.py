"""Several visits of one patient on one day are one reminder; of a family on one phone too, where the network says so."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.operations import verdicts
from notifications.operations.planning.places import Place
from notifications.rules.values import Reason
from notifications.tables import appointments, messages
from notifications.tables.messages import Message

GROUPED = "grouped"
PAIR = 2


async def regroup(
    tx: AsyncConnection,
    place: Place,
    patient_id: UUID,
    phone_index: bytes | None,
    starts: Collection[datetime],
    *,
    now: datetime,
    alone_is_new: bool = False,
) -> None:
    """Make the reminders of these local days what the visits of now need: the first visit's message lists the others'.

    What was held back comes back as soon as nothing that is still to go out says it. A visit that was just booked
    (`alone_is_new`) and is the only one of its day leaves nothing to change.
    """
    network_id = place.network.network_id
    family = place.governing.network.family_messaging
    for first, last in _days(starts, place.branch.zone):
        visits = await appointments.of_day(tx, network_id, patient_id, phone_index, first, last)
        ids = [one.appointment_id for one in visits]
        if alone_is_new and len(ids) < PAIR:
            continue
        held = await messages.reminders_of(tx, network_id, ids)
        if len(ids) < PAIR and not any(one.reason == GROUPED or one.data.get("also") for one in held):
            continue
        order = {appointment_id: number for number, appointment_id in enumerate(ids)}
        alike: dict[tuple[str, UUID | None], list[Message]] = defaultdict(list)
        for one in sorted(held, key=lambda each: order[each.origin_id]):
            alike[one.step, None if family else one.patient_id].append(one)
        for same in alike.values():
            await messages.update_each(tx, network_id, list(_regrouped(same, now)))


def _days(starts: Collection[datetime], zone: str) -> set[tuple[datetime, datetime]]:
    """The local days of these instants, from midnight to midnight."""
    local = ZoneInfo(zone)
    days = {one.astimezone(local).date() for one in starts}
    return {
        (
            datetime.combine(day, time(0), local).astimezone(UTC),
            datetime.combine(day + timedelta(days=1), time(0), local).astimezone(UTC),
        )
        for day in days
    }


def _regrouped(same: Sequence[Message], now: datetime) -> Iterator[dict[str, Any]]:
    """The changes of one step's reminders, given in the order of their visits."""
    sent = {str(one.message_id) for one in same if one.outcome not in {"planned", "cancelled"}}
    open_ones = [
        one for one in same if one.outcome == "planned" or (one.reason == GROUPED and _into(one) not in sent)
    ]
    if not open_ones:
        return
    lead, *others = open_ones
    also = [_listed(one) for one in others]
    asks = any(_own_asks(one) for one in open_ones)
    if lead.reason == GROUPED:
        yield _restored(lead, also, asks, now)
    elif list(lead.data.get("also", ())) != also or lead.asks != asks:
        yield {"message_id": lead.message_id, "asks": asks, "data": _with(lead, also=also)}
    for one in others:
        if _into(one) != str(lead.message_id):
            yield _held_back(one, lead, now)


def _listed(message: Message) -> dict[str, str]:
    """Another visit of the day, as the leading message lists it."""
    return {
        "appointment_id": str(message.origin_id),
        "patient_id": str(message.patient_id),
        "service_id": str(message.service_id),
        "practitioner_id": str(message.practitioner_id),
    }


def _own_asks(message: Message) -> bool:
    return bool(message.data.get("asked_alone", message.asks))


def _into(message: Message) -> str | None:
    found = message.data.get("told_in")
    return str(found) if found is not None else None


def _held_back(message: Message, lead: Message, now: datetime) -> dict[str, Any]:
    reason = Reason("grouping", GROUPED, {"into": str(lead.message_id)})
    due_at = message.due_at.isoformat() if message.due_at else message.data.get("due_alone")
    return {
        "message_id": message.message_id, "outcome": "cancelled", "reason": GROUPED, "due_at": None,
        "verdict": verdicts.amended(message.verdict, "drop", reason, now=now),
        "data": _with(message, told_in=str(lead.message_id), due_alone=due_at, also=[]),
    }  # fmt: skip


def _restored(message: Message, also: list[dict[str, str]], asks: bool, now: datetime) -> dict[str, Any]:
    due_alone = message.data.get("due_alone")
    due_at = max(datetime.fromisoformat(due_alone), now) if due_alone else now
    return {
        "message_id": message.message_id, "outcome": "planned", "reason": None, "due_at": due_at, "asks": asks,
        "verdict": verdicts.amended(
            message.verdict, "wait", Reason("grouping", "on-its-own-again"), now=now, send_at=due_at
        ),
        "data": _with(message, told_in=None, due_alone=None, also=also),
    }  # fmt: skip


def _with(message: Message, **changed: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in ({"asked_alone": _own_asks(message)} | message.data | changed).items()
        if value not in (None, [])
    }

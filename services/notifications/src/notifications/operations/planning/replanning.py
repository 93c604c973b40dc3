"""What is open is decided again when the patient or their permissions change: channel, language, zone, quiet hours.

Only rows that have not gone out are touched; a provisional plan becomes definite.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from notifications.operations import verdicts
from notifications.operations.planning.grouping import regroup
from notifications.operations.planning.places import Place, Reach, place_of, planning_facts
from notifications.operations.planning.rows import suppressed
from notifications.rules import chains, facts
from notifications.rules.chains import Aim, Planned
from notifications.rules.values import Facts
from notifications.tables import messages
from notifications.tables.messages import Message

REVIVED = frozenset(
    {
        "merged", "no-address", "no-open-window", "unknown-patient", "reminders-refused", "orientations-refused",
        "service-refused", "service-withdrawn", "no-permission",
    }
)  # fmt: skip
"""Why a reminder was given up at planning, where another answer of the patient can bring it back."""


async def has_open(
    tx: AsyncConnection, network_id: str, patient_id: UUID, *, now: datetime, only_provisional: bool = False
) -> bool:
    """Whether a change of the patient could mean another plan for anything; a plan that was made without a card is
    another with it in any case."""
    return any(
        one.provisional or not only_provisional
        for one in await messages.open_of_patient(tx, network_id, patient_id, REVIVED, now=now)
    )


async def plan_again(
    tx: AsyncConnection, network_id: str, patient_id: UUID, reach: Reach, *, now: datetime
) -> int:
    """Decide what is open anew; returns how many messages are another plan now."""
    await messages.take_turn_of(tx, patient_id)
    by_origin: dict[tuple[UUID, bool], list[Message]] = defaultdict(list)
    for one in await messages.open_of_patient(tx, network_id, patient_id, REVIVED, now=now, lock=True):
        by_origin[one.origin_id, one.starts_at is None].append(one)
    count = 0
    for held in by_origin.values():
        place = await place_of(tx, network_id, held[0].branch_id)
        changes = list(_decided_again(held, reach, place, now))
        await messages.update_each(tx, network_id, changes)
        await _tell(tx, held, changes, now)
        starts = {one.starts_at for one in held if one.starts_at is not None}
        await regroup(tx, place, patient_id, reach.phone_index, starts, now=now)
        count += len(changes)
    return count


def _decided_again(
    held: Sequence[Message], reach: Reach, place: Place, now: datetime
) -> Iterator[dict[str, Any]]:
    """The chain's rules over what is stored: targets and ranges stay, what was merged is decided apart and merged anew."""
    by_step = {one.step: one for one in held}

    def facts_of(aim: Aim) -> Facts:
        message = by_step[aim.step.name]
        return planning_facts(reach, place, aim, asked_at=message.asked_at, starts_at=message.starts_at)

    for planned in chains.plan([_aim(one) for one in held], facts_of, now=now):
        yield _changed(by_step[planned.step.name], planned, reach, place)


def _aim(message: Message) -> Aim:
    asks = message.data.get("own", {}).get("asks", message.asks)
    step = chains.single(
        message.step, message.message_class, timedelta(seconds=message.budget_seconds), asks=asks,
        orientation=message.orientation, mode=message.mode,
    )  # fmt: skip
    step = replace(
        step, template=message.template, when_closed=message.data.get("when_closed", step.when_closed)
    )
    return Aim(step, message.target_at, message.earliest_at, message.latest_at)


def _changed(message: Message, planned: Planned, reach: Reach, place: Place) -> dict[str, Any]:
    """The columns that another decision changes; a brake that stands goes on standing."""
    card, verdict = reach.card, planned.verdict
    dropped = verdict.action == "drop"
    own = {"own": {"asks": planned.step.asks}} if len(planned.parts) > 1 else {}
    data = {name: value for name, value in message.data.items() if name != "own"} | own
    return {
        "message_id": message.message_id, "due_at": None if message.paused else planned.due_at,
        "outcome": "suppressed" if dropped else "planned", "reason": verdict.because if dropped else None,
        "verdict": verdicts.stored(verdict), "parts": list(planned.parts), "asks": planned.asks,
        "locale": facts.locale(card, place.branch),
        "zone": (card.zone if card else None) or place.branch.zone, "provisional": card is None, "data": data,
        "paused": message.paused and not dropped,
        "version": message.version + (dropped and message.outcome != "suppressed"),
    }  # fmt: skip


async def _tell(
    tx: AsyncConnection, held: Sequence[Message], changes: Sequence[dict[str, Any]], now: datetime
) -> None:
    """What has become pointless by the change is told of once."""
    before = {one.message_id: one for one in held}
    told = [
        suppressed(replace(before[one["message_id"]], version=one["version"], reason=one["reason"]), now=now)
        for one in changes
        if one["version"] != before[one["message_id"]].version
    ]
    await outbox.record(tx, *told)

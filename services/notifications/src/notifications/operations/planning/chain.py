"""Chains of messages around a visit: planned, planned again and cancelled as the visit changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.booking import AppointmentDisplaced, AppointmentState
from common.contracts.messages import Event
from notifications.operations.planning import grouping, notices
from notifications.operations.planning.places import Place, Reach, governed, planning_facts
from notifications.operations.planning.rows import NOTICE_BUDGET, about_visit, row, write
from notifications.rules import chains
from notifications.rules.chains import Aim
from notifications.rules.values import Facts, Step
from notifications.tables import appointments, messages
from notifications.tables.appointments import Standing

ACTIVE = frozenset({"booked", "confirmed"})


@dataclass(frozen=True)
class Following:
    """One newest state of a visit, with what its messages rest on."""

    tx: AsyncConnection
    network_id: str
    state: AppointmentState
    occurred_at: datetime
    reach: Reach
    place: Place
    now: datetime


async def follow_appointment(
    tx: AsyncConnection, event: Event, state: AppointmentState, reach: Reach, *, now: datetime
) -> None:
    """Bring the chain to what this newest state of the appointment needs."""
    network, branch, policies = await appointments.take_turn(
        tx, event.network_id, state.patient_id, state.branch_id
    )
    advanced = await appointments.advance(tx, event.network_id, state, event.version)
    if advanced is None:
        return
    place = await governed(tx, network, branch, any_policies=policies)
    following = Following(tx, event.network_id, state, event.occurred_at, reach, place, now)
    if state.status in ACTIVE:
        await _follow_active(following, advanced.before)
    else:
        await _follow_ended(following, event, advanced.before)
    before = advanced.before
    phone = await _phone(following)
    starts = {state.starts_at, before.starts_at if before else state.starts_at}
    await grouping.regroup(tx, place, state.patient_id, phone, starts, now=now, alone_is_new=before is None)


async def _phone(following: Following) -> bytes | None:
    """The phone that joins the visits of a family, where the network says so."""
    if not following.place.governing.network.family_messaging:
        return None
    return following.reach.phone_index or await appointments.phone_of(
        following.tx, following.network_id, following.state.appointment_id
    )


async def _follow_active(following: Following, before: Standing | None) -> None:
    tx, state, network_id = following.tx, following.state, following.network_id
    if following.place.governing.network.family_messaging and following.reach.phone_index is not None:
        await appointments.known_by(tx, network_id, state.appointment_id, following.reach.phone_index)
    if before is None:
        await _plan_chain(following, anew=True)
    elif _moved(before, state):
        await cancel_open(tx, network_id, state.appointment_id, reason="moved")
        await _plan_chain(following, anew=False, moved_from=before.starts_at)
    elif before.status not in ACTIVE:
        await _plan_chain(following, anew=False)
    if state.status == "confirmed":
        await _ask_no_more(tx, network_id, state.appointment_id)
        if before is None or before.status != "confirmed" or _moved(before, state):
            await _plan(following, await _how_to_join(following), {})


def _moved(before: Standing, state: AppointmentState) -> bool:
    return before.starts_at != state.starts_at or before.branch_id != state.branch_id


async def _how_to_join(following: Following) -> list[Step]:
    """The link into an online visit, at once: whoever confirmed it has just acted."""
    online = await following.place.online(following.tx, following.state.service_id)
    return [chains.single("join-link", "immediate", NOTICE_BUDGET)] if online else []


async def _follow_ended(following: Following, event: Event, before: Standing | None) -> None:
    state = following.state
    await cancel_open(following.tx, following.network_id, state.appointment_id, reason=state.status)
    if state.status == "cancelled" and before is not None and before.status in {*ACTIVE, "displaced"}:
        await _plan(following, [chains.single("cancelled", "immediate", NOTICE_BUDGET)], {})
    if state.status == "fulfilled":
        chain = await following.place.chain(following.tx, state.service_id, following.reach)
        await _plan(following, chains.steps_of(chain, after_visit=True), {})
    if isinstance(event, AppointmentDisplaced) and event.choice == "message":
        await notices.displaced(following.tx, event, following.reach, following.place, now=following.now)


async def make_anew(
    tx: AsyncConnection, network_id: str, state: AppointmentState, reach: Reach, *, now: datetime
) -> None:
    """Plan a standing visit's chain by the policies of now; what went out of the old one is not repeated."""
    network, branch, policies = await appointments.take_turn(
        tx, network_id, state.patient_id, state.branch_id
    )
    held = (await appointments.of_ids(tx, network_id, [state.appointment_id])).get(state.appointment_id)
    if held is None or held.status not in ACTIVE or held.starts_at != state.starts_at:
        return  # an event tells of what is newer
    place = await governed(tx, network, branch, any_policies=policies)
    following = Following(tx, network_id, state, held.starts_at, reach, place, now)
    said = {one.step for one in await messages.of_origin(tx, network_id, state.appointment_id, WENT_OUT)}
    await cancel_open(tx, network_id, state.appointment_id, reason="planned-anew", unsent=True)
    chain = await place.chain(tx, state.service_id, reach)
    coming = _still_to_come(chains.steps_of(chain, after_visit=False), state)
    if state.status == "confirmed":
        coming += await _how_to_join(following)
    await _plan(following, [one for one in coming if one.name not in said], {})
    await grouping.regroup(tx, place, state.patient_id, reach.phone_index, {state.starts_at}, now=now)


WENT_OUT = ("sending", "accepted", "delivered", "read", "failed", "unknown")


async def cancel_open(
    tx: AsyncConnection, network_id: str, origin_id: UUID, *, reason: str, unsent: bool = False
) -> None:
    """Nothing that is still open goes out; what was accepted gets no second channel any more (`unsent`: still does)."""
    held = await messages.of_origin(tx, network_id, origin_id, ("planned", "sending", "accepted", "unknown"))
    planned = [one for one in held if one.outcome == "planned"]
    closed = {"reason": reason, "due_at": None, "paused": False}
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "outcome": "cancelled", **closed}
            for one in planned if one.sent_at is None and not (unsent and one.only_channel)
        ],
    )  # fmt: skip
    await messages.no_longer_grouped(tx, network_id, origin_id, reason)
    if unsent:
        return
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "outcome": "failed", **closed}
            for one in planned if one.sent_at is not None
        ],
    )  # fmt: skip
    await messages.update(
        tx, network_id,
        [{"message_id": one.message_id, "due_at": None} for one in held if one.outcome == "accepted"],
    )  # fmt: skip


async def _ask_no_more(tx: AsyncConnection, network_id: str, appointment_id: UUID) -> None:
    """The patient has confirmed: requests to confirm are dropped, what only also asked says the rest."""
    held = await messages.of_origin(tx, network_id, appointment_id, ("planned", "accepted"))
    asking = [one for one in held if one.asks]
    only = [one for one in asking if one.outcome == "planned" and chains.only_asks(one.parts)]
    also = [one for one in asking if one.outcome == "planned" and one not in only]
    await messages.update(
        tx, network_id,
        [
            {"message_id": one.message_id, "outcome": "cancelled", "reason": "already-confirmed", "due_at": None}
            for one in only
        ],
    )  # fmt: skip
    await messages.no_longer_grouped(tx, network_id, appointment_id, "already-confirmed", only_asking=True)
    await messages.update(tx, network_id, [{"message_id": one.message_id, "asks": False} for one in also])
    await messages.update(
        tx, network_id,
        [{"message_id": one.message_id, "due_at": None} for one in asking if one.outcome == "accepted"],
    )  # fmt: skip


async def _plan_chain(following: Following, *, anew: bool, moved_from: datetime | None = None) -> None:
    chain = await following.place.chain(following.tx, following.state.service_id, following.reach)
    steps = chains.steps_of(chain, after_visit=False)
    if not anew:
        steps = _still_to_come(steps, following.state)
    elif any(step.first_contact for step in steps) and await _first_contact(following):
        steps = chains.at_first_contact(steps)
    if moved_from is not None:
        steps = [chains.single("moved", "immediate", NOTICE_BUDGET), *steps]
    extra = {"previous_starts_at": moved_from.isoformat()} if moved_from else {}
    await _plan(following, steps, extra)


async def _first_contact(following: Following) -> bool:
    """Whether the patient has never had a visit booked here before; their turn is held, so that two are not both first."""
    return await appointments.is_first(following.tx, following.network_id, following.state)


def _still_to_come(steps: Sequence[Step], state: AppointmentState) -> list[Step]:
    """What greets a booking is over; whoever has confirmed is not asked again."""
    coming = [step for step in steps if step.target.anchor != "booking"]
    return chains.once_confirmed(coming) if state.status == "confirmed" else coming


async def _plan(following: Following, steps: Sequence[Step], extra: dict[str, Any]) -> None:
    state, reach, place, now = following.state, following.reach, following.place, following.now
    about = about_visit(following.network_id, state, asked_at=following.occurred_at)
    visit = chains.Visit(
        booked_at=following.occurred_at, starts_at=state.starts_at, zone=place.branch.zone,
        visited_at=following.occurred_at if state.status == "fulfilled" else None,
    )  # fmt: skip

    def facts_of(aim: Aim) -> Facts:
        starts_at = None if aim.step.target.anchor == "visit" else state.starts_at
        return planning_facts(reach, place, aim, asked_at=following.occurred_at, starts_at=starts_at)

    planned = chains.plan(chains.aims(steps, visit), facts_of, now=now)
    await write(following.tx, [row(about, reach, place, one, extra, now=now) for one in planned], now=now)

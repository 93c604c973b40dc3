"""Messages that come from no visit: invitations and reminders of recall, and freed times for those on the waitlist."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.booking import WaitlistEvent, WaitlistOffer, WaitlistOffered, WaitlistOfferEnded
from common.contracts.notifications import MessageClass
from common.contracts.recall import OutreachDue, OutreachValues
from common.sealed import Sealer
from notifications.operations import matters
from notifications.operations.planning.chain import cancel_open
from notifications.operations.planning.places import Reach, place_of, planning_facts
from notifications.operations.planning.rows import NOTICE_BUDGET, About, row, write
from notifications.rules import chains
from notifications.rules.values import Step
from notifications.tables import messages
from notifications.tables.touches import WENT_OUT
from notifications.templates.checks import rulebook

INVITATION_BUDGET = timedelta(hours=12)
OFFER_BUDGET = timedelta(minutes=10)


async def invite(
    tx: AsyncConnection,
    sealer: Sealer,
    event: OutreachDue,
    values: OutreachValues,
    reach: Reach,
    *,
    now: datetime,
) -> None:
    """One invitation or reminder; its permission is asked for at the moment of sending. A reminder is of use for hours,
    not days: where one channel is silent the next has its turn soon."""
    place = await place_of(tx, event.network_id, event.branch_id)
    message_class = _class_of(event)
    budget = INVITATION_BUDGET if message_class == "marketing" else NOTICE_BUDGET
    step = chains.single(event.template, message_class, budget)
    visit = chains.Visit(booked_at=event.occurred_at, starts_at=event.expires_at, zone=place.branch.zone)
    planned = chains.plan(
        chains.aims([step], visit),
        lambda aim: planning_facts(reach, place, aim, asked_at=event.occurred_at, starts_at=None),
        now=now,
    )
    about = About(
        network_id=event.network_id, patient_id=event.patient_id, origin="outreach",
        origin_id=event.outreach_id, branch_id=event.branch_id, practitioner_id=event.practitioner_id,
        service_id=event.service_id, asked_at=event.occurred_at,
    )  # fmt: skip
    data = await matters.kept(tx, sealer, event.network_id, event.patient_id, values)
    await write(tx, [row(about, reach, place, one, data, now=now) for one in planned], now=now)


def _class_of(event: OutreachDue) -> MessageClass:
    """As recall says; but what advertises needs its consent whoever sends it as what."""
    contract = rulebook().contracts.get(event.template)
    advertises = contract is not None and contract.message_class == "marketing"
    return "marketing" if advertises else event.message_class


async def offer(tx: AsyncConnection, event: WaitlistOffered, reach: Reach, *, now: datetime) -> None:
    """A freed time, with yes and no, as long as it is held. Accepted, it is booked under the offer's own id."""
    held = event.entry.offer
    if held is None or held.expires_at <= now:
        return
    step = chains.single("waitlist-offer", "service", OFFER_BUDGET)
    extra = {"until": held.expires_at.isoformat()}
    await _write_about(tx, event, held, step, reach, extra, until=held.expires_at, now=now)


async def end_offer(tx: AsyncConnection, event: WaitlistOfferEnded, reach: Reach, *, now: datetime) -> None:
    """What has not gone out about it will not. Who was written to and could still say yes is told that it is gone."""
    went_out = await messages.of_origin(tx, event.network_id, event.offer.offer_id, WENT_OUT)
    await cancel_open(tx, event.network_id, event.offer.offer_id, reason=f"offer-{event.why}")
    if went_out and event.why == "lost":
        step = chains.single("offer-gone", "immediate", NOTICE_BUDGET)
        until = event.offer.slot.starts_at
        await _write_about(tx, event, event.offer, step, reach, {}, until=until, now=now)


async def _write_about(
    tx: AsyncConnection, event: WaitlistEvent, offer: WaitlistOffer, step: Step, reach: Reach,
    extra: dict[str, Any], *, until: datetime, now: datetime,
) -> None:  # fmt: skip
    """One message about a freed time, of use until an instant."""
    slot = offer.slot
    place = await place_of(tx, event.network_id, slot.branch_id)
    visit = chains.Visit(booked_at=event.occurred_at, starts_at=until, zone=place.branch.zone)
    planned = chains.plan(
        chains.aims([step], visit),
        lambda aim: planning_facts(reach, place, aim, asked_at=event.occurred_at, starts_at=until),
        now=now,
    )
    about = About(
        network_id=event.network_id, patient_id=event.entry.patient_id, origin="appointment",
        origin_id=offer.offer_id, appointment_id=offer.offer_id, branch_id=slot.branch_id,
        practitioner_id=slot.practitioner_id, service_id=event.entry.service_id, asked_at=event.occurred_at,
        starts_at=slot.starts_at,
    )  # fmt: skip
    await write(tx, [row(about, reach, place, one, extra, now=now) for one in planned], now=now)

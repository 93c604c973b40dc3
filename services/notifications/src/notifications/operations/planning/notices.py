"""What the clinic has to say at once: that it cannot keep a time, and which others are held."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.booking import AppointmentDisplaced
from notifications.operations.planning.places import Place, Reach, planning_facts
from notifications.operations.planning.rows import NOTICE_BUDGET, about_visit, row, write
from notifications.operations.telling import Telling
from notifications.rules import chains


async def displaced(
    tx: AsyncConnection, event: AppointmentDisplaced, reach: Reach, place: Place, *, now: datetime
) -> None:
    """The choice between the held times, as long as they are held; who cannot be written to is called."""
    state = event.appointment
    until = min(event.answer_by, state.starts_at)
    step = chains.single("displaced", "immediate", NOTICE_BUDGET)
    visit = chains.Visit(booked_at=event.occurred_at, starts_at=until, zone=place.branch.zone)
    (planned,) = chains.plan(
        chains.aims([step], visit),
        lambda aim: replace(
            planning_facts(reach, place, aim, asked_at=event.occurred_at, starts_at=until),
            about="displacement",
        ),
        now=now,
    )
    extra = {
        "offers": [
            {
                "starts_at": one.slot.starts_at.isoformat(),
                "practitioner_id": str(one.slot.practitioner_id),
                "branch_id": str(one.slot.branch_id),
            }
            for one in event.offers
        ],
        "starts": [one.slot.starts_at.isoformat() for one in event.offers],
        "until": event.answer_by.isoformat(),
    }
    about = about_visit(event.network_id, state, asked_at=event.occurred_at)
    message = row(about, reach, place, planned, extra, now=now)
    await write(tx, [message], now=now)
    if message.outcome == "suppressed":
        telling = Telling(now)
        await telling.task(tx, message, "call-back", f"displaced: {message.reason}")
        await telling.write(tx)

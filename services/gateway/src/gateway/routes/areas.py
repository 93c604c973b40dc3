"""Every area of the HTTP interface, put together."""

from fastapi import APIRouter, FastAPI

from gateway.handlers import Parts
from gateway.routes import (
    absences,
    accounts,
    appointments,
    audit,
    bookings,
    busy,
    calls,
    clinic,
    conversations,
    development,
    directory,
    events,
    holds,
    links,
    money,
    next_visit,
    offers,
    online,
    outreach,
    patients,
    policies,
    queue,
    reference,
    referrals,
    reports,
    series,
    sessions,
    telephony,
    templates,
    waitlist,
    webhooks,
)


def mount(application: FastAPI, parts: Parts) -> None:
    """Add every area's routes; those of development exist in development only."""
    application.state.parts = parts
    routers: list[APIRouter] = [
        # The order in which they are looked through: what is asked most comes first.
        bookings.router,
        *directory.routers,
        links.router,
        offers.router,
        online.router,
        sessions.router,
        patients.router,
        next_visit.router,
        *appointments.routers,
        referrals.router,
        absences.router,
        waitlist.router,
        queue.router,
        series.router,
        holds.router,
        busy.router,
        clinic.router,
        conversations.router,
        policies.router,
        money.router,
        outreach.router,
        reports.router,
        templates.router,
        audit.router,
        accounts.router,
        events.router,
        webhooks.router,
        telephony.router,
        calls.router,
        reference.router,
    ]
    if parts.development:
        routers.append(development.router)
    for router in routers:
        application.include_router(router)

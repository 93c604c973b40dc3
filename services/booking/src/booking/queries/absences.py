"""Who is away, and what an absence would mean before anybody is told."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.queries.slots import alternatives, find
from booking.rules import absences as rules
from booking.rules import telling
from booking.rules.appointment import Appointment
from booking.rules.availability import Span
from booking.rules.booking import Place, local_date
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import agendas_of, expect_may
from booking.rules.slots import Search
from booking.tables import appointments, blocks
from common.caller import Caller
from common.contracts.booking import (
    Absence,
    AbsencePlan,
    AbsenceRange,
    Absences,
    AffectedAppointment,
    ListAbsences,
)
from common.contracts.messages import datetime

SHOWN = 6
"""Alternatives that a dry run shows for each appointment."""


async def listed(
    tx: AsyncConnection, catalogue: Catalogue, query: ListAbsences, caller: Caller, *, now: datetime
) -> Absences:
    """Those that count now or later, by their start; of practitioners, only those whose agendas the caller sees."""
    expect_may(caller, "read-day", branch_id=query.branch_id)
    here = None if query.branch_id is None else rules.at_branch(query.branch_id, catalogue)
    agendas = agendas_of(caller)
    found = [
        one
        for one in await blocks.absences_from(tx, catalogue.network.network_id, now)
        if rules.concerns(one.away, query.branch_id, here) and rules.is_shown(one.away, agendas)
    ]
    return Absences(
        absences=[
            Absence(absence_id=one.absence_id, range=one.away, reason=one.reason)
            for one in found[: query.limit]
        ]
    )


async def describe(
    tx: AsyncConnection, catalogue: Catalogue, away: AbsenceRange, *, now: datetime
) -> AbsencePlan:
    """Who would have to be told, and what could be offered; nothing is held, so two may be shown the same time."""
    network_id = catalogue.network.network_id
    who = rules.who_is_away(away, catalogue)
    gone = rules.away_spans(away, catalogue, who)
    affected, begun = [], []
    for practitioner_id in who:
        for one in await appointments.of_practitioner(
            tx, network_id, practitioner_id, away.starts_at, away.ends_at, lock=False
        ):
            if not rules.is_affected(one, away) or one.status == "held":
                continue
            if one.status in rules.BEGUN:
                begun.append(one.appointment_id)
            else:
                affected.append(await _affected(tx, catalogue, one, gone, now=now))
    return AbsencePlan(affected=affected, begun=begun)


async def _affected(
    tx: AsyncConnection,
    catalogue: Catalogue,
    one: Appointment,
    gone: Mapping[UUID, Sequence[Span]],
    *,
    now: datetime,
) -> AffectedAppointment:
    place = place_of(one, catalogue)
    others = await alternatives(tx, catalogue, place, now=now, limit=SHOWN, away=gone)
    first = local_date(one.starts_at, place.branch)
    search = Search(place.service, branch_id=one.branch_id, first=first, days=1)
    there = await find(tx, catalogue, search, now=now, away=gone)
    return AffectedAppointment(
        appointment=telling.state(one),
        version=one.version,
        alternatives=others,
        colleagues=[slot.practitioner_id for slot in there if slot.starts_at == one.starts_at],
    )


def place_of(one: Appointment, catalogue: Catalogue) -> Place:
    """Where an appointment stands."""
    return Place(
        service=catalogue.service(one.service_id),
        branch=catalogue.branch(one.branch_id),
        practitioner=catalogue.practitioner(one.practitioner_id),
        starts_at=one.starts_at,
    )

"""Which times are free."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules import slots
from booking.rules.availability import Span
from booking.rules.booking import Place, latest_day, local_date
from booking.rules.catalogue import Catalogue
from booking.rules.slots import Free, Search, Taken, Visit
from booking.tables import schedule
from booking.tables.directory import Directories
from booking.tables.schedule import Wanted
from common.contracts.booking import FindFreeSlots, Slot
from common.database import Database
from common.errors import Refused
from common.statements import Statements

NEAR_DAYS, FAR_DAYS = 14, 31
"""How many days alternatives are looked for in, at first and where that gave too few."""


async def free_slots(
    database: Database, directories: Directories, network_id: str, query: FindFreeSlots, *, now: datetime
) -> Free:
    """What can be booked; every id that is named must exist.

    In one round trip, by the directory as this process knows it; where that has changed meanwhile, or where
    somebody would be refused by it, it is read again first.
    """
    known = directories.known(network_id)
    if known is not None:
        with contextlib.suppress(Refused):
            free = await _at_once(database.statements, known, _search(query, known), now=now)
            if free is not None:
                return free
    async with database.reading(network_id) as tx:
        catalogue = await directories.current(tx, network_id)
        return await _found(tx, catalogue, _search(query, catalogue), now=now)


async def _at_once(
    statements: Statements, catalogue: Catalogue, search: Search, *, now: datetime
) -> Free | None:
    """None where the directory has another revision by now."""
    wanted = _wanted(search, catalogue, now=now)
    if wanted is None:
        return None
    revision, known = await schedule.taken_at(statements, catalogue.network.network_id, wanted)
    return slots.find(search, catalogue, known, now=now) if revision == catalogue.revision else None


async def find(
    tx: AsyncConnection,
    catalogue: Catalogue,
    search: Search,
    *,
    now: datetime,
    away: Mapping[UUID, Sequence[Span]] | None = None,
) -> list[Slot]:
    """Free slots as they are at this moment, in order of time, then practitioner.

    `away` is time of practitioners to be left out that is not gone yet.
    """
    return (await _found(tx, catalogue, search, now=now, away=away or {})).slots()


async def _found(
    tx: AsyncConnection,
    catalogue: Catalogue,
    search: Search,
    *,
    now: datetime,
    away: Mapping[UUID, Sequence[Span]] = MappingProxyType({}),
) -> Free:
    wanted = _wanted(search, catalogue, now=now)
    if wanted is None:
        return Free(0, (), ())
    known = await schedule.taken(tx, catalogue.network.network_id, wanted)
    if away:
        known = Taken(
            {
                one: [*known.practitioners.get(one, ()), *away.get(one, ())]
                for one in {*known.practitioners, *away}
            },
            known.rooms,
        )
    return slots.find(search, catalogue, known, now=now)


def _search(query: FindFreeSlots, catalogue: Catalogue) -> Search:
    if query.branch_id is not None:
        catalogue.branch(query.branch_id)
    if query.practitioner_id is not None:
        catalogue.practitioner(query.practitioner_id)
    return Search(
        service=catalogue.service(query.service_id),
        branch_id=query.branch_id,
        practitioner_id=query.practitioner_id,
        first=query.from_date,
        days=query.days,
    )


def _wanted(search: Search, catalogue: Catalogue, *, now: datetime) -> Wanted | None:
    """What has to be known of the schedule; None where no day is left to look at."""
    span = slots.reach(search, catalogue, now=now)
    if span is None:
        return None
    offers = list(
        catalogue.offers(search.service, branch_id=search.branch_id, practitioner_id=search.practitioner_id)
    )
    return Wanted(
        practitioner_ids=list({practitioner.practitioner_id for _, practitioner in offers}),
        room_branch_ids=list({branch.branch_id for branch, _ in offers}) if search.service.room_kind else [],
        span=span,
        now=now,
    )


async def alternatives(
    tx: AsyncConnection,
    catalogue: Catalogue,
    place: Place,
    *,
    now: datetime,
    limit: int,
    away: Mapping[UUID, Sequence[Span]] | None = None,
    engaged: Sequence[Visit] = (),
) -> list[Slot]:
    """Other slots for a visit: the same practitioner first, then the same branch, then the soonest.

    They are looked for from the day of the visit (from today where that is over), ever wider until there are enough.
    What a narrow search has found stays beside the wider one, which is cut where it finds too much. `engaged` is
    when the patient has other visits.
    """
    found: set[Slot] = set()
    proposals: list[Slot] = []
    for search in _ever_wider(place, now=now):
        found.update(await find(tx, catalogue, search, now=now, away=away))
        proposals = slots.ranked(
            found,
            practitioner_id=place.practitioner.practitioner_id,
            branch_id=place.branch.branch_id,
            instead_of=place.starts_at,
            engaged=engaged,
        )
        if len(proposals) >= limit:
            break
    return proposals[:limit]


def _ever_wider(place: Place, *, now: datetime) -> Iterator[Search]:
    today = local_date(now, place.branch)
    first = max(local_date(place.starts_at, place.branch), today)
    latest = latest_day(place.service, today)
    if first > latest:  # what was asked for lies beyond the horizon: the last days before it are the nearest
        first = max(today, latest - timedelta(days=NEAR_DAYS - 1))
    own, here = place.practitioner.practitioner_id, place.branch.branch_id
    for days in (NEAR_DAYS, FAR_DAYS):
        for practitioner_id, branch_id in ((own, None), (None, here), (None, None)):
            yield Search(
                place.service, practitioner_id=practitioner_id, branch_id=branch_id, first=first, days=days
            )

"""Another calendar's busy times as blocks, so that there is one schedule beside an MIS."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import absences, waitlist
from booking.operations.absences.blocking import span_of
from booking.operations.acting import ATTEMPTS, Acting
from booking.rules import appointment as appointment_rules
from booking.rules import availability, busy
from booking.rules.appointment import Appointment
from booking.rules.availability import Span
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.waitlist import Freed
from booking.tables import appointments, blocks
from booking.tables import directory as directory_rows
from booking.tables import waitlist as waitlist_rows
from common.contracts.booking import BusyConflict, BusyImported, ImportBusyTimes
from common.contracts.directory import Practitioner
from common.errors import Unavailable


@dataclass
class Blocked:
    """What became of another calendar's times."""

    pieces: int
    standing: list[Appointment]
    """Whose time was not taken."""
    lost: list[Appointment]
    """Holds that gave way, as they were."""


async def take_over(tx: AsyncConnection, acting: Acting, command: ImportBusyTimes) -> BusyImported:
    """Replace what this calendar blocked. Where an appointment stands already, it stays and is reported, and its time
    is closed behind it; holds give way, as they do for an absence."""
    await directory_rows.keep(tx, acting.network_id)
    catalogue = await acting.directories.current(tx, acting.network_id)
    practitioner = catalogue.practitioner(command.practitioner_id)
    expect_may(acting.caller, "set-up")
    until = acting.now + timedelta(days=command.days)
    spans = busy.busy_spans(
        command.calendar, zone=_zone(catalogue, practitioner), since=acting.now, until=until
    )
    who = command.practitioner_id
    await appointments.take_turns(tx, acting.network_id, who)
    before = await blocks.unblock(tx, acting.network_id, command.calendar_id, who, now=acting.now)
    await absences.block_again(tx, acting, catalogue, [who], acting.now, until)
    blocked = await _block(tx, acting, command, spans, until)
    for held in blocked.lost:
        await absences.break_promise(tx, acting, held)
    given_back = [*(Freed(*one) for one in before), *map(waitlist.freed, blocked.lost)]
    await waitlist.offer_freed(tx, acting, catalogue, given_back)
    return BusyImported(blocked=blocked.pieces, conflicts=_conflicts(blocked.standing, spans))


async def _block(
    tx: AsyncConnection, acting: Acting, command: ImportBusyTimes, spans: list[Span], until: datetime
) -> Blocked:
    """Take what is free, and close the rest behind whatever has it; whoever slips in meanwhile is seen too.

    Who stands there is locked, so that nobody comes between their going and what is behind them.
    """
    network_id, who, since = acting.network_id, command.practitioner_id, acting.now
    lost: list[Appointment] = []
    for _ in range(ATTEMPTS):
        await waitlist_rows.lock_offers_of(tx, network_id, who, since, until)
        standing = await appointments.of_practitioner(tx, network_id, who, since, until, lock=True)
        giving_way = [one for one in standing if one.status == "held" and _meets(one, spans)]
        for one in giving_way:
            await appointments.change(tx, appointment_rules.release(one))
        lost += giving_way
        standing = [one for one in standing if one not in giving_way]
        others = await blocks.of_practitioner(tx, network_id, who, since, until)
        taken = availability.merged([*map(span_of, standing), *others])
        left = availability.pieces(availability.without(spans, taken), availability.DAY)
        if await blocks.block(tx, network_id, who, command.calendar_id, left, now=since):
            behind = availability.pieces(availability.common_to(spans, taken), availability.DAY)
            await blocks.block_behind(tx, network_id, who, command.calendar_id, behind, now=since)
            return Blocked(len(left), standing, lost)
    raise Unavailable("booking", "too many book this time at once")


def _zone(catalogue: Catalogue, practitioner: Practitioner) -> str:
    """Where somebody works first; a network without any branch has nobody to be busy."""
    branch_ids = [rule.branch_id for rule in practitioner.working_hours]
    if branch_ids:
        return catalogue.branch(branch_ids[0]).zone
    return next((branch.zone for branch in catalogue.branches.values()), "UTC")


def _meets(one: Appointment, spans: list[Span]) -> bool:
    return bool(availability.common_to([span_of(one)], spans))


def _conflicts(standing: list[Appointment], spans: list[Span]) -> list[BusyConflict]:
    return [
        BusyConflict(starts_at=one.starts_at, ends_at=one.ends_at, appointment_id=one.appointment_id)
        for one in standing
        if _meets(one, spans)
    ]

"""Another calendar's busy times as blocks, so that there is one schedule beside an MIS."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import waitlist
from booking.operations.acting import ATTEMPTS, Acting
from booking.rules import availability, busy
from booking.rules.appointment import Appointment
from booking.rules.availability import Span
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.waitlist import Freed
from booking.tables import appointments, blocks
from booking.tables import directory as directory_rows
from common.contracts.booking import BusyConflict, BusyImported, ImportBusyTimes
from common.contracts.directory import Practitioner
from common.errors import Unavailable


async def take_over(tx: AsyncConnection, acting: Acting, command: ImportBusyTimes) -> BusyImported:
    """Replace what this calendar blocked; where an appointment stands already, it stays and is reported."""
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
    before = await blocks.unblock(tx, acting.network_id, command.calendar_id, who)
    for _ in range(ATTEMPTS):
        standing = await appointments.of_practitioner(
            tx, acting.network_id, who, acting.now, until, lock=False
        )
        others = await blocks.of_practitioner(tx, acting.network_id, who, acting.now, until)
        stays = availability.merged([*map(_span, standing), *others])
        left = availability.pieces(availability.without(spans, stays), availability.DAY)
        if await blocks.block(tx, acting.network_id, who, command.calendar_id, left, now=acting.now):
            await waitlist.offer_freed(tx, acting, catalogue, [Freed(*one) for one in before])
            return BusyImported(blocked=len(left), conflicts=_conflicts(standing, spans))
    raise Unavailable("booking", "too many book this time at once")


def _zone(catalogue: Catalogue, practitioner: Practitioner) -> str:
    """Where somebody works first; a network without any branch has nobody to be busy."""
    branch_ids = [rule.branch_id for rule in practitioner.working_hours]
    if branch_ids:
        return catalogue.branch(branch_ids[0]).zone
    return next((branch.zone for branch in catalogue.branches.values()), "UTC")


def _span(one: Appointment) -> Span:
    return (
        availability.seconds(one.busy_from),
        availability.seconds(one.busy_to + timedelta(seconds=0.999999)),
    )


def _conflicts(standing: list[Appointment], spans: list[Span]) -> list[BusyConflict]:
    return [
        BusyConflict(starts_at=one.starts_at, ends_at=one.ends_at, appointment_id=one.appointment_id)
        for one in standing
        if one.status != "held" and availability.common_to([_span(one)], spans)
    ]

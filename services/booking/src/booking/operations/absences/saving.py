"""An absence is saved, and ended: its time is taken, whoever had it is seen to; then it is given back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import waitlist
from booking.operations.absences import displacing
from booking.operations.absences.blocking import block, block_again
from booking.operations.acting import ATTEMPTS, Acting
from booking.rules import absences as rules
from booking.rules import appointment as appointment_rules
from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.waitlist import Freed
from booking.tables import appointments, blocks
from booking.tables import directory as directory_rows
from booking.tables import waitlist as waitlist_rows
from common import outbox
from common.contracts.booking import (
    Absence,
    AbsenceChoice,
    AbsenceEnded,
    AbsenceEntered,
    AbsenceSaved,
    EndAbsence,
    PutAbsence,
)
from common.contracts.messages import Done
from common.errors import CommandReused, Unavailable, UnknownThing


@dataclass
class Cleared:
    """What stood in the way of an absence."""

    displaced: list[tuple[Appointment, AbsenceChoice]] = field(default_factory=list)
    lost: list[Appointment] = field(default_factory=list)
    """Holds, as they were."""


async def put(tx: AsyncConnection, acting: Acting, command: PutAbsence) -> AbsenceSaved:
    """Take the time out, displace or reassign whoever had it, and hold other times for each.

    Bookings race with this by one constraint: whatever commits before a block is seen and displaced, whatever
    comes after it is refused. Saved again, it finds nothing left to do.
    """
    await directory_rows.keep(tx, acting.network_id)
    catalogue = await acting.directories.current(tx, acting.network_id)
    away = command.range
    expect_may(acting.caller, "absence", branch_id=away.branch_id, practitioner_id=away.practitioner_id)
    await _save(tx, acting, command)
    who = rules.who_is_away(away, catalogue)
    choices = {one.appointment_id: one for one in command.choices}
    colleagues = {one.practitioner_id for one in command.choices if one.practitioner_id is not None}
    for practitioner_id in sorted({*who, *colleagues}):
        await appointments.take_turns(tx, acting.network_id, practitioner_id)
    cleared = Cleared()
    for practitioner_id in who:
        await _clear(tx, acting, catalogue, command, practitioner_id, choices, cleared)
    for held in cleared.lost:
        await break_promise(tx, acting, held)
    cleared.displaced.sort(key=lambda pair: (pair[0].starts_at, pair[0].appointment_id))
    return AbsenceSaved(
        absence_id=command.absence_id,
        displacements=[
            await displacing.settle(tx, acting, catalogue, command, *pair) for pair in cleared.displaced
        ],
    )


async def end(tx: AsyncConnection, acting: Acting, command: EndAbsence) -> Done:
    """Give the time back, but for what another absence takes as well."""
    await directory_rows.keep(tx, acting.network_id)
    catalogue = await acting.directories.current(tx, acting.network_id)
    absence = await blocks.lock_absence(tx, acting.network_id, command.absence_id)
    if absence is None:
        raise UnknownThing("absence", command.absence_id)
    away = absence.away
    expect_may(acting.caller, "absence", branch_id=away.branch_id, practitioner_id=away.practitioner_id)
    if absence.ended_at is not None:
        return Done(version=2)
    who = rules.who_is_away(away, catalogue)
    for practitioner_id in who:
        await appointments.take_turns(tx, acting.network_id, practitioner_id)
    await blocks.end_absence(tx, acting.network_id, command.absence_id, now=acting.now)
    given_back = await blocks.unblock(tx, acting.network_id, command.absence_id, now=acting.now)
    await block_again(tx, acting, catalogue, who, away.starts_at, away.ends_at)
    ended = Absence(absence_id=absence.absence_id, range=away, reason=absence.reason)
    told = AbsenceEnded(network_id=acting.network_id, occurred_at=acting.now, version=2, absence=ended)
    await outbox.record(tx, told)
    await waitlist.offer_freed(tx, acting, catalogue, [Freed(*one) for one in given_back])
    return Done(version=2)


async def _save(tx: AsyncConnection, acting: Acting, command: PutAbsence) -> None:
    if await blocks.save_absence(
        tx,
        acting.network_id,
        command.absence_id,
        command.range,
        reason=command.reason,
        by=acting.caller.actor,
        now=acting.now,
    ):
        entered = Absence(absence_id=command.absence_id, range=command.range, reason=command.reason)
        told = AbsenceEntered(
            network_id=acting.network_id, occurred_at=acting.now, version=1, absence=entered
        )
        await outbox.record(tx, told)
        return
    known = await blocks.lock_absence(tx, acting.network_id, command.absence_id)
    if known is None or known.ended_at is not None or known.away != command.range:
        raise CommandReused("This absence id belongs to another absence")


async def _clear(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    command: PutAbsence,
    practitioner_id: UUID,
    choices: Mapping[UUID, AbsenceChoice],
    cleared: Cleared,
) -> None:
    """Empty one practitioner's time and block it; whoever slipped in meanwhile is displaced too."""
    away = command.range
    for _ in range(ATTEMPTS):
        await waitlist_rows.lock_offers_of(
            tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at
        )
        for one in await appointments.of_practitioner(
            tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at, lock=True
        ):
            if not rules.is_affected(one, away) or one.status in rules.BEGUN:
                continue
            if one.status == "held":
                await appointments.change(tx, appointment_rules.release(one))
                cleared.lost.append(one)
                continue
            otherwise = AbsenceChoice(appointment_id=one.appointment_id, choice=command.otherwise)
            choice = choices.get(one.appointment_id, otherwise)
            if choice.choice == "reassign":
                moved = await displacing.reassign(tx, acting, catalogue, one, choice)
                cleared.displaced.append((moved, choice))
            else:
                displaced = await displacing.displace(tx, acting, command, one, choice)
                cleared.displaced.append((displaced, choice))
        if await block(tx, acting, catalogue, away, command.absence_id, practitioner_id):
            return
    raise Unavailable("booking", "too many book this time at once")


async def break_promise(tx: AsyncConnection, acting: Acting, held: Appointment) -> None:
    """Whoever a lost time was held for must not go on counting on it: one of the waitlist, or somebody whom the
    clinic displaced before. Who was only about to book is refused when they do."""
    if held.held_for is not None and not await waitlist.lose(tx, acting, held):
        await displacing.lose(tx, acting, held.held_for)

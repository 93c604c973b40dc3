"""Taking somebody's time out of the schedule, and finding other times for those who had it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import waitlist
from booking.operations.acting import ATTEMPTS, Acting
from booking.operations.taking import change_where_free, take_quietly
from booking.queries.absences import place_of
from booking.queries.slots import alternatives
from booking.rules import absences as rules
from booking.rules import appointment as appointment_rules
from booking.rules import availability, telling
from booking.rules.appointment import Appointment
from booking.rules.booking import check_place
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.refusals import NotReassignable, SlotTaken
from booking.rules.waitlist import Freed
from booking.tables import appointments, blocks
from booking.tables import directory as directory_rows
from common import outbox
from common.contracts.booking import (
    AbsenceChoice,
    AbsenceRange,
    AbsenceSaved,
    AppointmentDisplaced,
    AppointmentRescheduled,
    Displacement,
    EndAbsence,
    HeldOffer,
    PutAbsence,
    Slot,
    TaskRaised,
)
from common.contracts.messages import Done, datetime
from common.errors import CommandReused, Refused, Unavailable, UnknownThing

FAR = timedelta(days=3 * 366)
"""Beyond any absence that can be saved."""
SPARE = 12
"""Alternatives looked for beyond those that are held: a patient cannot be offered two at the same time."""


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
    displaced: list[tuple[Appointment, AbsenceChoice]] = []
    for practitioner_id in who:
        displaced += await _clear(tx, acting, catalogue, command, practitioner_id, choices)
    displaced.sort(key=lambda pair: (pair[0].starts_at, pair[0].appointment_id))
    return AbsenceSaved(
        absence_id=command.absence_id,
        displacements=[await _settle(tx, acting, catalogue, command, *pair) for pair in displaced],
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
    given_back = await blocks.unblock(tx, acting.network_id, command.absence_id)
    for other in await blocks.absences_around(tx, acting.network_id, away.starts_at, away.ends_at):
        for practitioner_id in set(rules.who_is_away(other.away, catalogue)) & set(who):
            await _block(tx, acting, catalogue, other.away, other.absence_id, practitioner_id)
    await waitlist.offer_freed(tx, acting, catalogue, [Freed(*one) for one in given_back])
    return Done(version=2)


async def close_branches_for(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, practitioner_id: UUID
) -> None:
    """Whoever's working hours have changed is away where and when a branch is closed, and nowhere else."""
    for closed in await blocks.absences_around(tx, acting.network_id, acting.now, acting.now + FAR):
        if closed.away.branch_id is None:
            continue
        await blocks.unblock(tx, acting.network_id, closed.absence_id, practitioner_id)
        if practitioner_id in rules.who_is_away(closed.away, catalogue) and not await _block(
            tx, acting, catalogue, closed.away, closed.absence_id, practitioner_id
        ):
            raise Unavailable("booking", "too many book this time at once")


async def remind(tx: AsyncConnection, network_id: str, one: Appointment, *, now: datetime) -> None:
    """Nobody chose in time: ask staff to call. `one` is locked."""
    if one.status == "displaced" and one.answer_by is not None and one.answer_by <= now:
        await appointments.change(tx, replace(one, answer_by=None))
        await outbox.record(tx, _task(network_id, one, "displaced, no answer", now=now, due_at=now))


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
) -> list[tuple[Appointment, AbsenceChoice]]:
    """Empty one practitioner's time and block it; whoever slipped in meanwhile is displaced too."""
    away, displaced = command.range, []
    for _ in range(ATTEMPTS):
        for one in await appointments.of_practitioner(
            tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at, lock=True
        ):
            if not rules.is_affected(one, away) or one.status in rules.BEGUN:
                continue
            if one.status == "held":
                await appointments.change(tx, appointment_rules.release(one))
                continue
            otherwise = AbsenceChoice(appointment_id=one.appointment_id, choice=command.otherwise)
            choice = choices.get(one.appointment_id, otherwise)
            if choice.choice == "reassign":
                displaced.append((await _reassign(tx, acting, catalogue, one, choice), choice))
            else:
                displaced.append((await _displace(tx, acting, command, one, choice), choice))
        if await _block(tx, acting, catalogue, away, command.absence_id, practitioner_id):
            return displaced
    raise Unavailable("booking", "too many book this time at once")


async def _block(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    away: AbsenceRange,
    absence_id: UUID,
    practitioner_id: UUID,
) -> bool:
    """Take what is free of the time; False where something else was quicker."""
    stays = [
        (availability.seconds(one.busy_from), availability.seconds(one.busy_to + timedelta(seconds=0.999999)))
        for one in await appointments.of_practitioner(
            tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at, lock=False
        )
        if not rules.is_affected(one, away) or one.status in rules.BEGUN
    ]
    stays += await blocks.of_practitioner(
        tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at
    )
    spans = rules.to_block(away, catalogue, practitioner_id, stays)
    return await blocks.block(tx, acting.network_id, practitioner_id, absence_id, spans, now=acting.now)


async def _displace(
    tx: AsyncConnection, acting: Acting, command: PutAbsence, one: Appointment, choice: AbsenceChoice
) -> Appointment:
    """Called at once, or when the time to choose has run out."""
    answer_by = acting.now + timedelta(hours=command.answer_hours) if choice.choice == "message" else None
    displaced = appointment_rules.displace(one, answer_by=answer_by)
    await appointments.change(tx, displaced)
    return displaced


async def _reassign(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, one: Appointment, choice: AbsenceChoice
) -> Appointment:
    try:
        if choice.practitioner_id is None:
            raise UnknownThing("practitioner")
        place = replace(place_of(one, catalogue), practitioner=catalogue.practitioner(choice.practitioner_id))
        check_place(place, catalogue, now=acting.now, walk_in=True)
        moved = appointment_rules.reschedule(
            one,
            starts_at=one.starts_at,
            duration=one.ends_at - one.starts_at,
            practitioner_id=choice.practitioner_id,
            branch_id=one.branch_id,
            room_id=one.room_id,
            by_patient=False,
        )
        if await appointments.is_overbooked_there(tx, moved) or not await change_where_free(tx, moved):
            raise SlotTaken("The colleague has no time")
    except Refused as refusal:
        raise NotReassignable(
            "This appointment cannot go to that colleague",
            appointment_id=str(one.appointment_id),
            why=refusal.refusal,
        ) from refusal
    return moved


async def _settle(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    command: PutAbsence,
    one: Appointment,
    choice: AbsenceChoice,
) -> Displacement:
    """Hold other times for one patient, and tell."""
    record = telling.record(one, service_kind=catalogue.service(one.service_id).kind)
    if choice.choice == "reassign":
        moved = AppointmentRescheduled(
            network_id=acting.network_id,
            occurred_at=acting.now,
            version=one.version,
            appointment=record.appointment,
            previous_starts_at=one.starts_at,
        )
        await outbox.record(tx, moved)
        return Displacement(record=record, choice="reassign", offers=[], answer_by=None)
    answer_by = acting.now + timedelta(hours=command.answer_hours)
    offers = await _hold_others(tx, acting, catalogue, one, until=answer_by)
    event = AppointmentDisplaced(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=one.version,
        appointment=record.appointment,
        absence_id=command.absence_id,
        choice=choice.choice,
        offers=offers,
        answer_by=answer_by,
    )
    await outbox.record(tx, event)
    if choice.choice == "call":
        due_at = max(acting.now, min(answer_by, one.starts_at))
        await outbox.record(tx, _task(acting.network_id, one, "displaced", now=acting.now, due_at=due_at))
    return Displacement(record=record, choice=choice.choice, offers=offers, answer_by=answer_by)


async def _hold_others(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, one: Appointment, *, until: datetime
) -> list[HeldOffer]:
    """Times that nobody else is offered; what conflicts with another visit of the patient is passed over."""
    place = place_of(one, catalogue)
    offers: list[HeldOffer] = []
    for slot in await alternatives(tx, catalogue, place, now=acting.now, limit=rules.OFFERS + SPARE):
        held = await take_quietly(tx, catalogue, _held(one, slot, until=until, now=acting.now))
        if held is not None:
            assert held.held_until is not None
            offers.append(HeldOffer(hold_id=held.appointment_id, slot=slot, held_until=held.held_until))
        if len(offers) == rules.OFFERS:
            break
    return offers


def _held(one: Appointment, slot: Slot, *, until: datetime, now: datetime) -> Appointment:
    return replace(
        one,
        appointment_id=uuid5(one.appointment_id, f"{one.version} {slot.starts_at} {slot.practitioner_id}"),
        version=0,
        status="held",
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        practitioner_id=slot.practitioner_id,
        branch_id=slot.branch_id,
        room_id=None,
        overlap_lane=0,
        overbook_reason=None,
        held_until=min(until, slot.starts_at),
        held_for=one.appointment_id,
        answer_by=None,
        confirmed_at=None,
        created_at=now,
        path=(),
        entries=(),
    )


def _task(network_id: str, one: Appointment, reason: str, *, now: datetime, due_at: datetime) -> TaskRaised:
    return TaskRaised(
        network_id=network_id,
        occurred_at=now,
        version=1,
        task_id=uuid5(one.appointment_id, f"displaced {one.version}"),
        kind="call-back",
        patient_id=one.patient_id,
        appointment_id=one.appointment_id,
        branch_id=one.branch_id,
        due_at=due_at,
        reason=reason,
    )

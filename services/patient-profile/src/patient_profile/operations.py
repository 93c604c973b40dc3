"""What patient-profile does: registers, changes and sweeps people, and keeps the queue of staff's tasks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.caller import Caller
from common.contracts import booking, notifications
from common.contracts.booking import AppointmentState
from common.contracts.patient_profile import (
    Card,
    FinishTask,
    LinkHandle,
    Note,
    PatientChanged,
    Registered,
    RegisterPatient,
    TakeTask,
    Task,
    TaskFinished,
    UpdatePatient,
)
from common.database import Database
from common.errors import UnknownThing
from common.sealed import Sealer
from patient_profile.rules import patients, tasks
from patient_profile.tables import people, queue

TRIES = 5
"""Somebody found may be swept before they are read; five times in a row they are not."""


async def register_at_once(
    database: Database, command: RegisterPatient, caller: Caller, sealer: Sealer, *, now: datetime
) -> Registered | None:
    """Create somebody new who books by themselves, in one round trip.

    None for whom staff register, and where somebody is known by this phone and name: `register` does that.
    """
    card = patients.registered(command, caller)
    if not card.provisional:
        return None
    registered = Registered(patient_id=card.patient_id, created=True, version=1)
    inserted = await people.insert_at_once(
        database.statements,
        caller.network_id,
        card,
        sealer,
        database.command_row(command, caller.network_id, registered),
        now=now,
        by=caller.actor,
        sweep_at=now + patients.PROVISIONAL_FOR,
    )
    if not inserted:
        return None
    database.committed(told=False)
    return registered


async def register(
    tx: AsyncConnection, command: RegisterPatient, caller: Caller, sealer: Sealer, *, now: datetime
) -> Registered:
    """Find by phone and name, or create under the minted id: the unique pair decides a race."""
    card = patients.registered(command, caller)
    sweep_at = now + patients.PROVISIONAL_FOR if card.provisional else None
    for _ in range(TRIES):
        identified, inserted = await people.insert_patient(
            tx, caller.network_id, card, sealer, now=now, by=caller.actor, sweep_at=sweep_at
        )
        if inserted:
            if not card.provisional:
                await outbox.record(tx, _changed(caller.network_id, card.patient_id, 1, now))
            return Registered(patient_id=card.patient_id, created=True, version=1)
        if identified:
            raise patients.PatientIdTaken("This id belongs to another patient")
        known = await people.patients_by_phone(
            tx,
            caller.network_id,
            sealer.index(caller.network_id, card.phones[0].phone),
            people.name_index(card, caller.network_id, sealer),
        )
        if known:
            version = await _recognise(tx, known[0].patient_id, card, caller, sealer, now=now)
            if version is not None:
                return Registered(patient_id=known[0].patient_id, created=False, version=version)
    raise patients.PatientIdTaken("This patient comes and goes")


async def _recognise(
    tx: AsyncConnection, patient_id: UUID, new: Card, caller: Caller, sealer: Sealer, *, now: datetime
) -> int | None:
    """Fill what was empty; returns the version, or None where the patient is gone.

    Nobody has been told of a provisional patient: while they stay one, they stay at version 1.
    """
    row = await people.lock_patient(tx, caller.network_id, patient_id)
    if row is None:
        return None
    seal = sealer.opened(row.wrapped, patient_id)
    known = people.patient_of(row, seal)
    card = patients.recognised(known.card, new)
    if card == known.card:
        if card.provisional:
            await people.put_off_sweep(tx, caller.network_id, [patient_id], now + patients.PROVISIONAL_FOR)
        return card.version
    if not known.card.provisional:
        card = card.model_copy(update={"version": known.card.version + 1})
    patient = patients.with_card(known, card)
    sweep_at = now + patients.PROVISIONAL_FOR if card.provisional else None
    await people.update_patient(
        tx, caller.network_id, patient, seal, now=now, by=caller.actor, sweep_at=sweep_at
    )
    if not card.provisional:
        await outbox.record(tx, _changed(caller.network_id, patient_id, card.version, now))
    return card.version


async def update(
    tx: AsyncConnection, command: UpdatePatient, caller: Caller, sealer: Sealer, *, now: datetime
) -> None:
    """Change a card; whoever staff write about is real, and told of from the first version on."""
    row = await people.lock_patient(tx, caller.network_id, command.patient_id)
    if row is None:
        raise UnknownThing("patient", command.patient_id)
    seal = sealer.opened(row.wrapped, command.patient_id)
    known = people.patient_of(row, seal)
    patient = patients.changed(known, command.changes, command.country, if_version=command.if_version)
    await people.update_patient(tx, caller.network_id, patient, seal, now=now, by=caller.actor, sweep_at=None)
    if patients.is_found_by(patient.card) != patients.is_found_by(known.card):
        others = await people.put_indexes(tx, caller.network_id, patient.card, sealer)
        if others:
            raise patients.PatientExists("Somebody else has this name and phone", patient_id=str(others[0]))
    if command.changes.add_note:
        note = Note(text=command.changes.add_note, at=now, by=caller.actor)
        await people.add_note(tx, caller.network_id, command.patient_id, command.command_id, note, seal)
    if known.card.provisional:
        await outbox.record(tx, _changed(caller.network_id, command.patient_id, known.card.version, now))
    await outbox.record(tx, _changed(caller.network_id, command.patient_id, patient.card.version, now))


async def link_handle(
    tx: AsyncConnection, command: LinkHandle, caller: Caller, sealer: Sealer, *, now: datetime
) -> Registered:
    """Remember how a channel knows somebody. Raises `unknown-patient`."""
    row = await people.lock_patient(tx, caller.network_id, command.patient_id)
    if row is None:
        raise UnknownThing("patient", command.patient_id)
    seal = sealer.opened(row.wrapped, command.patient_id)
    known = people.patient_of(row, seal)
    card = patients.reached_by(known.card, command.channel, command.handle)
    if card != known.card:
        patient = patients.with_card(known, card)
        await people.update_patient(
            tx, caller.network_id, patient, seal, now=now, by=caller.actor, sweep_at=row.due_at
        )
        if not card.provisional:
            await outbox.record(tx, _changed(caller.network_id, command.patient_id, card.version, now))
    return Registered(patient_id=command.patient_id, created=False, version=card.version)


async def make_real(
    tx: AsyncConnection,
    network_id: str,
    patient_ids: Collection[UUID],
    *,
    now: datetime,
    traces: Mapping[UUID, str | None] = MappingProxyType({}),
) -> None:
    """An appointment exists: staff see its patient from now on. `traces` are those of the patients' bookings."""
    made = [
        _changed(network_id, row.patient_id, row.version, now, reach_changed=False)
        for row in await people.make_real(tx, network_id, patient_ids)
    ]
    await outbox.record(tx, *made, traces={one.event_id: traces.get(one.patient_id) for one in made})


async def sweep(
    tx: AsyncConnection,
    network_id: str,
    due: Sequence[UUID],
    appointments: Iterable[AppointmentState],
    *,
    now: datetime,
) -> list[UUID]:
    """Forget who began to book and did not; returns who is gone. `appointments` are all that booking has of them."""
    verdict = patients.to_sweep(due, appointments)
    await make_real(tx, network_id, verdict.real, now=now)
    await people.put_off_sweep(tx, network_id, verdict.held, now + patients.HOLD_WAITS)
    return await people.sweep(tx, network_id, verdict.over, now=now)


def _changed(
    network_id: str, patient_id: UUID, version: int, now: datetime, *, reach_changed: bool = True
) -> PatientChanged:
    return PatientChanged(
        network_id=network_id,
        occurred_at=now,
        version=version,
        patient_id=patient_id,
        reach_changed=reach_changed,
    )


# --- tasks ----------------------------------------------------------------------------------------------


async def raise_task(tx: AsyncConnection, event: booking.TaskRaised | notifications.TaskRaised) -> None:
    """Queue what another service asks staff to do."""
    task = Task(
        task_id=event.task_id,
        kind=event.kind,
        status="open",
        branch_id=event.branch_id,
        patient_id=event.patient_id,
        appointment_id=event.appointment_id,
        due_at=event.due_at,
        assignee=None,
        created_at=event.occurred_at,
        reason=event.reason,
        version=1,
    )
    await queue.insert_task(tx, event.network_id, task)


async def take_task(
    tx: AsyncConnection, command: TakeTask, caller: Caller, sealer: Sealer, *, now: datetime
) -> Task:
    """The row's lock lets one of two win."""
    task = await _locked(tx, command.task_id, caller, sealer)
    taken = tasks.take(task, caller.actor)
    await queue.update_task(tx, caller.network_id, taken, sealer, now=now, by=caller.actor)
    return taken


async def finish_task(
    tx: AsyncConnection, command: FinishTask, caller: Caller, sealer: Sealer, *, now: datetime
) -> Task:
    """Done, with an outcome."""
    task = await _locked(tx, command.task_id, caller, sealer)
    done = tasks.finish(task, caller.actor, command.outcome)
    await queue.update_task(tx, caller.network_id, done, sealer, now=now, by=caller.actor)
    await outbox.record(
        tx,
        TaskFinished(
            network_id=caller.network_id, occurred_at=now, version=1, task_id=done.task_id,
            kind=done.kind, branch_id=done.branch_id,
        ),
    )  # fmt: skip
    return done


async def _locked(tx: AsyncConnection, task_id: UUID, caller: Caller, sealer: Sealer) -> Task:
    task = await queue.lock_task(tx, caller.network_id, task_id, sealer)
    if task is None:
        raise UnknownThing("task", task_id)
    return task

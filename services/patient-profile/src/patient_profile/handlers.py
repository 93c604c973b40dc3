"""Subjects to operations and queries; no decisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from common.caller import Caller
from common.clock import Clock
from common.contracts import booking
from common.contracts.booking import AppointmentBooked
from common.contracts.notifications import TaskRaised
from common.contracts.patient_profile import (
    AlertFlags,
    Candidates,
    Cards,
    FindPatients,
    FinishTask,
    GetAlerts,
    GetCards,
    GetProfile,
    LinkHandle,
    ListTasks,
    Profile,
    Registered,
    RegisterPatient,
    TakeTask,
    Task,
    Tasks,
    UpdatePatient,
)
from common.database import Database
from common.delivery import Heard, Readers
from common.rpc import Answers, Asks
from common.sealed import Sealer
from patient_profile import operations, queries
from patient_profile.rules import access


@dataclass(frozen=True)
class Parts:
    """What handlers and workers work with."""

    database: Database
    asks: Asks
    clock: Clock
    sealer: Sealer


answers = Answers[Parts]()
readers = Readers[Parts]()


@answers.to(RegisterPatient)
async def register(command: RegisterPatient, caller: Caller, parts: Parts) -> Registered:
    access.require(caller, "register")
    now = parts.clock.now()
    created = await operations.register_at_once(parts.database, command, caller, parts.sealer, now=now)
    return created or await parts.database.once(
        command,
        caller.network_id,
        lambda tx: operations.register(tx, command, caller, parts.sealer, now=now),
    )


@answers.to(UpdatePatient)
async def update(command: UpdatePatient, caller: Caller, parts: Parts) -> Profile:
    access.require(caller, "change")
    now = parts.clock.now()

    async def read(tx: AsyncConnection) -> Profile:
        return await queries.profile(tx, caller.network_id, command.patient_id, parts.sealer)

    async def work(tx: AsyncConnection) -> Profile:
        await operations.update(tx, command, caller, parts.sealer, now=now)
        return await read(tx)

    return await parts.database.once(command, caller.network_id, work, again=read)


@answers.to(LinkHandle)
async def link_handle(command: LinkHandle, caller: Caller, parts: Parts) -> Registered:
    access.require(caller, "link-handle")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: operations.link_handle(tx, command, caller, parts.sealer, now=now),
    )


@answers.to(GetCards)
async def get_cards(query: GetCards, caller: Caller, parts: Parts) -> Cards:
    return await queries.cards(parts.database.statements, query, caller, parts.sealer)


@answers.to(GetProfile)
async def get_profile(query: GetProfile, caller: Caller, parts: Parts) -> Profile:
    access.require(caller, "read-profiles")
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.profile(tx, caller.network_id, query.patient_id, parts.sealer)


@answers.to(FindPatients)
async def find_patients(query: FindPatients, caller: Caller, parts: Parts) -> Candidates:
    access.require(caller, "find")
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.find(tx, query, caller, parts.sealer)


@answers.to(GetAlerts)
async def get_alerts(query: GetAlerts, caller: Caller, parts: Parts) -> AlertFlags:
    access.require(caller, "read-profiles")
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.alerts(tx, query, caller, parts.sealer)


@answers.to(ListTasks)
async def list_tasks(query: ListTasks, caller: Caller, parts: Parts) -> Tasks:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.list_tasks(tx, query, caller, parts.sealer)


@answers.to(TakeTask)
async def take_task(command: TakeTask, caller: Caller, parts: Parts) -> Task:
    access.require(caller, "work-on-tasks")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: operations.take_task(tx, command, caller, parts.sealer, now=now),
        again=lambda tx: queries.task(tx, caller.network_id, command.task_id, parts.sealer),
    )


@answers.to(FinishTask)
async def finish_task(command: FinishTask, caller: Caller, parts: Parts) -> Task:
    access.require(caller, "work-on-tasks")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: operations.finish_task(tx, command, caller, parts.sealer, now=now),
        again=lambda tx: queries.task(tx, caller.network_id, command.task_id, parts.sealer),
    )


@readers.together(AppointmentBooked, durable="patient_profile-appointments")
async def make_real(heard: Sequence[Heard[AppointmentBooked]], parts: Parts) -> None:
    events = [one.event for one in heard]
    async with parts.database.applying_together(events, "patient_profile-appointments") as (tx, fresh):
        traces = {
            patient_id: one.trace
            for one in heard
            if one.event.event_id in fresh
            for patient_id in (one.event.appointment.patient_id, one.event.appointment.booked_by)
            if patient_id is not None
        }
        now = parts.clock.now()
        await operations.make_real(tx, events[0].network_id, traces.keys(), now=now, traces=traces)


@readers.of(booking.TaskRaised, durable="patient_profile-booking-tasks")
async def raise_task_of_booking(event: booking.TaskRaised, parts: Parts) -> None:
    async with parts.database.applying(event, "patient_profile-booking-tasks") as tx:
        await operations.raise_task(tx, event)


@readers.of(TaskRaised, durable="patient_profile-tasks")
async def raise_task(event: TaskRaised, parts: Parts) -> None:
    async with parts.database.applying(event, "patient_profile-tasks") as tx:
        await operations.raise_task(tx, event)

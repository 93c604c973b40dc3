"""What patient-profile is asked: cards in batches, one profile, who somebody may be, alerts, the queue of tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.caller import Caller
from common.contracts.patient_profile import (
    AlertFlags,
    Candidate,
    Candidates,
    Card,
    Cards,
    FindPatients,
    GetAlerts,
    GetCards,
    ListTasks,
    Profile,
    Task,
    Tasks,
)
from common.errors import Refused, UnknownThing
from common.sealed import Sealer
from common.statements import Statements
from patient_profile.rules import access, names, phones, tasks
from patient_profile.tables import people, queue, schema

MOST_CANDIDATES = 50


class NothingToSearch(Refused):
    """Neither a phone nor a name was given."""

    code = "nothing-to-search"


async def cards(statements: Statements, query: GetCards, caller: Caller, sealer: Sealer) -> Cards:
    """Cards of several patients; a patient gets their own alone. Services that ask by themselves see tags too."""
    wanted = access.visible_cards(caller, query.patient_ids)
    rows = await people.patients_at_once(statements, caller.network_id, wanted)
    made = _tagged_card if caller.actor.startswith("system:") else _card
    return Cards(cards={row.patient_id: made(row, sealer) for row in rows})


async def profile(tx: AsyncConnection, network_id: str, patient_id: UUID, sealer: Sealer) -> Profile:
    """The whole card. Raises `unknown-patient`."""
    row = await people.patient(tx, network_id, patient_id)
    if row is None:
        raise UnknownThing("patient", patient_id)
    seal = sealer.opened(row.wrapped, patient_id)
    patient = people.patient_of(row, seal)
    return Profile(
        card=patient.card,
        alerts=list(patient.alerts),
        notes=await people.notes_of(tx, network_id, patient_id, seal),
        tags=list(patient.tags),
        created_at=row.created_at,
    )


async def find(tx: AsyncConnection, query: FindPatients, caller: Caller, sealer: Sealer) -> Candidates:
    """Everyone with the phone, then everyone with all words of the name; provisional patients are nobody yet."""
    if query.phone is None and query.name is None:
        raise NothingToSearch("Search by phone or by name")
    found: dict[UUID, Candidate] = {}
    if query.phone is not None:
        phone = phones.parse(query.phone, query.country).phone
        rows = await people.patients_by_phone(tx, caller.network_id, sealer.index(caller.network_id, phone))
        found |= {row.patient_id: _candidate(row, sealer, "phone") for row in rows if not row.provisional}
    if query.name is not None:
        indexes = people.word_indexes(names.cleaned(query.name), caller.network_id, sealer)
        rows = await people.patients_by_words(tx, caller.network_id, indexes, limit=MOST_CANDIDATES)
        for row in rows:
            found.setdefault(row.patient_id, _candidate(row, sealer, "name"))
    return Candidates(candidates=list(found.values()))


async def alerts(tx: AsyncConnection, query: GetAlerts, caller: Caller, sealer: Sealer) -> AlertFlags:
    """The day board's flags."""
    rows = await people.patients_by_id(tx, caller.network_id, query.patient_ids)
    return AlertFlags(
        alerts={
            row.patient_id: people.alerts_of(row, sealer.opened(row.wrapped, row.patient_id)) for row in rows
        }
    )


def _card(row: Any, sealer: Sealer) -> Card:
    return people.card_of(row, sealer.opened(row.wrapped, row.patient_id))


def _tagged_card(row: Any, sealer: Sealer) -> Card:
    patient = people.patient_of(row, sealer.opened(row.wrapped, row.patient_id))
    return patient.card.model_copy(update={"tags": list(patient.tags)})


def _candidate(row: Any, sealer: Sealer, matched_by: Literal["phone", "name"]) -> Candidate:
    seal = sealer.opened(row.wrapped, row.patient_id)
    return Candidate(
        card=people.card_of(row, seal), matched_by=matched_by, alerts=people.alerts_of(row, seal)
    )


async def due(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], *, now: datetime
) -> list[UUID]:
    """Which of the claimed provisional patients are still due to be swept."""
    return await people.due_patients(tx, network_id, patient_ids, now=now)


async def list_tasks(tx: AsyncConnection, query: ListTasks, caller: Caller, sealer: Sealer) -> Tasks:
    """One page of the queue, by due time; someone bound to branches sees theirs and those of no branch."""
    column = schema.tasks.c
    wanted = [column.network_id == caller.network_id]
    wanted.append(column.status == query.status if query.status else column.status != "done")
    if query.branch_id is not None:
        wanted.append(column.branch_id == query.branch_id)
    if query.patient_id is not None:
        wanted.append(column.patient_id == query.patient_id)
    if query.patient_ids is not None:
        wanted.append(column.patient_id.in_(query.patient_ids))
    branches = access.visible_branches(caller)
    if branches is not None:
        wanted.append(sa.or_(column.branch_id.is_(None), column.branch_id.in_(branches)))
    after = tasks.position(query.cursor)
    if after is not None:
        wanted.append(sa.tuple_(column.due_at, column.task_id) > after)
    rows = await tx.execute(
        sa.select(schema.tasks).where(*wanted).order_by(column.due_at, column.task_id).limit(query.limit + 1)
    )
    page = [queue.task_of(row, sealer) for row in rows]
    more = len(page) > query.limit
    return Tasks(
        tasks=page[: query.limit], next_cursor=tasks.cursor_after(page[query.limit - 1]) if more else None
    )


async def task(tx: AsyncConnection, network_id: str, task_id: UUID, sealer: Sealer) -> Task:
    """One task as it stands. Raises `unknown-task`."""
    found = await queue.lock_task(tx, network_id, task_id, sealer)
    if found is None:
        raise UnknownThing("task", task_id)
    return found

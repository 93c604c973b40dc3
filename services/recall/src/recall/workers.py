"""Due invitations: asked about at booking, then sent on their way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from common.caller import Caller, system
from common.contracts.booking import AppointmentsOfPatient, AppointmentState
from common.due import DueLoop, DueTable
from recall import operations, queries
from recall.handlers import Parts

AT_ONCE = 16
"""Questions to booking at the same time."""


def inviting(parts: Parts) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    """The work of the loop: what booking has meanwhile is asked for before the transaction."""

    async def invite(network_id: str, ids: Sequence[UUID]) -> None:
        now = parts.clock.now()
        async with parts.database.transaction(network_id) as tx:
            due = await queries.due_recalls(tx, network_id, ids, now=now)
        limit = asyncio.Semaphore(AT_ONCE)
        caller = system("recall", network_id)
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_appointments(parts, caller, one.patient_id, limit)) for one in due]
        async with parts.database.transaction(network_id) as tx:
            booked = {
                recall.outreach_id
                for recall, answer in zip(due, asked, strict=True)
                if await queries.has_one_coming(tx, network_id, recall.service_kind, answer.result(), now=now)
            }
            await operations.invite(tx, network_id, ids, booked, now=now)

    return invite


async def _appointments(
    parts: Parts, caller: Caller, patient_id: UUID, limit: asyncio.Semaphore
) -> list[AppointmentState]:
    async with limit:
        found = await parts.asks.ask(AppointmentsOfPatient(patient_ids=[patient_id]), caller=caller)
    return [record.appointment for record in found.appointments]


def loops(parts: Parts) -> list[DueLoop]:
    """Everything that claims due rows here."""
    table = DueTable("recalls", "outreach_id")
    # An invitation is due months after the commit that plans it.
    return [DueLoop("invite", table, parts.database, parts.clock, inviting(parts), follows_commits=False)]

"""Provisional patients whose day is over: asked about at booking, then made real or forgotten."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from common.caller import system
from common.contracts.booking import AppointmentsOfPatient
from common.due import DueLoop, DueTable
from patient_profile import operations, queries
from patient_profile.handlers import Parts

BATCH = 100
"""As many as booking answers about in one question."""


def sweeping(parts: Parts) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    """The work of the loop. Booking itself is asked, so that a lagging bus cannot sweep a booked patient."""

    async def sweep(network_id: str, ids: Sequence[UUID]) -> None:
        now = parts.clock.now()
        async with parts.database.transaction(network_id) as tx:
            due = await queries.due(tx, network_id, ids, now=now)
        if not due:
            return
        caller = system("patient_profile", network_id)
        found = await parts.asks.ask(AppointmentsOfPatient(patient_ids=due), caller=caller)
        appointments = [record.appointment for record in found.appointments]
        async with parts.database.transaction(network_id) as tx:
            await operations.sweep(tx, network_id, due, appointments, now=now)

    return sweep


def loops(parts: Parts) -> list[DueLoop]:
    """Everything that claims due rows here."""
    return [
        DueLoop(
            "sweep-provisional",
            DueTable("patients", "patient_id"),
            parts.database,
            parts.clock,
            sweeping(parts),
            batch=BATCH,
            follows_commits=False,
        )
    ]

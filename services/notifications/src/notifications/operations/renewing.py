"""Chains that a changed policy asks to be made anew, a batch of visits at a time."""

from collections.abc import Sequence
from uuid import UUID

from common.contracts.booking import GetAppointments
from common.contracts.patient_profile import GetCards
from notifications.operations import asking, planning
from notifications.operations.parts import Parts, ourselves
from notifications.tables import appointments


async def make_chains_anew(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """One transaction for each visit. Raises `Unavailable` where an owner does not answer: then later."""
    caller = ourselves(network_id)
    found = await parts.asks.ask(GetAppointments(appointment_ids=list(ids)), caller=caller)
    states = [record.appointment for record in found.appointments]
    patients = list({state.patient_id for state in states})
    cards = (await parts.asks.ask(GetCards(patient_ids=patients), caller=caller)).cards if patients else {}
    for state in states:
        reach = asking.reached(parts, network_id, cards.get(state.patient_id))
        async with parts.database.transaction(network_id) as tx:
            await planning.make_anew(tx, network_id, state, reach, now=parts.clock.now())
            await appointments.made_anew(tx, network_id, [state.appointment_id])
    gone = set(ids) - {state.appointment_id for state in states}
    if gone:
        async with parts.database.transaction(network_id) as tx:
            await appointments.made_anew(tx, network_id, list(gone))
    parts.wakes.sending()

"""What would be decided about messages that nobody has ordered: the same facts, the same function, nothing written."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from common import directory
from common.contracts.notifications import SimulatedMessage, SimulateMessages, Simulation
from common.errors import UnknownThing
from common.ids import new_id
from notifications.operations import asking, deciding, verdicts
from notifications.operations.asking import Answers
from notifications.operations.deciding import Surroundings
from notifications.operations.estimating import costs
from notifications.operations.parts import Parts
from notifications.rules.values import Verdict
from notifications.tables.messages import Message
from notifications.templates import texts


async def simulate(parts: Parts, query: SimulateMessages, network_id: str) -> Simulation:
    """Decide for each patient and instant. Owners are asked once for all; one that is away raises `Unavailable`."""
    if query.template not in texts("en").lines:
        raise UnknownThing("template", query.template)
    drafts = [_draft(query, network_id, patient_id) for patient_id in query.patient_ids]
    async with parts.database.reading(network_id) as tx:
        branches = await directory.branches(tx, network_id, [query.branch_id])
        if not branches:
            raise UnknownThing("branch", query.branch_id)
        around = await deciding.surroundings(tx, network_id, drafts)
    questions = {one.message_id: deciding.question(one, around, parts.offered(network_id)) for one in drafts}
    said = await asking.ask(parts, network_id, drafts, questions)
    return Simulation(
        messages=[
            _simulated(parts, _due(draft, at, query.useful_for_hours), around, said)
            for draft in drafts
            for at in query.instants
        ]
    )


def _draft(query: SimulateMessages, network_id: str, patient_id: UUID) -> Message:
    """A message that is never stored."""
    first = min(query.instants)
    return Message(
        network_id=network_id, message_id=new_id(), version=0, patient_id=patient_id, origin="outreach",
        origin_id=new_id(), appointment_id=None, branch_id=query.branch_id,
        practitioner_id=query.practitioner_id, service_id=query.service_id, step=query.template,
        template=query.template, parts=[query.template], message_class=query.message_class, asks=False,
        orientation=False, only_channel=None, locale=None, zone="", provisional=False, starts_at=None,
        asked_at=first, target_at=first, earliest_at=first, latest_at=first, budget_seconds=0, due_at=None,
        outcome="planned", reason=None, paused=False, verdict="", text=None, data={}, traceparent=None,
        created_at=first, sent_at=None,
    )  # fmt: skip


def _due(draft: Message, at: datetime, hours: int) -> Message:
    return replace(draft, asked_at=at, target_at=at, earliest_at=at, latest_at=at + timedelta(hours=hours))


def _simulated(parts: Parts, due: Message, around: Surroundings, said: Answers) -> SimulatedMessage:
    now = due.target_at
    prices = costs(parts, due, around, said, now=now)
    verdict = deciding.verdict(due, [], around, said, parts.offered(due.network_id), now=now, costs=prices)
    return _told(due, verdict, prices.get(verdict.channel) if verdict.channel else None)


def _told(message: Message, verdict: Verdict, cost: int | None) -> SimulatedMessage:
    return SimulatedMessage(
        patient_id=message.patient_id, at=message.target_at, verdict=verdict.action, channel=verdict.channel,
        send_at=verdict.send_at, reason=verdict.because, policy_version=verdict.policy_version, cost=cost,
        reasons=verdicts.told(verdict),
    )  # fmt: skip

"""What recall can be asked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.caller import Caller
from common.contracts.booking import AppointmentState
from common.contracts.directory import Service
from common.contracts.recall import OutreachValues, PlannedRecall, PlannedRecalls, RecallRules
from common.errors import NotAllowed, UnknownThing
from recall import rules, tables


async def list_rules(tx: AsyncConnection, caller: Caller) -> RecallRules:
    """All rules of the network."""
    _staff_only(caller)
    found = await tables.all_rules(tx, caller.network_id)
    return RecallRules(
        rules=[rule for rule, _ in found], versions={str(rule.rule_id): version for rule, version in found}
    )


async def recalls_of(tx: AsyncConnection, patient_ids: Sequence[UUID], caller: Caller) -> PlannedRecalls:
    """Planned and past invitations of one patient, by due time."""
    _staff_only(caller)
    names = {rule.rule_id: rule.name for rule, _ in await tables.all_rules(tx, caller.network_id)}
    found = await tables.recalls_of(tx, caller.network_id, patient_ids)
    return PlannedRecalls(
        recalls=[
            PlannedRecall(
                outreach_id=recall.outreach_id,
                rule_id=recall.rule_id,
                rule_name=names[recall.rule_id],
                patient_id=recall.patient_id,
                service_kind=recall.service_kind,
                service_id=recall.service_id,
                branch_id=recall.branch_id,
                due_at=recall.due_at or recall.invited_at or recall.planned_for,
                state=recall.state,
                reason=recall.reason,
                last_visit_at=recall.last_visit_at,
            )
            for recall in found
        ]
    )


async def describe(tx: AsyncConnection, outreach_id: UUID, caller: Caller) -> OutreachValues:
    """What is said beside the clinic and the service: of an invitation, which is all that there is so far, nothing."""
    _staff_only(caller)
    if not await tables.is_planned(tx, caller.network_id, outreach_id):
        raise UnknownThing("outreach", outreach_id)
    return OutreachValues()


async def due_recalls(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], *, now: datetime
) -> list[rules.Recall]:
    """Those of `ids` that are due at this moment."""
    return await tables.due_recalls(tx, network_id, ids, now, lock=False)


async def has_one_coming(
    tx: AsyncConnection,
    network_id: str,
    kind: str,
    appointments: Sequence[AppointmentState],
    *,
    now: datetime,
) -> bool:
    """Whether one of these is a future appointment of this kind."""
    coming = [one for one in appointments if one.status in rules.OPEN and one.starts_at > now]
    services = await directory.things(tx, network_id, Service, [str(one.service_id) for one in coming])
    return any(
        (service := services.get(str(one.service_id))) is not None and service.kind == kind for one in coming
    )


def _staff_only(caller: Caller) -> None:
    if caller.is_patient:
        raise NotAllowed("Recalls are shown to staff")

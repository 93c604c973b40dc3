"""Permissions to contact, and rules of recall."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import Field, StringConstraints

from common.contracts.consents import PermissionsOf, WithdrawPermission
from common.contracts.recall import Interval, ListRecallRules, PutRecallRule, RecallRule
from gateway.routes.access import AuditedRoute, Input, answer, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
ConsentReader = Annotated[Desk, Depends(desk_for("consents.read"))]
ConsentWriter = Annotated[Desk, Depends(desk_with_key("consents.write"))]
RecallReader = Annotated[Desk, Depends(desk_for("recall.read"))]
RecallWriter = Annotated[Desk, Depends(desk_with_key("recall.write"))]


@router.get("/api/v1/consents")
async def consents(desk: ConsentReader, patient_id: UUID) -> Response:
    """What a patient agreed to, refused and withdrew."""
    desk.about(patient_id=patient_id)
    await own_patient(desk, patient_id)
    return await desk.pass_on(PermissionsOf(patient_ids=[patient_id]))


@router.post("/api/v1/consents/{permission_id}/withdraw")
async def withdraw(permission_id: UUID, desk: ConsentWriter) -> Response:
    """As easy as giving; withdrawing twice answers the same."""
    desk.about(permission_id=permission_id)
    return answer(await desk.tell(WithdrawPermission(permission_id=permission_id, how="desk")))


class IntervalInput(Input):
    """Months first (clamped to the month's end), then days: 5.5 months is 6 months − 15 days."""

    months: int = Field(default=0, ge=0, le=120)
    days: int = Field(default=0, ge=-365, le=3650)


class RuleInput(Input):
    """After the last visit of a service of this kind, invite at `after`. With `rule_id` it replaces that rule."""

    rule_id: UUID | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    service_kind: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    after: IntervalInput
    template: Annotated[str, StringConstraints(min_length=1, max_length=60)] = "recall"
    active: bool = True
    if_version: int | None = None


@router.get("/api/v1/recall-rules")
async def rules(desk: RecallReader) -> Response:
    """The network's rules, with versions."""
    return await desk.pass_on(ListRecallRules())


@router.post("/api/v1/recall-rules", status_code=201)
async def put_rule(body: RuleInput, desk: RecallWriter) -> Response:
    """Create or replace a rule; what is already planned stays."""
    ids = await desk.ids()
    rule = RecallRule(
        rule_id=body.rule_id or ids.id("rule"),
        name=body.name,
        service_kind=body.service_kind,
        after=Interval(months=body.after.months, days=body.after.days),
        template=body.template,
        active=body.active,
    )
    desk.about(rule_id=rule.rule_id)
    done = await desk.tell(PutRecallRule(rule=rule, if_version=body.if_version))
    return json_answer(orjson.dumps({"rule_id": str(rule.rule_id), "version": done.version}), 201)

"""Permissions to contact, and rules of recall."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StringConstraints

from common.contracts.consents import PermissionsOf, WithdrawPermission
from common.contracts.recall import Interval, ListRecallRules, PutRecallRule, RecallRule
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    json_answer,
    may,
    minted,
)
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
ConsentReader = Annotated[Principal, Depends(may("consents.read"))]
ConsentWriter = Annotated[Principal, Depends(may("consents.write"))]
RecallReader = Annotated[Principal, Depends(may("recall.read"))]
RecallWriter = Annotated[Principal, Depends(may("recall.write"))]


@router.get("/api/v1/consents")
async def consents(
    request: Request, parts: PartsHere, principal: ConsentReader, patient_id: UUID
) -> Response:
    """What a patient agreed to, refused and withdrew."""
    about(request, patient_id=patient_id)
    await own_patient(parts, principal, patient_id)
    question = PermissionsOf(patient_ids=[patient_id])
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.post("/api/v1/consents/{permission_id}/withdraw")
async def withdraw(
    permission_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: ConsentWriter,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """As easy as giving; withdrawing twice answers the same."""
    about(request, permission_id=permission_id)
    ids = await minted(request, principal, idempotency_key)
    command = WithdrawPermission(command_id=ids.id("withdraw"), permission_id=permission_id, how="desk")
    return answer(await carry_out(parts, command, principal.caller))


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
async def rules(parts: PartsHere, principal: RecallReader) -> Response:
    """The network's rules, with versions."""
    return json_answer(await parts.asks.ask_bytes(ListRecallRules(), caller=principal.caller))


@router.post("/api/v1/recall-rules", status_code=201)
async def put_rule(
    body: RuleInput,
    request: Request,
    parts: PartsHere,
    principal: RecallWriter,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Create or replace a rule; what is already planned stays."""
    ids = await minted(request, principal, idempotency_key)
    rule = RecallRule(
        rule_id=body.rule_id or ids.id("rule"),
        name=body.name,
        service_kind=body.service_kind,
        after=Interval(months=body.after.months, days=body.after.days),
        template=body.template,
        active=body.active,
    )
    about(request, rule_id=rule.rule_id)
    command = PutRecallRule(command_id=ids.id("put"), rule=rule, if_version=body.if_version)
    done = await carry_out(parts, command, principal.caller)
    return json_answer(orjson.dumps({"rule_id": str(rule.rule_id), "version": done.version}), 201)

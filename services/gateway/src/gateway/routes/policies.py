"""When and how a network, or one of its branches, wants its patients written to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.contracts.notifications import (
    DescribePolicies,
    Policies,
    Policy,
    PolicySaved,
    PutPolicy,
    Rehearsal,
    RehearseVisit,
)
from common.contracts.patient_profile import Channel
from gateway.routes.access import AuditedRoute, Input, answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.instants import Instant

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("messages.read"))]
Writer = Annotated[Desk, Depends(desk_with_key("policies.write"))]


class PolicyInput(Input):
    """The whole policy of the network, or (`branch_id`) of one branch. With `replan`, chains that are planned already
    are made anew; else they stay as they are."""

    branch_id: UUID | None = None
    policy: Policy
    if_version: int | None = None
    replan: bool = False


class RehearsalInput(Input):
    """A visit that nobody has booked, and, where given, the policy to suppose for the network (or the branch)."""

    branch_id: UUID
    starts_at: Instant
    service_kind: str | None = None
    channel: Channel | None = None
    policy: Policy | None = None
    of_branch: bool = False


@router.get("/api/v1/policies", response_model=Policies)
async def described(desk: Reader) -> Response:
    """The country's pack with its sources, the preset chain, and what the network and its branches add."""
    return await desk.pass_on(DescribePolicies())


@router.put("/api/v1/policies", response_model=PolicySaved)
async def put(body: PolicyInput, desk: Writer) -> Response:
    """The next version; verdicts quote it from now on. Refused: `malformed-policy`, saying where and why."""
    desk.about(branch_id=body.branch_id, replan=body.replan)
    return answer(await desk.tell(PutPolicy(**body.model_dump())))


@router.post("/api/v1/policies/rehearsal", response_model=Rehearsal)
async def rehearsal(body: RehearsalInput, desk: Reader) -> Response:
    """When the messages of such a visit would go out, and why; nothing is written."""
    return await desk.pass_on(RehearseVisit(**body.model_dump()))

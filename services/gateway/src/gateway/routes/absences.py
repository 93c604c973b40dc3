"""Somebody is away: first what it would mean, then what becomes of each patient."""

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, model_validator

from common.contracts.booking import (
    AbsenceChoice,
    AbsenceRange,
    AbsenceReason,
    AbsenceSaved,
    DescribeAbsence,
    EndAbsence,
    ListAbsences,
    PutAbsence,
)
from gateway.routes.access import AuditedRoute, Input, answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.instants import Instant

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("board.read"))]
Changer = Annotated[Desk, Depends(desk_with_key("absences.write"))]


class ChoiceInput(Input):
    """What becomes of one appointment; `practitioner_id` is the colleague to reassign it to."""

    appointment_id: UUID
    choice: Literal["message", "call", "reassign"]
    practitioner_id: UUID | None = None


class AbsenceInput(Input):
    """A practitioner is away, or a branch is closed. `otherwise` is for appointments without a choice."""

    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    starts_at: Instant
    ends_at: Instant
    reason: AbsenceReason = "other"
    choices: list[ChoiceInput] = Field(default_factory=list, max_length=300)
    otherwise: Literal["message", "call"] = "call"
    answer_hours: int = Field(default=24, ge=1, le=14 * 24)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.range()
        return self

    def range(self) -> AbsenceRange:
        return AbsenceRange(
            practitioner_id=self.practitioner_id,
            branch_id=self.branch_id,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


@router.post("/api/v1/absences", status_code=201)
async def put(body: AbsenceInput, desk: Changer, dry_run: Annotated[bool, Query()] = False) -> Response:
    """Take the time out of the schedule. With `dry_run=true` only say whom it would meet: 200, nothing changes."""
    desk.about(practitioner_id=body.practitioner_id, branch_id=body.branch_id)
    if dry_run:
        plan = await desk.ask(DescribeAbsence(range=body.range()), desk.parts.command_seconds)
        return answer(plan)
    ids = await desk.ids()
    command = PutAbsence(
        absence_id=ids.id("absence"),
        range=body.range(),
        reason=body.reason,
        choices=[AbsenceChoice(**one.model_dump()) for one in body.choices],
        otherwise=body.otherwise,
        answer_hours=body.answer_hours,
    )
    desk.about(absence_id=command.absence_id)
    saved = await desk.tell(command)
    return answer(saved if desk.sees_money else _without_deposits(saved), 201)


def _without_deposits(saved: AbsenceSaved) -> AbsenceSaved:
    """For those who may not see money."""
    displacements = [
        one.model_copy(update={"record": one.record.model_copy(update={"deposit": None})})
        for one in saved.displacements
    ]
    return saved.model_copy(update={"displacements": displacements})


@router.get("/api/v1/absences")
async def listed(desk: Reader, branch_id: UUID | None = None) -> Response:
    """Who is away now or later: everywhere, or of one branch and those who work there."""
    desk.about(branch_id=branch_id or "all")
    return await desk.pass_on(ListAbsences(branch_id=branch_id))


@router.post("/api/v1/absences/{absence_id}/end")
async def end(absence_id: UUID, desk: Changer) -> Response:
    """It was a mistake, or somebody is back early: the time can be booked again."""
    desk.about(absence_id=absence_id)
    return answer(await desk.tell(EndAbsence(absence_id=absence_id)))

"""How a network words its messages: drafts, previews, versions; and the forms of names that they need."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from common.contracts.directory import Locale, Texts
from common.contracts.notifications import (
    GetTemplate,
    ListTemplates,
    NameShape,
    PreviewTemplate,
    ProposeNameForms,
    PublishTemplate,
    PutTemplateDraft,
    TemplateBody,
    TemplateText,
    Waiver,
)
from common.contracts.patient_profile import Channel
from gateway.routes.access import AuditedRoute, Input, answer
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Wording = Annotated[Desk, Depends(desk_with_key("templates.write"))]
Reader = Annotated[Desk, Depends(desk_for("templates.write"))]
Directing = Annotated[Desk, Depends(desk_for("directory.write"))]
Name = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,40}$")]
AtBranch = Annotated[UUID | None, Query(description="A branch's own wording; without it the network's.")]


class DraftInput(Input):
    """`if_version` is the `draft_version` that somebody was looking at."""

    body: TemplateBody
    if_version: int | None = None


class PreviewInput(Input):
    """Without `text` the wording in force is shown."""

    locale: Locale
    shape: NameShape = "full"
    channel: Channel = "whatsapp"
    text: TemplateText | None = None


class PublishInput(Input):
    """The draft, or with `number` an older version anew. A waiver names who answers for a kind of finding, and why."""

    number: int | None = Field(default=None, ge=1)
    waivers: list[Waiver] = Field(default_factory=list, max_length=20)


class NamesInput(Input):
    """Locale -> name as it is shown, and the speciality."""

    display: Texts
    speciality: Texts = Field(default_factory=dict)


@router.get("/api/v1/templates")
async def templates(desk: Reader, branch_id: AtBranch = None) -> Response:
    """Every message that can be worded, with the version in force."""
    return await desk.pass_on(ListTemplates(branch_id=branch_id))


@router.get("/api/v1/templates/{name}")
async def template(name: Name, desk: Reader, branch_id: AtBranch = None) -> Response:
    """The built-in texts, the draft with what stands in its way, and every version."""
    return await desk.pass_on(GetTemplate(name=name, branch_id=branch_id))


@router.put("/api/v1/templates/{name}/draft")
async def put_draft(name: Name, body: DraftInput, desk: Wording, branch_id: AtBranch = None) -> Response:
    """Write the draft; the answer says what would stand in the way of publishing it."""
    desk.about(template=name, branch_id=branch_id)
    command = PutTemplateDraft(
        name=name, branch_id=branch_id, body=body.body, if_version=body.if_version
    )  # fmt: skip
    return answer(await desk.tell(command))


@router.post("/api/v1/templates/{name}/preview")
async def preview(name: Name, body: PreviewInput, desk: Reader, branch_id: AtBranch = None) -> Response:
    """By sample facts: what a reader would get, and what an SMS of it costs."""
    return await desk.pass_on(PreviewTemplate(name=name, branch_id=branch_id, **body.model_dump()))


@router.post("/api/v1/templates/{name}/publish", status_code=201)
async def publish(name: Name, body: PublishInput, desk: Wording, branch_id: AtBranch = None) -> Response:
    """Into force, unless the checks find what nobody answers for: 422 `template-refused` with `findings`."""
    desk.about(template=name, branch_id=branch_id)
    return answer(
        await desk.tell(
            PublishTemplate(name=name, branch_id=branch_id, number=body.number, waivers=body.waivers)
        ),
        201,
    )


@router.post("/api/v1/directory/name-forms")
async def name_forms(body: NamesInput, desk: Directing) -> Response:
    """A proposal for the cases that texts need; a person looks at it before it is stored."""
    return await desk.pass_on(ProposeNameForms(display=body.display, speciality=body.speciality))

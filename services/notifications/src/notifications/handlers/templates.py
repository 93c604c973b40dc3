"""A network's own wordings, and the forms of names that they need."""

from common.caller import Caller
from common.contracts.notifications import (
    GetTemplate,
    ListTemplates,
    PreviewTemplate,
    ProposedNameForms,
    ProposeNameForms,
    PublishTemplate,
    PutTemplateDraft,
    TemplateDrafted,
    TemplatePreview,
    TemplatePublished,
    Templates,
    TemplateView,
)
from common.errors import NotAllowed
from notifications.handlers.registry import answers
from notifications.operations.parts import Parts
from notifications.operations.wordings import publishing, viewing
from notifications.rules.names import proposed

MAY_WORD = frozenset({"manager", "admin", "system"})


@answers.to(ListTemplates)
async def list_templates(query: ListTemplates, caller: Caller, parts: Parts) -> Templates:
    async with parts.database.reading(caller.network_id) as tx:
        return await viewing.listed(tx, query, caller.network_id)


@answers.to(GetTemplate)
async def template(query: GetTemplate, caller: Caller, parts: Parts) -> TemplateView:
    async with parts.database.reading(caller.network_id) as tx:
        return await viewing.view(tx, query, caller.network_id)


@answers.to(PreviewTemplate)
async def preview(query: PreviewTemplate, caller: Caller, parts: Parts) -> TemplatePreview:
    async with parts.database.reading(caller.network_id) as tx:
        return await viewing.preview(tx, query, caller.network_id)


@answers.to(PutTemplateDraft)
async def put_draft(command: PutTemplateDraft, caller: Caller, parts: Parts) -> TemplateDrafted:
    _may_word(caller)
    return await parts.carry_out(publishing.put_draft, command, caller)


@answers.to(PublishTemplate)
async def publish(command: PublishTemplate, caller: Caller, parts: Parts) -> TemplatePublished:
    _may_word(caller)
    return await parts.carry_out(publishing.publish, command, caller)


def _may_word(caller: Caller) -> None:
    if not MAY_WORD.intersection(caller.roles):
        raise NotAllowed("Only a manager may change what is written to patients")


@answers.to(ProposeNameForms)
async def propose(query: ProposeNameForms, _caller: Caller, _parts: Parts) -> ProposedNameForms:
    return proposed(query.display, query.speciality)

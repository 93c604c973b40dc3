"""What there is to word, how it is worded now, and how it would look."""

from typing import get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.directory import Locale
from common.contracts.messages import Money
from common.contracts.notifications import (
    GetTemplate,
    ListTemplates,
    PreviewTemplate,
    TemplatePreview,
    Templates,
    TemplateSummary,
    TemplateText,
    TemplateView,
)
from common.errors import Refused
from notifications.operations.wordings import publishing
from notifications.operations.wordings.in_force import in_force
from notifications.operations.wordings.showing import Shown, shown
from notifications.rules.texts import PLACEHOLDERS, Texts
from notifications.rules.texts.icu import BrokenPatternError
from notifications.tables import wordings as rows
from notifications.templates import texts
from notifications.templates.checks import rulebook
from notifications.templates.samples import BRANCH

LOCALES: tuple[Locale, ...] = get_args(Locale)


async def listed(tx: AsyncConnection, query: ListTemplates, network_id: str) -> Templates:
    """Every template that can be worded."""
    scope = rows.NETWORK if query.branch_id is None else str(query.branch_id)
    standing = {one.name: one.version for one in await rows.in_force(tx, network_id) if one.scope == scope}
    waiting = await rows.drafted(tx, network_id, scope)
    return Templates(
        templates=[
            TemplateSummary(
                name=name, message_class=contract.message_class, has_draft=name in waiting,
                number=standing[name].number if name in standing else None,
                worded=list(standing[name].body.texts) if name in standing else [],
            )
            for name, contract in sorted(rulebook().contracts.items())
        ]
    )  # fmt: skip


async def view(tx: AsyncConnection, query: GetTemplate, network_id: str) -> TemplateView:
    """Everything about one template."""
    scope = await publishing.scope_of(tx, network_id, query.name, query.branch_id)
    contract = rulebook().contracts[query.name]
    draft = await rows.draft_of(tx, network_id, query.name, scope)
    found = (
        await publishing.findings(tx, network_id, query.name, query.branch_id, draft.body) if draft else []
    )
    return TemplateView(
        name=query.name,
        message_class=contract.message_class,
        says=list(contract.says),
        placeholders=sorted(PLACEHOLDERS),
        built_in={locale: _built_in(locale, query.name) for locale in LOCALES},
        draft=draft.body if draft else None,
        draft_version=draft.version if draft else 0,
        findings=publishing.told(found),
        versions=list(await rows.versions_of(tx, network_id, query.name, scope)),
    )


def _built_in(locale: Locale, name: str) -> TemplateText:
    own = texts(locale)
    return TemplateText(lines=list(own.lines[name]), sms=list(own.sms.get(name, ())))


async def preview(tx: AsyncConnection, query: PreviewTemplate, network_id: str) -> TemplatePreview:
    """A sample message of this country; without a text of its own, in the wording that is in force."""
    await publishing.scope_of(tx, network_id, query.name, query.branch_id)
    network = await directory.network(tx, network_id)
    if query.text is not None:
        spoken = texts(query.locale).reworded(
            query.name, tuple(query.text.lines), tuple(query.text.sms), "draft"
        )
    else:
        held = await in_force(tx, network_id)
        spoken = held.texts(query.name, query.locale, query.branch_id or BRANCH)
    try:
        made = shown(spoken, query.name, network.country, shape=query.shape, channel=query.channel)
    except BrokenPatternError as error:
        raise Refused(str(error), code="broken-syntax") from error
    except KeyError as error:
        raise Refused(f"Nothing stands for {error}", code="unknown-placeholder") from error
    return _previewed(spoken, query.name, made)


def _previewed(spoken: Texts, name: str, made: Shown) -> TemplatePreview:
    charge = made.charge
    return TemplatePreview(
        lines=list(made.text.lines),
        buttons=[one.title for one in made.text.buttons],
        version=spoken.versions.get(name, "built-in"),
        alphabet=charge.counted.alphabet if charge else None,
        units=charge.counted.units if charge else None,
        segments=charge.counted.segments if charge else None,
        price=Money(amount=charge.amount, currency=charge.currency)
        if charge and charge.amount is not None and charge.currency
        else None,
    )

"""From a draft to a version in force, past the linter; and back, by publishing an older version anew."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.caller import Caller
from common.contracts.directory import Branch, Locale
from common.contracts.notifications import (
    PublishTemplate,
    PutTemplateDraft,
    TemplateBody,
    TemplateDrafted,
    TemplateFinding,
    TemplatePublished,
    TemplateVersion,
    Waiver,
)
from common.errors import Refused, UnknownThing, VersionConflict
from notifications.operations.wordings.showing import sms_of
from notifications.rules.linter import Draft, Finding, Where, Wording, lint
from notifications.tables import wordings as rows
from notifications.tables.wordings import NETWORK
from notifications.templates.checks import rulebook, tariff


class TemplateRefused(Refused):
    """The linter found what nobody answers for; `extra["findings"]` says each with its place and source."""

    code = "template-refused"


async def put_draft(
    tx: AsyncConnection, command: PutTemplateDraft, caller: Caller, *, now: datetime
) -> TemplateDrafted:
    """Write or replace a draft; it is told at once what would stand in its way."""
    network_id = caller.network_id
    scope = await scope_of(tx, network_id, command.name, command.branch_id)
    await rows.take_turn(tx, network_id, command.name)
    held = await rows.draft_of(tx, network_id, command.name, scope)
    version = held.version if held is not None else 0
    if command.if_version is not None and command.if_version != version:
        raise VersionConflict("The draft was changed meanwhile", version=version)
    draft = rows.Draft(version + 1, command.body)
    await rows.put_draft(tx, network_id, command.name, scope, draft, by=caller.actor, now=now)
    found = await findings(tx, network_id, command.name, command.branch_id, command.body)
    return TemplateDrafted(version=draft.version, findings=told(found))


async def publish(
    tx: AsyncConnection, command: PublishTemplate, caller: Caller, *, now: datetime
) -> TemplatePublished:
    """The draft, or an older version, as the newest one: what was waived then is waived still."""
    network_id = caller.network_id
    scope = await scope_of(tx, network_id, command.name, command.branch_id)
    await rows.take_turn(tx, network_id, command.name)
    versions = await rows.versions_of(tx, network_id, command.name, scope)
    body, before = await _chosen(tx, command, network_id, scope, versions)
    waivers = [*command.waivers, *before]
    found = await findings(tx, network_id, command.name, command.branch_id, body)
    if unanswered := [one for one in found if not _answered(one, waivers)]:
        raise TemplateRefused(
            "It cannot go to patients like this",
            findings=[one.model_dump(mode="json") for one in told(unanswered)],
        )
    number = versions[0].number + 1 if versions else 1
    version = TemplateVersion(
        number=number,
        published_at=now,
        published_by=caller.actor,
        body=body,
        waivers=waivers,
        from_number=command.number,
    )
    await rows.publish(tx, network_id, command.name, scope, version)
    if command.number is None:
        await rows.drop_draft(tx, network_id, command.name, scope)
    return TemplatePublished(number=number)


async def _chosen(
    tx: AsyncConnection,
    command: PublishTemplate,
    network_id: str,
    scope: str,
    versions: Sequence[TemplateVersion],
) -> tuple[TemplateBody, list[Waiver]]:
    if command.number is None:
        draft = await rows.draft_of(tx, network_id, command.name, scope)
        if draft is None:
            raise UnknownThing("draft", command.name)
        return draft.body, []
    older = next((one for one in versions if one.number == command.number), None)
    if older is None:
        raise UnknownThing("version", command.number)
    return older.body, older.waivers


def _answered(finding: Finding, waivers: Sequence[Waiver]) -> bool:
    return finding.waivable and any(one.code == finding.code for one in waivers)


async def scope_of(tx: AsyncConnection, network_id: str, name: str, branch_id: UUID | None) -> str:
    """Where a wording holds. Raises `unknown-template` and `unknown-branch`."""
    if name not in rulebook().contracts:
        raise UnknownThing("template", name)
    if branch_id is None:
        return NETWORK
    if not await directory.branches(tx, network_id, [branch_id]):
        raise UnknownThing("branch", branch_id)
    return str(branch_id)


async def findings(
    tx: AsyncConnection, network_id: str, name: str, branch_id: UUID | None, body: TemplateBody
) -> Sequence[Finding]:
    """What the linter says about a wording, for the country and languages of where it is to be used."""
    where = await _where(tx, network_id, branch_id)
    draft = Draft(
        name,
        {locale: Wording(tuple(one.lines), tuple(one.sms)) for locale, one in body.texts.items()},
        dict(body.fallbacks),
    )
    return lint(
        draft, rulebook(), where, lambda locale, wording: sms_of(name, where.country, locale, wording)
    )


async def _where(tx: AsyncConnection, network_id: str, branch_id: UUID | None) -> Where:
    """Patients may be written to in every language of the network and of the branches that it is for."""
    network = await directory.network(tx, network_id)
    branches = await directory.all_of(tx, network_id, Branch)
    spoken: dict[Locale, None] = dict.fromkeys(network.locales)
    spoken |= dict.fromkeys(one.locale for one in branches if branch_id in {None, one.branch_id})
    return Where(network.country, tuple(spoken), tariff(network.country))


def told(found: Sequence[Finding]) -> list[TemplateFinding]:
    """Findings as they are told."""
    return [
        TemplateFinding(
            code=one.code, locale=one.locale, place=one.place, detail=one.detail, source=one.source,
            waivable=one.waivable,
        )
        for one in found
    ]  # fmt: skip

"""Providers' webhooks: stored raw and sealed first, understood afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.accounts import account_of
from common.contracts.notifications import Ingested, IngestWebhook
from common.errors import Unavailable
from notifications.channels import (
    Hook,
    Status,
    Webhook,
    Written,
    instagram,
    kavenegar,
    line,
    returned,
    sms,
    telegram,
    whatsapp,
)
from notifications.operations import handles, taking
from notifications.operations.conversations import saying
from notifications.operations.parts import Parts
from notifications.operations.replies import hearing
from notifications.operations.statuses import apply_statuses
from notifications.tables.schema import webhooks

MOST_TRIES = 5
"""A webhook that fails as often as this is left as it is, for a person to look at."""

HOOKS: Mapping[str, Hook] = {
    "email": returned.webhook,
    "instagram": instagram.webhook,
    "kavenegar": kavenegar.webhook,
    "line": line.webhook,
    "sms": sms.webhook,
    "telegram": telegram.webhook,
    "whatsapp": whatsapp.webhook,
}
"""How the webhooks of each provider are read."""

FOREIGN = Counter(
    "vinculo_webhooks_foreign_total",
    "States and replies that came to another network's account.",
    ["provider"],
)

_FAILED = sa.text(
    "UPDATE webhooks SET tries = tries + 1, due_at = CASE WHEN tries + 1 >= :most THEN NULL ELSE due_at END"
    " WHERE network_id = :network AND webhook_id = :id"
)


async def ingest(parts: Parts, command: IngestWebhook, network_id: str, *, now: datetime) -> Ingested:
    """Store it; whoever delivered it may forget it then. The same one again changes nothing."""

    async def store(tx: AsyncConnection) -> Ingested:
        await tx.execute(
            sa.insert(webhooks),
            {
                "network_id": network_id, "webhook_id": command.command_id, "provider": command.provider,
                "content_type": command.content_type, "query": command.query,
                "body": parts.sealer.service.close(command.body, about="webhooks.body"),
                "traceparent": telemetry.traceparent(), "received_at": now, "due_at": now,
            },
        )  # fmt: skip
        return Ingested(fresh=True)

    async def known(_: AsyncConnection) -> Ingested:
        return Ingested(fresh=False)

    answer = await parts.database.once(command, network_id, store, again=known)
    parts.wakes.webhooks()
    return answer


@dataclass(frozen=True)
class _Raw:
    webhook_id: UUID
    provider: str
    query: dict[str, str]
    body: str
    traceparent: str | None


async def work_off(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """Apply what these webhooks tell: states together, replies one by one. Raises `Unavailable` to be tried again."""
    async with parts.database.transaction(network_id) as tx:
        raws = await _read(tx, parts, network_id, ids)
    statuses: list[Status] = []
    written: list[tuple[_Raw, Written]] = []
    for raw in raws:
        told, heard = _own(parts, network_id, raw)
        statuses += told
        written += [(raw, one) for one in heard]
    now = parts.clock.now()
    waiting = {raw.webhook_id for raw, _ in written}
    async with parts.database.transaction(network_id) as tx:
        if statuses:
            await apply_statuses(tx, network_id, statuses, now=now)
            await saying.apply_statuses(tx, parts, network_id, statuses, now=now)
        await _done(tx, network_id, [raw.webhook_id for raw in raws if raw.webhook_id not in waiting])
    blocked: Unavailable | None = None
    for raw in raws:
        own = [one for each, one in written if each is raw]
        if not own:
            continue
        try:
            with telemetry.span("reply", parent=raw.traceparent):
                for one in own:
                    await _hear(parts, network_id, one, now)
        except Unavailable as error:
            blocked = error
            continue
        except Exception as error:  # noqa: BLE001 - one bad reply must not stop the ones after it
            telemetry.log().error("reply failed", error=telemetry.where(error))
            async with parts.database.transaction(network_id) as tx:
                await tx.execute(_FAILED, {"network": network_id, "id": raw.webhook_id, "most": MOST_TRIES})
            continue
        async with parts.database.transaction(network_id) as tx:
            await _done(tx, network_id, [raw.webhook_id])
    parts.wakes.sending()
    if blocked is not None:
        raise blocked


async def _hear(parts: Parts, network_id: str, written: Written, now: datetime) -> None:
    """A link into the chat tells who writes there, and one word that a medicine was taken; everything else is a reply."""
    adapter = parts.adapters.get(written.channel)
    if adapter is not None:
        await adapter.took(network_id, written)
    if await handles.opened(parts, network_id, written, now=now):
        return
    if not await taking.told(parts, network_id, written, now=now):
        await hearing.hear(parts, network_id, written, now=now)


async def _read(tx: AsyncConnection, parts: Parts, network_id: str, ids: Sequence[UUID]) -> list[_Raw]:
    query = (
        sa.select(webhooks)
        .where(
            webhooks.c.network_id == network_id,
            webhooks.c.webhook_id.in_(list(ids)),
            webhooks.c.due_at.is_not(None),
        )
        .order_by(webhooks.c.seq)
    )
    return [
        _Raw(
            row.webhook_id, row.provider, row.query,
            parts.sealer.service.open(row.body, about="webhooks.body"), row.traceparent,
        )
        for row in await tx.execute(query)
    ]  # fmt: skip


async def _done(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> None:
    """Worked off: the raw body is not needed any more, and not kept."""
    if ids:
        await tx.execute(
            sa.update(webhooks)
            .where(webhooks.c.network_id == network_id, webhooks.c.webhook_id.in_(list(ids)))
            .values(due_at=None, leased_until=None, body=None)
        )


def _own(parts: Parts, network_id: str, raw: _Raw) -> Webhook:
    """What came to this network's own account: a signature that is the same for all of a provider's accounts would have
    the patients of one network heard in another."""
    statuses, written = _understood(raw)
    accounts = parts.accounts.get(raw.provider)
    if accounts is None:
        return statuses, written
    account = account_of(accounts, network_id)
    own = [one for one in statuses if account and one.account == account]
    said = [one for one in written if account and one.account == account]
    if foreign := len(statuses) + len(written) - len(own) - len(said):
        FOREIGN.labels(raw.provider).inc(foreign)
        named = {one.account for one in statuses} | {one.account for one in written}
        telemetry.log().warning(
            "webhook of another account", provider=raw.provider, network=network_id, webhook=str(raw.webhook_id),
            accounts=sorted(str(one) for one in named - {account}), dropped=foreign,
        )  # fmt: skip
    return own, said


def _understood(raw: _Raw) -> Webhook:
    """A webhook that is not of its provider's form is passed over: it can never be worked off."""
    hook = HOOKS.get(raw.provider)
    if hook is None:
        return [], []
    try:
        return hook(raw.body.encode(), raw.query)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        telemetry.log().warning("webhook not understood", provider=raw.provider, error=telemetry.where(error))
        return [], []

"""Providers that have had enough: the pause of a network's channel, shared by every replica as a row."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Channel
from notifications.channels import Accepted, Outcome, TooMany
from notifications.rules.limits import Limit, struck
from notifications.rules.values import Reason, Verdict
from notifications.tables import limits

STRUCK = Counter("vinculo_channel_limits_total", "Pauses that providers asked for.", ["channel"])
PAUSED = Gauge(
    "vinculo_channel_paused_until_seconds",
    "Until when a channel waits for its provider (seconds since 1970; 0: it does not).",
    ["network", "channel"],
)


async def pauses(tx: AsyncConnection, network_id: str) -> dict[Channel, datetime]:
    """Until when a network's channels wait; what is over is among them."""
    known = await limits.of_network(tx, network_id)
    for channel, limit in known.items():
        PAUSED.labels(network_id, channel).set(limit.until.timestamp())
    return {channel: limit.until for channel, limit in known.items()}


async def learn(
    tx: AsyncConnection, network_id: str, outcomes: Iterable[tuple[Channel, Outcome]], *, now: datetime
) -> Mapping[Channel, Limit]:
    """Keep what providers said of their limits; returns those in force. What is accepted again forgets its past."""
    told: dict[Channel, list[Outcome]] = {}
    for channel, outcome in outcomes:
        if isinstance(outcome, (Accepted, TooMany)):
            told.setdefault(channel, []).append(outcome)
    if not told:
        return {}
    known = await limits.of_network(tx, network_id, lock=True)
    found: dict[Channel, Limit] = {}
    for channel, said in sorted(told.items()):
        refusals = [one for one in said if isinstance(one, TooMany)]
        if refusals:
            asked = max((one.retry_after for one in refusals if one.retry_after is not None), default=None)
            found[channel] = struck(known.get(channel), asked, now=now)
            await limits.put(tx, network_id, channel, found[channel])
            STRUCK.labels(channel).inc()
            PAUSED.labels(network_id, channel).set(found[channel].until.timestamp())
        elif channel in known and known[channel].until <= now:
            await limits.drop(tx, network_id, channel)
            PAUSED.labels(network_id, channel).set(0)
    return found


def heeded(verdict: Verdict, limited: Mapping[Channel, datetime], *, now: datetime) -> Verdict:
    """The verdict, put off while the provider of its channel waits."""
    until = limited.get(verdict.channel) if verdict.channel is not None else None
    if verdict.action != "send" or until is None or until <= now:
        return verdict
    reason = Reason("limit", "provider-busy", {"channel": verdict.channel, "until": until.isoformat()})
    return replace(verdict, action="wait", send_at=until, reasons=(*verdict.reasons, reason))

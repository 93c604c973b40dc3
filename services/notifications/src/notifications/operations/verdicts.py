"""Verdicts as they are stored: canonical text, so that an explanation gives back the very bytes."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from common.contracts.notifications import Explanation, Reason
from common.encoding import canonical
from notifications.rules import values
from notifications.rules.values import Verdict


def stored(verdict: Verdict) -> str:
    """The verdict as canonical JSON."""
    body: dict[str, Any] = {
        "decided_at": verdict.decided_at.isoformat(),
        "verdict": verdict.action,
        "channel": verdict.channel,
        "send_at": verdict.send_at.isoformat() if verdict.send_at else None,
        "channels": list(verdict.channels),
        "policy_version": verdict.policy_version,
        "policy_digest": verdict.digest,
        "reasons": [_reason(one) for one in verdict.reasons],
    }
    return canonical(body).decode()


def amended(
    text: str,
    action: Literal["wait", "drop"],
    because: values.Reason,
    *,
    now: datetime,
    send_at: datetime | None = None,
) -> str:
    """A stored verdict that something settled otherwise: its reasons stay, and one more comes last."""
    body = orjson.loads(text)
    body |= {
        "decided_at": now.isoformat(), "verdict": action, "send_at": send_at.isoformat() if send_at else None,
        "reasons": [*body["reasons"], _reason(because)],
    }  # fmt: skip
    if action == "drop":
        body |= {"channel": None, "channels": []}
    return canonical(body).decode()


def _reason(reason: values.Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "result": reason.result,
        "detail": dict(reason.detail),
        "source": reason.source,
        "source_urls": list(reason.source_urls),
    }


def told(verdict: Verdict) -> list[Reason]:
    """The reasons of a verdict that nothing stores."""
    return [Reason(**_reason(one)) for one in verdict.reasons]


def explained(message_id: UUID, text: str, *, as_made: bool) -> Explanation:
    """A stored verdict as an explanation."""
    body = orjson.loads(text)
    return Explanation(
        message_id=message_id,
        decided_at=body["decided_at"],
        verdict=body["verdict"],
        channel=body["channel"],
        send_at=body["send_at"],
        reasons=[Reason(**one) for one in body["reasons"]],
        policy_version=body["policy_version"],
        policy_digest=body.get("policy_digest"),
        channels=body.get("channels", []),
        stored=as_made,
    )

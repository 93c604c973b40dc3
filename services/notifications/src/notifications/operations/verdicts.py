"""Verdicts as they are stored: canonical text, so that an explanation gives back the very bytes."""

from typing import Any
from uuid import UUID

import orjson

from common.contracts.notifications import Explanation, Reason
from common.encoding import canonical
from notifications.rules.values import Verdict


def stored(verdict: Verdict) -> str:
    """The verdict as canonical JSON."""
    body: dict[str, Any] = {
        "decided_at": verdict.decided_at.isoformat(),
        "verdict": verdict.action,
        "channel": verdict.channel,
        "send_at": verdict.send_at.isoformat() if verdict.send_at else None,
        "policy_version": verdict.policy_version,
        "reasons": [
            {"rule": one.rule, "result": one.result, "detail": dict(one.detail), "source": one.source}
            for one in verdict.reasons
        ],
    }
    return canonical(body).decode()


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
        stored=as_made,
    )

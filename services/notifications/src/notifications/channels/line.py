"""LINE Messaging API: a channel for each network, which pushes to its friends.

Answers are pushed too: LINE's reply tokens know no retry key, and with it a message is taken once however often it is
sent. Nothing is told of a delivery: what LINE takes has been sent.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from common.accounts import account_of
from common.contracts.patient_profile import Channel
from notifications.channels import http
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Leaving,
    Letter,
    Outcome,
    Refused,
    Unsure,
    Webhook,
    Written,
    nothing_stops_it,
)

LONGEST_LABEL = 20


class Line(Adapter):
    """`tokens` are the networks' channel access tokens; our reference is the retry key."""

    channel: Channel = "line"
    buttons = True
    repeatable = True

    def __init__(self, client: httpx.AsyncClient, base_url: str, tokens: Mapping[str, str]) -> None:
        self._client = client
        self._url = f"{base_url.rstrip('/')}/v2/bot/message/push"
        self._tokens = tokens

    def serves(self, network_id: str) -> bool:
        return account_of(self._tokens, network_id) is not None

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        headers = {
            "Authorization": f"Bearer {account_of(self._tokens, letter.network_id)}",
            "X-Line-Retry-Key": letter.reference,
        }
        body = {"to": letter.to, "messages": [message(letter)]}
        return await http.post(self._client, self._url, _read, leaving, json=body, headers=headers)


def message(letter: Letter) -> dict[str, Any]:
    """The text, with quick replies that come back as postbacks and stand in the chat under their whole title."""
    body: dict[str, Any] = {"type": "text", "text": letter.text.body}
    if letter.text.buttons:
        body["quickReply"] = {
            "items": [
                {
                    "type": "action",
                    "action": {
                        "type": "postback",
                        "label": button.title[:LONGEST_LABEL],
                        "data": button.payload,
                        "displayText": button.title,
                    },
                }
                for button in letter.text.buttons
            ]
        }
    return body


def _read(answer: httpx.Response) -> Outcome:
    accepted_before = answer.headers.get("x-line-accepted-request-id")
    if answer.status_code == 409:
        return (
            Accepted(_sent(answer) or accepted_before, final=True) if accepted_before else Unsure("http-409")
        )
    if answer.is_success:
        return Accepted(_sent(answer) or answer.headers["x-line-request-id"], final=True)
    return Refused(f"line-{answer.status_code}")


def _sent(answer: httpx.Response) -> str | None:
    sent = orjson.loads(answer.content).get("sentMessages")
    return str(sent[0]["id"]) if sent else None


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """Texts and presses of friends, each event once by its own id; everything else is passed over."""
    del query
    events = orjson.loads(body)["events"]
    return [], [found for event in events if (found := _written(event)) is not None]


def _written(event: Mapping[str, Any]) -> Written | None:
    sender = event.get("source", {}).get("userId")
    if sender is None:
        return None
    match event["type"]:
        case "message":
            text = event["message"].get("text", "")
            return Written(
                channel="line", provider_id=event["webhookEventId"], sender=sender, text=text,
                answers=event["message"].get("quotedMessageId"), code=text.strip() or None,
            )  # fmt: skip
        case "postback":
            return Written(
                channel="line", provider_id=event["webhookEventId"], sender=sender, text="",
                payload=event["postback"]["data"],
            )  # fmt: skip
    return None

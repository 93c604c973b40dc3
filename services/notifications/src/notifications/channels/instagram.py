"""Instagram Direct by Meta's Messenger Platform: it answers whoever has written, and starts nothing.

Within 24 hours of what somebody wrote anything may be answered, within seven days what a person answers; Meta refuses
everything else. Nothing is told of a delivery, but that a message was seen.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import orjson

from common.accounts import account_of
from common.contracts.patient_profile import Channel
from notifications.channels import http, meta
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Leaving,
    Letter,
    Outcome,
    Status,
    Webhook,
    Written,
    nothing_stops_it,
)

LONGEST_TITLE = 20


class Instagram(Adapter):
    """`tokens` are the access tokens of the networks' professional accounts."""

    channel: Channel = "instagram"
    buttons = True

    def __init__(self, client: httpx.AsyncClient, base_url: str, tokens: Mapping[str, str]) -> None:
        self._client = client
        self._url = f"{base_url.rstrip('/')}/v23.0/me/messages"
        self._tokens = tokens

    def serves(self, network_id: str) -> bool:
        return account_of(self._tokens, network_id) is not None

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        token = account_of(self._tokens, letter.network_id)
        headers = {"Authorization": f"Bearer {token}", **http.referring(letter)}
        return await http.post(self._client, self._url, _read, leaving, json=message(letter), headers=headers)


def message(letter: Letter) -> dict[str, Any]:
    """The body of the call, quick replies with their payloads."""
    body: dict[str, Any] = {"text": letter.text.body}
    if letter.text.buttons:
        body["quick_replies"] = [
            {"content_type": "text", "title": button.title[:LONGEST_TITLE], "payload": button.payload}
            for button in letter.text.buttons
        ]
    kind = (
        {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        if letter.by_person
        else {"messaging_type": "RESPONSE"}
    )
    return {"recipient": {"id": letter.to}, "message": body, **kind}


def _read(answer: httpx.Response) -> Outcome:
    body = orjson.loads(answer.content)
    if answer.is_success:
        return Accepted(str(body["message_id"]), final=True)
    return meta.refused("instagram", answer.status_code, body)


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """What was seen, written and pressed, and links into the chat, of each professional account; echoes of our own
    messages are passed over."""
    del query
    statuses: list[Status] = []
    written: list[Written] = []
    for entry in orjson.loads(body).get("entry", []):
        account = entry.get("id")
        for event in entry.get("messaging", []):
            if "read" in event:
                mid = str(event["read"]["mid"])
                statuses.append(Status("instagram", mid, None, "read", account=account))
            elif (found := _written(event)) is not None:
                written.append(replace(found, account=account))
    return statuses, written


def _written(event: Mapping[str, Any]) -> Written | None:
    if "message" in event:
        message = event["message"]
        return None if message.get("is_echo") else _said(event, message, message.get("quick_reply", {}))
    if "postback" in event:
        return _said(event, event["postback"], event["postback"])
    if "referral" in event:
        return _said(event, {"mid": f"referral {event['sender']['id']} {event['timestamp']}", **event}, {})
    return None


def _said(event: Mapping[str, Any], said: Mapping[str, Any], pressed: Mapping[str, Any]) -> Written:
    """`referral` is what the link `ig.me/m/…?ref=…` carried into the chat."""
    return Written(
        channel="instagram", provider_id=str(said["mid"]), sender=str(event["sender"]["id"]),
        text=said.get("text") or pressed.get("title", ""), payload=pressed.get("payload"),
        answers=said.get("reply_to", {}).get("mid"), code=said.get("referral", {}).get("ref"),
    )  # fmt: skip

"""LINE's webhooks: events of texts and postbacks, signed with the channel's secret.

Nothing is told of what becomes of pushed messages.
"""

from typing import Any
from uuid import uuid4

import orjson

from devkit.sandbox import signatures
from devkit.sandbox.apps import LINE
from devkit.sandbox.carrier import TellsNothing
from devkit.sandbox.courier import Post
from devkit.sandbox.line.api import message_id
from devkit.sandbox.messages import Message


class Line(TellsNothing):
    batch = 20

    def __init__(self, *, callback: str | None, channel_secret: str) -> None:
        self._callback = callback
        self._channel_secret = channel_secret

    def inbound_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    def inbound_id(self, address: str) -> str:
        del address
        return message_id()

    def lane(self, message: Message) -> str:
        return f"line {message.account}"

    def inbound(self, message: Message, answered: Message | None) -> dict[str, Any]:
        del answered
        event: dict[str, Any] = {
            "mode": "active",
            "timestamp": int(message.at.timestamp() * 1000),
            "source": {"type": "user", "userId": LINE.handle(message.address)},
            "webhookEventId": f"01{message.id:0>24}",
            "deliveryContext": {"isRedelivery": False},
            "replyToken": uuid4().hex,
        }
        if "payload" in message.details:
            return event | {"type": "postback", "postback": {"data": message.details["payload"]}}
        written = {"id": message.id, "type": "text", "text": message.text, "quoteToken": uuid4().hex}
        if message.answers:
            written["quotedMessageId"] = message.answers
        return event | {"type": "message", "message": written}

    def post(self, url: str, items: list[Any]) -> Post:
        body = orjson.dumps({"destination": LINE.prefix + url.rpartition("/")[2], "events": items})
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "x-line-signature": signatures.line(self._channel_secret, body),
        }
        return Post(headers, body)

"""Meta's webhooks about Instagram Direct: texts, quick replies, links into the chat, and what was seen; signed."""

from datetime import datetime
from typing import Any

import orjson

from devkit.sandbox import signatures
from devkit.sandbox.apps import INSTAGRAM
from devkit.sandbox.courier import Post
from devkit.sandbox.instagram.api import message_id
from devkit.sandbox.messages import Message, Report


class Instagram:
    batch = 20
    tells_reading = True
    delivery: tuple[str, ...] = ()
    failure: tuple[tuple[str, int | None], ...] = ()

    def __init__(self, *, callback: str | None, app_secret: str) -> None:
        self._callback = callback
        self._app_secret = app_secret

    def report_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    inbound_url = report_url

    def inbound_id(self, address: str) -> str:
        del address
        return message_id()

    def lane(self, message: Message) -> str:
        return f"instagram {message.account}"

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, Any]:
        """Only reading is told."""
        del report
        return _event(message, at) | {"read": {"mid": message.id}}

    def inbound(self, message: Message, answered: Message | None) -> dict[str, Any]:
        del answered
        event = _event(message, message.at)
        if "code" in message.details:
            return event | {
                "referral": {"ref": message.details["code"], "source": "IGME", "type": "OPEN_THREAD"}
            }
        written: dict[str, Any] = {"mid": message.id, "text": message.text}
        if "payload" in message.details:
            written["quick_reply"] = {"payload": message.details["payload"]}
        elif message.answers:
            written["reply_to"] = {"mid": message.answers}
        return event | {"message": written}

    def post(self, url: str, items: list[Any]) -> Post:
        del url
        entry = {"id": items[0]["recipient"]["id"], "time": items[-1]["timestamp"], "messaging": items}
        body = orjson.dumps({"object": "instagram", "entry": [entry]})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signatures.meta(self._app_secret, body),
        }
        return Post(headers, body)


def _event(message: Message, at: datetime) -> dict[str, Any]:
    return {
        "sender": {"id": INSTAGRAM.handle(message.address)},
        "recipient": {"id": message.account},
        "timestamp": int(at.timestamp() * 1000),
    }

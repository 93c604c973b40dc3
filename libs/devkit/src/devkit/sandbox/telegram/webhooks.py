"""Telegram's updates: one POST for each text and each press, with the secret that the webhook was set with.

Nothing is told of what becomes of a bot's own messages.
"""

from itertools import count
from typing import Any

import orjson

from devkit.sandbox.apps import TELEGRAM
from devkit.sandbox.carrier import TellsNothing
from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message
from devkit.sandbox.telegram.api import message_id, resource


class Telegram(TellsNothing):
    batch = 1

    def __init__(self, *, callback: str | None, secret: str) -> None:
        self._callback = callback
        self._secret = secret
        self._numbers = count(1)

    def inbound_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    def inbound_id(self, address: str) -> str:
        return message_id(address)

    def lane(self, message: Message) -> str:
        return f"telegram {message.account}"

    def inbound(self, message: Message, answered: Message | None) -> dict[str, Any]:
        user = {"id": int(TELEGRAM.handle(message.address)), "is_bot": False, "first_name": message.address}
        if "payload" in message.details:
            under = resource(answered) if answered else None
            press = {"id": message.id, "from": user, "message": under, "chat_instance": message.account}
            return {"callback_query": press | {"data": message.details["payload"]}}
        written = resource(message) | {"from": user}
        if "contact" in message.details:
            written = {name: value for name, value in written.items() if name != "text"}
            written["contact"] = _contact(message)
        return {"message": written | ({"reply_to_message": resource(answered)} if answered else {})}

    def post(self, url: str, items: list[Any]) -> Post:
        del url
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self._secret}
        return Post(headers, orjson.dumps({"update_id": next(self._numbers), **items[0]}))


def _contact(message: Message) -> dict[str, Any]:
    """Telegram names the user whose phone it is: their own, or somebody else's out of the address book."""
    phone = message.details["contact"]
    return {
        "phone_number": phone.lstrip("+"),
        "first_name": phone,
        "user_id": int(TELEGRAM.handle(phone)),
    }

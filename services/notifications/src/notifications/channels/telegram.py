"""Telegram's Bot API: a bot for each network, which writes to whoever has started it.

There is no look-up, and nothing is told of a delivery: what Telegram takes has been sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from common import telemetry
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
    Webhook,
    Written,
    nothing_stops_it,
)
from notifications.rules.dialogue.values import SHARE_PHONE
from notifications.rules.texts import Button

START = "/start"
"""What a link into the chat makes the app say, with the link's code behind it."""


class Telegram(Adapter):
    """`tokens` are the networks' bots. A token stands in every address: none is ever logged."""

    channel: Channel = "telegram"
    buttons = True
    shares_phone = True

    def __init__(self, client: httpx.AsyncClient, base_url: str, tokens: Mapping[str, str]) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._tokens = tokens

    def serves(self, network_id: str) -> bool:
        return account_of(self._tokens, network_id) is not None

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        url = self._method(letter.network_id, "sendMessage")
        headers = http.referring(letter)
        return await http.post(
            self._client, url, _read, leaving, retry_after=_pause, json=message(letter), headers=headers
        )

    async def took(self, network_id: str, written: Written) -> None:
        """The app shows a press as pending until it is answered; an answer that is lost costs no more than that."""
        if written.press is None:
            return
        url = self._method(network_id, "answerCallbackQuery")
        try:
            await self._client.post(url, json={"callback_query_id": written.press})
        except httpx.HTTPError as error:
            telemetry.log().info("press not answered", channel=self.channel, error=telemetry.where(error))

    def _method(self, network_id: str, name: str) -> str:
        return f"{self._base}/bot{account_of(self._tokens, network_id)}/{name}"


def message(letter: Letter) -> dict[str, Any]:
    """The body of the call: plain text, and what may be pressed."""
    body: dict[str, Any] = {
        "chat_id": letter.to,
        "text": letter.text.body,
        "link_preview_options": {"is_disabled": True},
    }
    if letter.text.buttons:
        body["reply_markup"] = _keyboard(letter.text.buttons)
    return body


def _keyboard(buttons: Sequence[Button]) -> dict[str, Any]:
    """A button to a row under the message; a phone can be shared by a key in the keyboard's place alone."""
    if any(one.payload == SHARE_PHONE for one in buttons):
        keys = [[{"text": one.title, "request_contact": True}] for one in buttons]
        return {"keyboard": keys, "resize_keyboard": True, "one_time_keyboard": True}
    return {"inline_keyboard": [[{"text": one.title, "callback_data": one.payload}] for one in buttons]}


def _read(answer: httpx.Response) -> Outcome:
    body = orjson.loads(answer.content)
    if body["ok"]:
        return Accepted(_id(body["result"]), final=True)
    return Refused(f"telegram-{body['error_code']}")


def _pause(answer: httpx.Response) -> float | None:
    return float(orjson.loads(answer.content)["parameters"]["retry_after"])


def _id(message: Mapping[str, Any]) -> str:
    """Messages are numbered within their chat."""
    return f"{message['chat']['id']}:{message['message_id']}"


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """One update: a text or a press in a chat of two. Groups and everything else are passed over."""
    del query
    update = orjson.loads(body)
    if "callback_query" in update:
        return [], _pressed(update["callback_query"])
    if "message" in update and update["message"]["chat"]["type"] == "private":
        return [], [_wrote(update["message"])]
    return [], []


def _wrote(message: Mapping[str, Any]) -> Written:
    text = message.get("text", "")
    command, _, code = text.partition(" ")
    answered = message.get("reply_to_message")
    return Written(
        channel="telegram", provider_id=_id(message), sender=str(message["chat"]["id"]), text=text,
        answers=_id(answered) if answered else None, code=code.strip() or None if command == START else None,
        contact=_own_phone(message),
    )  # fmt: skip


def _own_phone(message: Mapping[str, Any]) -> str | None:
    """A shared contact is vouched for where it is the sender's own; anybody can share somebody else's."""
    contact = message.get("contact")
    if contact is None or contact.get("user_id") != message.get("from", {}).get("id"):
        return None
    return f"+{str(contact['phone_number']).lstrip('+')}"


def _pressed(press: Mapping[str, Any]) -> list[Written]:
    under = press.get("message")
    if under is None or under["chat"]["type"] != "private":
        return []
    rows = under.get("reply_markup", {}).get("inline_keyboard", [])
    titles = {button.get("callback_data"): button["text"] for row in rows for button in row}
    payload = press.get("data")
    written = Written(
        channel="telegram", provider_id=f"press {press['id']}", sender=str(under["chat"]["id"]),
        text=titles.get(payload, ""), payload=payload, answers=_id(under), press=str(press["id"]),
    )  # fmt: skip
    return [written]

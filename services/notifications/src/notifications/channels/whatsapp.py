"""WhatsApp Business Cloud API (Meta): templates to open a conversation, free text inside one."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from common.accounts import BY_SLUG, account_of
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
from notifications.rules.texts import Button, Text

LANGUAGES = {"pt-BR": "pt_BR", "zh-TW": "zh_TW"}
STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
MOST_BUTTONS, MOST_ROWS = 3, 10
LONGEST_BUTTON, LONGEST_ROW, LONGEST_BODY = 20, 24, 1024
"""What Meta takes in an interactive message."""


class WhatsApp(Adapter):
    """`numbers` are the ids of the networks' phone numbers with Meta. There is no look-up: only a status tells.
    How long a message waits for its phone is a property of its template with Meta, not of one message."""

    channel: Channel = "whatsapp"
    buttons = True

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, token: str, numbers: Mapping[str, str] = BY_SLUG
    ) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._numbers = numbers
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def serves(self, network_id: str) -> bool:
        return account_of(self._numbers, network_id) is not None

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        body = orjson.dumps(message(letter))
        url = f"{self._base}/v23.0/{account_of(self._numbers, letter.network_id)}/messages"
        return await http.post(self._client, url, _read, leaving, content=body, headers=self._headers)


def message(letter: Letter) -> dict[str, Any]:
    """The body of the call. Parameters may hold no line breaks, so each line is one."""
    common = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.to,
        "biz_opaque_callback_data": letter.reference,
    }
    if letter.free:
        return common | _free(letter)
    components: list[dict[str, Any]] = [
        {"type": "body", "parameters": [{"type": "text", "text": line} for line in letter.text.lines]}
    ]
    components += [
        {
            "type": "button", "sub_type": "quick_reply", "index": place,
            "parameters": [{"type": "payload", "payload": button.payload}],
        }
        for place, button in enumerate(letter.text.buttons)
    ]  # fmt: skip
    template = {
        "name": named(letter.template, len(letter.text.lines), asks=bool(letter.text.buttons)),
        "language": {"code": LANGUAGES.get(letter.text.locale, letter.text.locale)},
        "components": components,
    }
    return common | {"type": "template", "template": template}


def named(template: str, lines: int, *, asks: bool) -> str:
    """A template is registered per number of lines, with or without the three buttons."""
    kind = "_ask" if asks else ""
    return f"{template.replace('-', '_')}{kind}_{lines}"


def _free(letter: Letter) -> dict[str, Any]:
    text = letter.text
    if not text.buttons:
        return {"type": "text", "text": {"preview_url": False, "body": text.body}}
    interactive = _buttons(text.buttons) if len(text.buttons) <= MOST_BUTTONS else _list(text)
    return {"type": "interactive", "interactive": interactive | {"body": {"text": text.body[:LONGEST_BODY]}}}


def _buttons(buttons: Sequence[Button]) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": one.payload, "title": one.title[:LONGEST_BUTTON]}}
        for one in buttons
    ]
    return {"type": "button", "action": {"buttons": replies}}


def _list(text: Text) -> dict[str, Any]:
    """More answers than there is room for as buttons: a list that opens at a touch."""
    rows = [{"id": one.payload, "title": one.title[:LONGEST_ROW]} for one in text.buttons[:MOST_ROWS]]
    return {
        "type": "list",
        "action": {"button": text.menu[:LONGEST_BUTTON], "sections": [{"rows": rows}]},
    }


def _read(answer: httpx.Response) -> Outcome:
    body = orjson.loads(answer.content)
    if answer.is_success:
        return Accepted(str(body["messages"][0]["id"]))
    return meta.refused("whatsapp", answer.status_code, body)


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """What one of Meta's webhooks tells of each phone number; what is unknown in it is passed over."""
    del query
    statuses: list[Status] = []
    written: list[Written] = []
    for entry in orjson.loads(body).get("entry", []):
        for change in entry.get("changes", []):
            value = change.get("value", {})
            number = value.get("metadata", {}).get("phone_number_id")
            statuses += [found for raw in value.get("statuses", []) if (found := _status(raw, number))]
            written += [_written(raw, number) for raw in value.get("messages", [])]
    return statuses, written


def _status(raw: dict[str, Any], number: str | None) -> Status | None:
    state = STATES.get(raw.get("status", ""))
    if state is None:
        return None
    code = next((error.get("code") for error in raw.get("errors", [])), None)
    return Status(
        channel="whatsapp",
        provider_id=str(raw["id"]),
        reference=raw.get("biz_opaque_callback_data"),
        delivery=state,  # type: ignore[arg-type]  # one of the four words above
        reason=f"whatsapp-{code}" if code else None,
        account=number,
    )


def _written(raw: dict[str, Any], number: str | None) -> Written:
    payload: str | None = None
    match raw.get("type"):
        case "button":
            text, payload = raw["button"].get("text", ""), raw["button"].get("payload")
        case "interactive":
            reply = raw["interactive"][raw["interactive"]["type"]]
            text, payload = reply.get("title", ""), reply.get("id")
        case "text":
            text = raw["text"].get("body", "")
        case _:
            text = ""
    return Written(
        channel="whatsapp", provider_id=str(raw["id"]), sender=f"+{str(raw['from']).lstrip('+')}", text=text,
        payload=payload, answers=raw.get("context", {}).get("id"), account=number,
    )  # fmt: skip

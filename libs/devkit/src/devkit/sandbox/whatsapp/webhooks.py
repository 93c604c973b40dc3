"""Meta's webhooks: statuses of messages and what patients wrote, signed."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson

from devkit.sandbox import signatures
from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.whatsapp.errors import webhook_error


class WhatsApp:
    """Meta's side of the wire: what its webhooks look like and who signs them."""

    batch = 50
    tells_reading = True
    delivery: tuple[str, ...] = ("sent", "delivered")
    failure: tuple[tuple[str, int | None], ...] = (("failed", 131026),)

    def __init__(self, *, callback: str | None, app_secret: str) -> None:
        self._callback = callback
        self._app_secret = app_secret

    def report_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    inbound_url = report_url

    def lane(self, message: Message) -> str:
        return f"whatsapp {message.account}"

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, Any]:
        status: dict[str, Any] = {
            "id": message.id,
            "status": report.status,
            "timestamp": str(int(at.timestamp())),
            "recipient_id": message.address.lstrip("+"),
        }
        if message.reference is not None:
            status["biz_opaque_callback_data"] = message.reference
        if report.code:
            status["errors"] = [webhook_error(report.code)]
        elif report.status in {"sent", "delivered"}:
            category = message.details.get("category", "service")
            status["conversation"] = {"id": _conversation(message), "origin": {"type": category}}
            status["pricing"] = {"billable": True, "pricing_model": "PMP", "category": category}
        return {"account": message.account, "statuses": status}

    def inbound_id(self, address: str) -> str:
        del address
        return f"wamid.IN{uuid4().hex}"

    def inbound(self, message: Message, answered: Message | None) -> dict[str, Any]:
        del answered
        heard: dict[str, Any] = {
            "from": message.address.lstrip("+"),
            "id": message.id,
            "timestamp": str(int(message.at.timestamp())),
        }
        if message.answers:
            heard["context"] = {"from": message.account, "id": message.answers}
        match message.details.get("form"):
            case "button":
                heard |= {
                    "type": "button",
                    "button": {"payload": message.details["payload"], "text": message.text},
                }
            case "button_reply" | "list_reply" as form:
                reply = {"id": message.details["payload"], "title": message.text}
                heard |= {"type": "interactive", "interactive": {"type": form, form: reply}}
            case _:
                heard |= {"type": "text", "text": {"body": message.text}}
        contact = {"profile": {"name": message.address}, "wa_id": message.address.lstrip("+")}
        return {"account": message.account, "messages": heard, "contact": contact}

    def post(self, url: str, items: list[dict[str, Any]]) -> Post:
        """Statuses share one value; what patients wrote comes in values of its own, as Meta does it."""
        del url
        changes = []
        if statuses := [item["statuses"] for item in items if "statuses" in item]:
            changes.append(_change(items[0]["account"], {"statuses": statuses}))
        changes += [
            _change(item["account"], {"contacts": [item["contact"]], "messages": [item["messages"]]})
            for item in items
            if "messages" in item
        ]
        body = orjson.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [{"id": f"waba-{items[0]['account']}", "changes": changes}],
            }
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signatures.meta(self._app_secret, body),
        }
        return Post(headers, body)


def _change(account: str, value: dict[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": account, "phone_number_id": account}
    return {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}


def _conversation(message: Message) -> str:
    return f"{message.account}-{message.address.lstrip('+')}"

"""Mail that came back: delivery status notifications (RFC 3464), which mail servers send to where a mail came from."""

import re
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from typing import Literal

from notifications.channels.protocol import Status, Webhook

REPORT = ("multipart/report", "delivery-status")
CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """What became of one mail of ours. Everything else in that mailbox is passed over: nobody is asked to write there.

    Whoever hands a mail on gives each of its bytes as one character: mail need not be UTF-8.
    """
    del query
    report = message_from_bytes(body.decode().encode("latin-1"))
    if (report.get_content_type(), str(report.get_param("report-type")).lower()) != REPORT:
        return [], []
    parts = {one.get_content_type(): one for one in _within(report)}
    ended = _ended(_within(parts.get("message/delivery-status")))
    mail = _returned(parts)
    message_id = _id(mail, "Message-ID") or _id(report, "In-Reply-To")
    reference = _id(mail, "X-Vinculo-Reference")
    if ended is None or not (message_id or reference):
        return [], []
    delivery, reason = ended
    return [Status("email", message_id, reference or None, delivery, reason, comes_late=True)], []


def _within(part: Message | None) -> list[Message]:
    """What a part is made of; nothing where it is not made of parts."""
    content = part.get_payload() if part is not None else None
    return [one for one in content if isinstance(one, Message)] if isinstance(content, list) else []


def _ended(states: Sequence[Message]) -> tuple[Literal["delivered", "failed"], str | None] | None:
    """How it ended for the one whom it was sent to: our mails have one recipient each. What is `delayed` is still
    tried; what was `relayed` or `expanded` has left whoever reports."""
    for state in states:
        match str(state.get("Action", "")).strip().lower():
            case "failed":
                code = CODE.match(str(state.get("Status", "")).strip())
                return "failed", f"returned-{code[0] if code else 'unknown'}"
            case "delivered":
                return "delivered", None
    return None


def _returned(parts: Mapping[str, Message]) -> Message:
    """The mail as far as it was given back: the whole of it, its headers, or nothing."""
    for whole in _within(parts.get("message/rfc822")):
        return whole
    headers = parts.get("text/rfc822-headers")
    content = headers.get_payload(decode=True) if headers is not None else None
    return message_from_bytes(content if isinstance(content, bytes) else b"")


def _id(mail: Message, name: str) -> str:
    """A header that holds one id, folded or not."""
    return "".join(str(mail.get(name, "")).split())

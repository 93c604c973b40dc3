"""A mail server that accepts everything and delivers it to invented mailboxes.

`undelivered` makes it refuse a mail; with `late_report` beside it, it takes the mail and gives it back later.
"""

import asyncio
import base64
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.messages import Message, Report

LARGEST_ATTACHMENT = 256 * 1024
"""Bytes of an attachment that are kept; of a larger one only its name and size."""


class Mail:
    """aiosmtpd's handler: one line in the ledger for each recipient, each time."""

    def __init__(self, carrier: Carrier, *, hang_seconds: float) -> None:
        self._carrier = carrier
        self._hang_seconds = hang_seconds

    async def listen(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, hostname="sandbox.invalid", enable_SMTPUTF8=True, loop=loop, ident="sandbox"),
            host,
            port,
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        parsed = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        mailboxes = [recipient.lower() for recipient in envelope.rcpt_tos]
        sender = parseaddr(str(parsed["From"] or envelope.mail_from))[1]
        for mailbox in mailboxes:
            if refusal := await self._take(parsed, sender, mailbox):
                return refusal
        return f"250 2.0.0 Ok: queued as {uuid4().hex[:12]}"

    async def _take(self, parsed: EmailMessage, sender: str, mailbox: str) -> str | None:
        struck = self._carrier.faults.answer_fault("email", mailbox, sender)
        fault = struck.kind if struck else None
        if fault:
            self._carrier.metrics.struck.labels("email", fault).inc()
        match fault:
            case "429":
                return "451 4.7.1 Too many messages, try again later"
            case "500":
                return "451 4.3.0 Internal error"
            case "timeout_before":
                await asyncio.sleep(self._hang_seconds)
                return "421 4.4.2 Timed out"
        faults = self._carrier.faults.report_faults("email", mailbox, sender)
        struck_by = {fault.kind for fault in faults}
        if "undelivered" in struck_by and "late_report" not in struck_by:
            return "550 5.1.1 No such mailbox"
        await self._carrier.accept_as(self._message(parsed, sender, mailbox), [], [Report("failed")], faults)
        if fault == "timeout_after":
            await asyncio.sleep(self._hang_seconds)
            return "421 4.4.2 Timed out"
        return None

    def _message(self, parsed: EmailMessage, sender: str, mailbox: str) -> Message:
        return Message(
            id=f"mail-{uuid4().hex}",
            channel="email",
            account=sender,
            address=mailbox,
            at=self._carrier.clock.now(),
            text=_part(parsed, "plain"),
            reference=_header(parsed, "X-Vinculo-Reference"),
            details={
                "subject": _header(parsed, "Subject") or "",
                "message_id": _header(parsed, "Message-ID"),
                "html": _part(parsed, "html"),
                "attachments": [_attachment(part) for part in parsed.iter_attachments()],
            },
        )


def _header(parsed: EmailMessage, name: str) -> str | None:
    value = parsed[name]
    return str(value).strip() if value is not None else None


def _part(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()).strip() if part else ""


def _attachment(part: MIMEPart) -> dict[str, Any]:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    return {
        "name": part.get_filename() or "attachment",
        "type": part.get_content_type(),
        "size": len(data),
        "content": base64.b64encode(data).decode() if len(data) <= LARGEST_ATTACHMENT else None,
    }

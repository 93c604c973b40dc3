"""Mail that comes back: a delivery status notification (RFC 3464), handed on to the gateway as mail servers do it."""

import base64
from datetime import datetime
from email.message import EmailMessage
from email.message import Message as Part
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any

from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report


class ReturnedMail:
    """The wire of e-mail: nothing is told but that a mail came back, and nobody writes by it here."""

    batch = 1
    delivery: tuple[str, ...] = ()
    failure: tuple[tuple[str, int | None], ...] = (("failed", None),)
    tells_reading = False

    def __init__(self, *, callback: str | None, password: str) -> None:
        self._callback = callback
        self._password = password

    def report_url(self, message: Message) -> str | None:
        """The network stands before the @ of the address that its mail comes from."""
        return self._callback.format(account=message.account.partition("@")[0]) if self._callback else None

    def report(self, message: Message, report: Report, at: datetime) -> bytes:
        del report  # of mail only failures are told
        return notification(message, at).as_bytes()

    def lane(self, message: Message) -> str:
        return f"email {message.account}"

    def post(self, url: str, items: list[Any]) -> Post:
        del url
        given = base64.b64encode(f"mail:{self._password}".encode()).decode()
        return Post({"Content-Type": "message/rfc822", "Authorization": f"Basic {given}"}, items[0])

    def inbound_url(self, message: Message) -> str | None:
        del message
        return None

    def inbound_id(self, address: str) -> str:
        raise AssertionError(f"nobody writes from {address} by mail")

    def inbound(self, message: Message, answered: Message | None) -> Any:
        raise AssertionError(f"nobody writes from {message.address} by mail, about {answered}")


def notification(message: Message, at: datetime) -> MIMEMultipart:
    """In three parts: for people, for machines, and the headers of what came back."""
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = "MAILER-DAEMON@sandbox.invalid"
    report["To"] = message.account
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(at)
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"<{message.address}>: no such mailbox\n"))
    report.attach(_states(message, at))
    report.attach(MIMEText(_headers(message), "rfc822-headers", "utf-8"))
    return report


def _states(message: Message, at: datetime) -> Part:
    of_mail, of_recipient = Part(), Part()
    of_mail["Reporting-MTA"] = "dns; sandbox.invalid"
    of_mail["Arrival-Date"] = format_datetime(at)
    of_recipient["Final-Recipient"] = f"rfc822; {message.address}"
    of_recipient["Action"] = "failed"
    of_recipient["Status"] = "5.1.1"
    of_recipient["Diagnostic-Code"] = "smtp; 550 5.1.1 No such mailbox"
    states = Part()
    states["Content-Type"] = "message/delivery-status"
    states.set_payload([of_mail, of_recipient])
    return states


def _headers(message: Message) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"] = message.account, message.address
    mail["Subject"] = message.details["subject"]
    for name, value in (
        ("Message-ID", message.details["message_id"]),
        ("X-Vinculo-Reference", message.reference),
    ):
        if value is not None:
            mail[name] = value
    return mail.as_string()

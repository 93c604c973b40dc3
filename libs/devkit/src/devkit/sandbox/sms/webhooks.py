"""Twilio's callbacks: one form per state of a message, and one per SMS that a patient wrote."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from devkit.sandbox import signatures
from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report

API_VERSION = "2010-04-01"


class Sms:
    """Twilio's side of the wire."""

    batch = 1
    tells_reading = False
    delivery: tuple[str, ...] = ("sent", "delivered")
    failure: tuple[tuple[str, int | None], ...] = (("sent", None), ("undelivered", 30003))

    def __init__(self, *, callback: str | None, auth_token: str) -> None:
        self._callback = callback
        self._auth_token = auth_token

    def report_url(self, message: Message) -> str | None:
        url = message.details.get("status_callback")
        return str(url) if url else None

    def inbound_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    def lane(self, message: Message) -> str:
        """Reports of one message keep their order; those of different messages do not wait for each other."""
        return f"sms {message.id}"

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, str]:
        form = {
            "ApiVersion": API_VERSION,
            "AccountSid": str(message.details.get("account_sid", "")),
            "MessageSid": message.id,
            "SmsSid": message.id,
            "MessageStatus": report.status,
            "SmsStatus": report.status,
            "From": message.account,
            "To": message.address,
        }
        if report.code:
            form["ErrorCode"] = str(report.code)
        if report.status in {"delivered", "undelivered"}:
            form["RawDlrDoneDate"] = at.strftime("%y%m%d%H%M")
        return form

    def inbound_id(self, address: str) -> str:
        del address
        return f"SM{uuid4().hex}"

    def inbound(self, message: Message, answered: Message | None) -> dict[str, str]:
        del answered
        return {
            "ApiVersion": API_VERSION,
            "AccountSid": str(message.details.get("account_sid", "")),
            "MessageSid": message.id,
            "SmsSid": message.id,
            "SmsMessageSid": message.id,
            "SmsStatus": "received",
            "From": message.address,
            "To": message.account,
            "Body": message.text,
            "NumMedia": "0",
            "NumSegments": str(message.details.get("segments", 1)),
        }

    def post(self, url: str, items: list[Any]) -> Post:
        form: dict[str, str] = items[0]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signatures.twilio(self._auth_token, url, form),
        }
        return Post(headers, urlencode(form).encode())

"""Twilio's callbacks about calls: how each of them stands."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from devkit.sandbox import signatures
from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.sms.webhooks import API_VERSION

CALL_STATUS = {"sent": "ringing", "delivered": "in-progress", "read": "completed", "undelivered": "no-answer"}
"""The states of a message on a phone, in the words of a call."""
NO_ANSWER, BUSY = 480, 486


class Voice:
    """Twilio's side of the wire."""

    batch = 1
    tells_reading = False
    delivery: tuple[str, ...] = ("sent", "delivered")
    failure: tuple[tuple[str, int | None], ...] = (("sent", None), ("undelivered", NO_ANSWER))

    def __init__(self, *, callback: str | None, auth_token: str) -> None:
        self._callback = callback
        self._auth_token = auth_token

    def report_url(self, message: Message) -> str | None:
        url = message.details.get("status_callback")
        return str(url) if url else None

    def inbound_url(self, message: Message) -> str | None:
        return self._callback.format(account=message.account) if self._callback else None

    def inbound_id(self, address: str) -> str:
        del address
        return f"CA{uuid4().hex}"

    def lane(self, message: Message) -> str:
        return f"voice {message.id}"

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, str]:
        del at
        status = "busy" if report.code == BUSY else CALL_STATUS[report.status]
        form = form_of(message, status)
        if status == "completed":
            form["CallDuration"] = str(message.details.get("seconds", 0))
        return form

    def inbound(self, message: Message, answered: Message | None) -> dict[str, str]:
        """The first word of a call to the clinic: it rings."""
        del answered
        return form_of(message, "ringing")

    def post(self, url: str, items: list[Any]) -> Post:
        return self.signed(url, items[0])

    def signed(self, url: str, form: dict[str, str]) -> Post:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signatures.twilio(self._auth_token, url, form),
        }
        return Post(headers, urlencode(form).encode())


def form_of(message: Message, status: str) -> dict[str, str]:
    """What every callback about a call carries."""
    clinic = str(message.details.get("clinic_number") or message.account)
    return {
        "ApiVersion": API_VERSION,
        "AccountSid": str(message.details.get("account_sid", "")),
        "CallSid": message.id,
        "CallStatus": status,
        "Direction": "inbound" if message.by_patient else "outbound-api",
        "From": message.address if message.by_patient else clinic,
        "To": clinic if message.by_patient else message.address,
    }

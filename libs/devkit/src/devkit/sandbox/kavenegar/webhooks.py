"""Kavenegar's callbacks: a state by number, or an SMS to a line. Nothing is signed: the address holds a key."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.sms.webhooks import Sms

NAME = "kavenegar"
STATES = {"sent": 4, "delivered": 10, "undelivered": 11}


class ByProvider(Sms):
    """The wire of SMS: a message of Kavenegar's is told in its words, all others as Twilio tells them."""

    def __init__(self, *, callback: str | None, auth_token: str, kavenegar_callback: str | None) -> None:
        super().__init__(callback=callback, auth_token=auth_token)
        self._kavenegar_callback = kavenegar_callback

    def report_url(self, message: Message) -> str | None:
        return self._address(message) if _is_kavenegars(message) else super().report_url(message)

    def inbound_url(self, message: Message) -> str | None:
        return self._address(message) if _is_kavenegars(message) else super().inbound_url(message)

    def _address(self, message: Message) -> str | None:
        return self._kavenegar_callback and self._kavenegar_callback.format(account=message.account)

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, str]:
        if not _is_kavenegars(message):
            return super().report(message, report, at)
        return {"messageid": message.id, "status": str(STATES[report.status])}

    def inbound(self, message: Message, answered: Message | None) -> dict[str, str]:
        if not _is_kavenegars(message):
            return super().inbound(message, answered)
        return {
            "messageid": message.id,
            "from": national(message.address),
            "to": message.account,
            "message": message.text,
        }

    def post(self, url: str, items: list[Any]) -> Post:
        if "messageid" not in items[0]:
            return super().post(url, items)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        return Post(headers, urlencode(items[0]).encode())


def national(phone: str) -> str:
    """As Kavenegar writes numbers: national in Iran, with 00 elsewhere."""
    return f"0{phone.removeprefix('+98')}" if phone.startswith("+98") else f"00{phone.removeprefix('+')}"


def _is_kavenegars(message: Message) -> bool:
    return message.details.get("provider") == NAME

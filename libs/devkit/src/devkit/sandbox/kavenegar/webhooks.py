"""Kavenegar's callbacks: a state by number, or an SMS to a line. Nothing is signed: the address holds a key."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from devkit.sandbox.courier import Post
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.sms.webhooks import Sms

NAME = "kavenegar"
STATES = {"sent": 4, "delivered": 10, "undelivered": 11}


class ByProvider:
    """The wire of SMS: a message of Kavenegar's is told in its words, all others as Twilio tells them."""

    batch = 1
    tells_reading = False
    delivery = Sms.delivery
    failure = Sms.failure

    def __init__(self, twilio: Sms, *, callback: str | None, key: str, accounts: Collection[str]) -> None:
        self._twilio = twilio
        self._callback = callback
        self._key = key
        self._accounts = accounts

    def report_url(self, message: Message) -> str | None:
        return self._address(message) if self._own(message) else self._twilio.report_url(message)

    def inbound_url(self, message: Message) -> str | None:
        return self._address(message) if self._own(message) else self._twilio.inbound_url(message)

    def _address(self, message: Message) -> str | None:
        return self._callback and f"{self._callback.format(account=message.account)}?key={quote(self._key)}"

    def _own(self, message: Message) -> bool:
        if message.by_patient:
            return message.account in self._accounts
        return message.details.get("provider") == NAME

    def lane(self, message: Message) -> str:
        return self._twilio.lane(message)

    def inbound_id(self, address: str) -> str:
        return self._twilio.inbound_id(address)

    def report(self, message: Message, report: Report, at: datetime) -> dict[str, str]:
        if not self._own(message):
            return self._twilio.report(message, report, at)
        return {"messageid": message.id, "status": str(STATES[report.status])}

    def inbound(self, message: Message, answered: Message | None) -> dict[str, str]:
        if not self._own(message):
            return self._twilio.inbound(message, answered)
        return {
            "messageid": message.id,
            "from": national(message.address),
            "to": message.account,
            "message": message.text,
        }

    def post(self, url: str, items: list[Any]) -> Post:
        if "messageid" not in items[0]:
            return self._twilio.post(url, items)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        return Post(headers, urlencode(items[0]).encode())


def national(phone: str) -> str:
    """As Kavenegar writes numbers: national in Iran, with 00 elsewhere."""
    return f"0{phone.removeprefix('+98')}" if phone.startswith("+98") else f"00{phone.removeprefix('+')}"


def _is_kavenegars(message: Message) -> bool:
    return message.details.get("provider") == NAME

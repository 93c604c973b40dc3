"""SMS by Kavenegar (Iran). Its `localid` is our reference as a number: the same one again is not sent again."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import orjson

from common.accounts import account_of
from common.contracts.patient_profile import Channel
from notifications.channels import http
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Delivery,
    Known,
    Leaving,
    Letter,
    NotReached,
    Outcome,
    Refused,
    Status,
    TooMany,
    Webhook,
    Written,
    nothing_stops_it,
)

STATES: dict[int, Delivery] = {
    4: "sent", 5: "sent", 6: "failed", 10: "delivered", 11: "failed", 13: "failed", 14: "failed",
}  # fmt: skip
"""1 and 2 are queued and scheduled. 6 failed, 11 undelivered, 13 cancelled, 14 blocked by its owner."""
BUSY = frozenset({409, 451})
"""Its server cannot answer now, or too many calls of one kind: in an answer that is otherwise understood."""


class Kavenegar(Adapter):
    """Sends as the network's line: in development its slug. `keys` are the networks' accounts."""

    channel: Channel = "sms"
    buttons = False
    looks_up = True
    repeatable = True

    def __init__(self, client: httpx.AsyncClient, base_url: str, keys: Mapping[str, str]) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._keys = keys

    def serves(self, network_id: str) -> bool:
        return account_of(self._keys, network_id) is not None

    def _method(self, network_id: str, name: str) -> str:
        """A key stands in every address: none is ever logged."""
        return f"{self._base}/v1/{account_of(self._keys, network_id)}/sms/{name}.json"

    # Its API takes an instant at which to send, and none after which to give up: `expires_at` cannot be told.
    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        form = {
            "receptor": dialled(letter.to),
            "message": letter.text.body,
            "sender": letter.network_id,
            "localid": str(local_id(letter.reference)),
        }
        url = self._method(letter.network_id, "send")
        headers = http.referring(letter)
        return await http.post(self._client, url, _read, leaving, data=form, headers=headers)

    async def find(
        self, letter: Letter, since: datetime, others: Collection[str] = ()
    ) -> Known | Literal["cannot-tell"] | None:
        """By our reference; an unknown one is listed with no message id (status 100)."""
        del since, others
        query = {"localid": str(local_id(letter.reference))}
        try:
            url = self._method(letter.network_id, "statuslocalmessageid")
            answer = await self._client.get(url, params=query)
            answer.raise_for_status()
            entries = orjson.loads(answer.content)["entries"] or []
            found = [one for one in entries if int(one["status"]) != 100 and one.get("messageid")]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return "cannot-tell"
        return Known(str(found[0]["messageid"]), STATES.get(int(found[0]["status"]))) if found else None


def local_id(reference: str) -> int:
    """Our reference as the number that Kavenegar takes: the random half of a UUIDv7."""
    return UUID(reference).int & (2**62 - 1)


def dialled(phone: str) -> str:
    """An E.164 number as it is dialled in Iran: national there, with 00 elsewhere."""
    return f"0{phone.removeprefix('+98')}" if phone.startswith("+98") else f"00{phone.removeprefix('+')}"


def _e164(dialled_number: str) -> str:
    digits = dialled_number.lstrip("+")
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+98{digits[1:]}" if digits.startswith("0") else f"+{digits}"


def _read(answer: httpx.Response) -> Outcome:
    body: dict[str, Any] = orjson.loads(answer.content)
    code = int(body["return"]["status"])
    if code == 200:
        return Accepted(str(body["entries"][0]["messageid"]))
    if code in BUSY:
        return TooMany(None)
    return NotReached() if code >= 500 else Refused(f"kavenegar-{code}")


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """A state (`messageid`, `status`) or an SMS to the line (`messageid`, `from`, `to`, `message`)."""
    form = {**query, **dict(parse_qsl(body.decode(), keep_blank_values=True))}
    if "message" in form:
        written = Written("sms", form["messageid"], _e164(form["from"]), form["message"])
        return [], [written]
    code = int(form["status"])
    delivery = STATES.get(code)
    if delivery is None:
        return [], []
    reason = f"kavenegar-{code}" if delivery == "failed" else None
    return [Status("sms", form["messageid"], None, delivery, reason)], []

"""SMS by an HTTP gateway compatible with Twilio's Messages resource."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import parse_qsl, quote

import httpx
import orjson

from common.contracts.patient_profile import Channel
from notifications.channels import http
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Delivery,
    Known,
    Letter,
    Outcome,
    Refused,
    Status,
    Webhook,
    Written,
)

STATES: dict[str, Delivery] = {
    "sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed",
}  # fmt: skip


class Sms(Adapter):
    """Our reference travels in the callback's address: the wire has no field for it."""

    channel: Channel = "sms"
    buttons = False
    looks_up = True

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, account_sid: str, token: str, public_url: str
    ) -> None:
        self._client = client
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._auth = httpx.BasicAuth(account_sid, token)
        self._public_url = public_url.rstrip("/")

    async def send(self, letter: Letter) -> Outcome:
        form = {
            "To": letter.to,
            "From": letter.network_id,
            "Body": letter.text.body,
            "StatusCallback": f"{self._public_url}/webhooks/sms/{letter.network_id}?ref={quote(letter.reference)}",
        }
        return await http.call(lambda: self._client.post(self._url, data=form, auth=self._auth), _read)

    async def find(self, letter: Letter, since: datetime) -> Known | Literal["cannot-tell"] | None:
        """By what was sent to whom since then: the list does not show our reference."""
        query = {"To": letter.to, "From": letter.network_id, "PageSize": "1000"}
        try:
            answer = await self._client.get(self._url, params=query, auth=self._auth)
            answer.raise_for_status()
            listed = orjson.loads(answer.content)["messages"]
        except (httpx.HTTPError, ValueError, KeyError):
            return "cannot-tell"
        for one in listed:
            if one["body"] == letter.text.body and _created(one) >= since.replace(microsecond=0):
                return Known(one["sid"], STATES.get(one["status"]))
        return None


def _created(one: dict[str, str]) -> datetime:
    return parsedate_to_datetime(one["date_created"]).astimezone(UTC)


def _read(answer: httpx.Response) -> Outcome:
    body = orjson.loads(answer.content)
    if answer.is_success:
        return Accepted(str(body["sid"]))
    return Refused(f"sms-{body.get('code', answer.status_code)}")


def webhook(body: bytes, query: Mapping[str, str]) -> Webhook:
    """A state of a message that we sent, or an SMS that a patient wrote."""
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    state = form.get("MessageStatus") or form.get("SmsStatus", "")
    if state == "received" or "Body" in form:
        written = Written(
            channel="sms", provider_id=form["MessageSid"], sender=form["From"], text=form.get("Body", "")
        )
        return [], [written]
    delivery = STATES.get(state)
    if delivery is None:
        return [], []
    code = form.get("ErrorCode")
    return [
        Status("sms", form["MessageSid"], query.get("ref"), delivery, f"sms-{code}" if code else None)
    ], []

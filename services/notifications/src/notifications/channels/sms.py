"""SMS by an HTTP gateway compatible with Twilio's Messages resource."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from unicodedata import normalize
from urllib.parse import parse_qsl, quote

import httpx
import orjson

from common.clock import wall
from common.contracts.patient_profile import Channel
from notifications.channels import http
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Delivery,
    Known,
    Leaving,
    Letter,
    Outcome,
    Refused,
    Status,
    Webhook,
    Written,
    nothing_stops_it,
)

STATES: dict[str, Delivery] = {
    "sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed",
}  # fmt: skip
SHORTEST_VALIDITY, LONGEST_VALIDITY = 1, 36_000
"""Seconds that Twilio takes as a message's validity."""


class Sms(Adapter):
    """Our reference travels in the callback's address: the wire has no field for it."""

    channel: Channel = "sms"
    buttons = False
    looks_up = True

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, account_sid: str, token: str, public_url: str,
        *, now: Callable[[], datetime] = wall,
    ) -> None:  # fmt: skip
        self._client = client
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._auth = httpx.BasicAuth(account_sid, token)
        self._public_url = public_url.rstrip("/")
        self._now = now

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        form = {
            "To": letter.to,
            "From": letter.network_id,
            "Body": letter.text.body,
            "StatusCallback": f"{self._public_url}/webhooks/sms/{letter.network_id}?ref={quote(letter.reference)}",
            **self._validity(letter),
        }
        return await http.post(self._client, self._url, _read, leaving, data=form, auth=self._auth)

    async def find(
        self, letter: Letter, since: datetime, others: Collection[str] = ()
    ) -> Known | Literal["cannot-tell"] | None:
        """By what was sent to whom since then: the list does not show our reference. What has another text may be ours
        all the same, rewritten on its way: then nobody can tell."""
        query = {"To": letter.to, "From": letter.network_id, "PageSize": "1000"}
        try:
            answer = await self._client.get(self._url, params=query, auth=self._auth)
            answer.raise_for_status()
            listed = orjson.loads(answer.content)["messages"]
            sent = [
                one
                for one in listed
                if one["sid"] not in others and _created(one) >= since - http.CLOCKS_DIFFER
            ]
            ours = [one for one in sent if _bare(one["body"]) == _bare(letter.text.body)]
        except (httpx.HTTPError, ValueError, KeyError):
            return "cannot-tell"
        if not ours:
            return "cannot-tell" if sent else None
        nearest = min(ours, key=lambda one: abs(_created(one) - since))
        return Known(nearest["sid"], STATES.get(nearest["status"]))

    def _validity(self, letter: Letter) -> dict[str, str]:
        """How long it may wait for its phone, or for its turn: afterwards it says nothing to anybody."""
        if letter.expires_at is None:
            return {}
        seconds = int((letter.expires_at - self._now()).total_seconds())
        return {"ValidityPeriod": str(min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY))}


def _bare(text: str) -> str:
    """What gateways leave of a text: they change quotes, dashes and spaces, and take accents away."""
    return "".join(each for each in normalize("NFKD", text).casefold() if each.isalnum())


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

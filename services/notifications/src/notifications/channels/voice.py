"""Telephone calls by an API compatible with Twilio's: who is called, and what is said, as TwiML."""

from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import httpx
import orjson

from common.contracts.directory import Locale
from common.contracts.patient_profile import Channel
from notifications.channels import http
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Known,
    Leaving,
    Letter,
    Outcome,
    Refused,
    nothing_stops_it,
)
from notifications.rules.speech import Speech

API_VERSION = "2010-04-01"
RING_SECONDS = 30
KEY_SECONDS = 8
SPOKEN: dict[Locale, str] = {
    "ru": "ru-RU", "kk": "kk-KZ", "en": "en-GB", "pt-BR": "pt-BR", "fa": "fa-IR", "fr": "fr-FR", "zh-TW": "zh-TW",
}  # fmt: skip


class Voice(Adapter):
    """The text is not in the order to call: the telephony asks for it when somebody has picked up."""

    channel: Channel = "voice"
    buttons = True
    looks_up = True

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, account_sid: str, token: str, public_url: str
    ) -> None:
        self._client = client
        self._url = f"{base_url.rstrip('/')}/{API_VERSION}/Accounts/{account_sid}/Calls.json"
        self._auth = httpx.BasicAuth(account_sid, token)
        self._public_url = public_url

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        """Ring for half a minute; an answering machine is told apart from a person."""
        address = callback(self._public_url, letter.network_id, letter.reference)
        form = {
            "To": letter.to,
            "From": letter.network_id,
            "Url": f"{address}&step=0",
            "StatusCallback": callback(self._public_url, letter.network_id, letter.reference, part="/status"),
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
            "Timeout": str(RING_SECONDS),
            "MachineDetection": "Enable",
        }
        return await http.post(self._client, self._url, _read, leaving, data=form, auth=self._auth)

    async def find(
        self, letter: Letter, since: datetime, others: Collection[str] = ()
    ) -> Known | Literal["cannot-tell"] | None:
        """The list shows no reference of ours: no call to that number since is certain, any other may be another's."""
        query = {"To": letter.to, "From": letter.network_id, "PageSize": "100"}
        try:
            answer = await self._client.get(self._url, params=query, auth=self._auth)
            answer.raise_for_status()
            calls = orjson.loads(answer.content)["calls"]
            listed = [_created(one) for one in calls if one["sid"] not in others]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return "cannot-tell"
        return "cannot-tell" if any(at >= since - http.CLOCKS_DIFFER for at in listed) else None


def callback(public_url: str, network_id: str, reference: str, *, part: str = "") -> str:
    """Where the telephony comes back to, with our reference: its wire has no field for it."""
    return f"{public_url.rstrip('/')}/webhooks/voice/{network_id}{part}?ref={quote(reference)}"


def _created(one: dict[str, str]) -> datetime:
    return parsedate_to_datetime(one["date_created"]).astimezone(UTC)


def _read(answer: httpx.Response) -> Outcome:
    body = orjson.loads(answer.content)
    if answer.is_success:
        return Accepted(str(body["sid"]))
    return Refused(f"voice-{body.get('code', answer.status_code)}")


def document(speech: Speech, locale: Locale, *, next_url: str) -> str:
    """TwiML: say it all, then wait for one key, connect to a person, or hang up."""
    said = "".join(
        f"<Say language={quoteattr(SPOKEN[locale])}>{escape(line)}</Say>" for line in speech.lines if line
    )
    if speech.asks:
        body = (
            f'<Gather input="dtmf" numDigits="1" timeout="{KEY_SECONDS}" actionOnEmptyResult="true"'
            f' method="POST" action={quoteattr(next_url)}>{said}</Gather>'
        )
    elif speech.connect:
        body = f"{said}<Dial>{escape(speech.connect)}</Dial>"
    else:
        body = f"{said}<Hangup/>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'

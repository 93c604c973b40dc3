"""The Messages resource of an API compatible with Twilio's: send, look up, list."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering, retry_after
from devkit.sandbox.faults import Fault
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.sms.queries import number_in, wanted_by
from devkit.sandbox.sms.refusals import Refusal
from devkit.sandbox.sms.segments import segments
from devkit.sandbox.sms.webhooks import API_VERSION

LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
"""Seconds; also how long a message lives that says nothing of it."""
EXPIRED = 30036
PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


class SmsApi:
    def __init__(
        self, carrier: Carrier, *, token: str | None, hang_seconds: float, stop_words: tuple[str, ...] = ()
    ) -> None:
        self._carrier = carrier
        self._token = token
        self._hang_seconds = hang_seconds
        self._stop_words = frozenset(word.casefold() for word in stop_words)
        carrier.on_restored["carrier-block"] = self._restore_block
        carrier.on_heard["sms"] = self._heard

    def router(self) -> APIRouter:
        router = APIRouter(prefix=f"/twilio/{API_VERSION}/Accounts/{{account_sid}}", tags=["SMS (Twilio)"])
        router.add_api_route("/Messages.json", self.send, methods=["POST"])
        router.add_api_route("/Messages.json", self.listing, methods=["GET"])
        router.add_api_route("/Messages/{sid}.json", self.look_up, methods=["GET"])
        return router

    async def send(self, request: Request, account_sid: str) -> Response:
        body = await request.body()
        try:
            authenticate(request, account_sid, self._token)
            return await self._send(
                request, account_sid, dict(parse_qsl(body.decode(), keep_blank_values=True))
            )
        except Refusal as refusal:
            self._carrier.metrics.refused.labels("sms", str(refusal.code)).inc()
            return refusal.answer()

    async def _send(self, request: Request, account_sid: str, form: Mapping[str, str]) -> Response:
        message = self._message(account_sid, form)
        to = ("sms", message.address, message.account)
        async with answering(self._carrier, request, to, refuse=struck, hang_seconds=self._hang_seconds):
            await self._carrier.accept(message)
        return Json(resource(message, just_queued=True), status_code=201)

    def _message(self, account_sid: str, form: Mapping[str, str]) -> Message:
        to, sender, body = (
            form.get("To", ""),
            form.get("From") or form.get("MessagingServiceSid", ""),
            form.get("Body", ""),
        )
        if not to:
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if not sender:
            raise Refusal(400, 21603, "A 'From' phone number is required.")
        if not body:
            raise Refusal(400, 21602, "Message body is required.")
        if not PHONE.fullmatch(to):
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if len(body) > LONGEST_BODY:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if self._carrier.phones.is_blocked(sender, to):
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        size = segments(body)
        now = self._carrier.clock.now()
        callback = form.get("StatusCallback") or None
        return Message(
            id=f"SM{uuid4().hex}",
            channel="sms",
            account=sender,
            address=to,
            at=now,
            text=body,
            reference=reference_of(callback),
            expiry=Report("undelivered", now + _validity(form), EXPIRED),
            details={
                "account_sid": account_sid,
                "status_callback": callback,
                "segments": size.count,
                "encoding": size.encoding,
            },
        )

    async def look_up(self, request: Request, account_sid: str, sid: str) -> Response:
        try:
            authenticate(request, account_sid, self._token)
        except Refusal as refusal:
            return refusal.answer()
        message = self._carrier.phones.find(sid)
        if message is None or message.channel != "sms" or message.details.get("account_sid") != account_sid:
            path = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{sid}.json"
            return Refusal(404, 20404, f"The requested resource {path} was not found").answer()
        return Json(resource(message))

    async def listing(self, request: Request, account_sid: str) -> Response:
        try:
            authenticate(request, account_sid, self._token)
            wanted = wanted_by(request.query_params)
            page = number_in(request.query_params, "Page", 0, 10**9)
            size = number_in(request.query_params, "PageSize", 50, 1000)
        except Refusal as refusal:
            return refusal.answer()
        address = request.query_params.get("To")
        kept = (
            self._carrier.phones.thread(address, everything=True)
            if address
            else self._carrier.phones.everything()
        )
        found = [
            message
            for message in reversed(kept)
            if message.channel == "sms"
            and message.details.get("account_sid") == account_sid
            and wanted(message)
        ]
        return Json(_page(request, account_sid, found, page, size))

    def _heard(self, message: Message) -> None:
        """Where the carrier itself minds the words of opting out, they block or unblock the sender."""
        word = message.text.strip().casefold()
        if word in self._stop_words:
            blocked = True
        elif self._stop_words and word in {"start", "unstop"}:
            blocked = False
        else:
            return
        record = {
            "kind": "carrier-block",
            "account": message.account,
            "address": message.address,
            "blocked": blocked,
        }
        self._carrier.journal.note(record)
        self._restore_block(record)

    def _restore_block(self, record: Mapping[str, Any]) -> None:
        change = self._carrier.phones.block if record["blocked"] else self._carrier.phones.unblock
        change(record["account"], record["address"])


def authenticate(request: Request, account_sid: str, token: str | None) -> None:
    """By the account or an API key of it. Refuses with 20003."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    known = user == account_sid or user.startswith("SK")
    right = token is None or hmac.compare_digest(password.encode(), token.encode())
    if scheme.lower() != "basic" or not password or not known or not right:
        raise Refusal(401, 20003, "Authenticate")


def resource(message: Message, *, just_queued: bool = False) -> dict[str, Any]:
    """Twilio's JSON of one message. Right after sending it is queued, whatever comes of it."""
    sid = message.details.get("account_sid", "")
    uri = f"/{API_VERSION}/Accounts/{sid}/Messages/{message.id}"
    ended = [] if just_queued else [each for each in message.reports if each.status == message.status]
    code = next((report.code for report in ended if report.code), None)
    at = format_datetime(message.at.astimezone(UTC).replace(microsecond=0))
    status = "received" if message.by_patient else "queued" if just_queued else message.status
    return {
        "account_sid": sid,
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": at,
        "date_sent": None if just_queued else at,
        "date_updated": at,
        "direction": "inbound" if message.by_patient else "outbound-api",
        "error_code": code,
        "error_message": None,
        "from": message.address if message.by_patient else message.account,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(message.details.get("segments", 1)),
        "price": None,
        "price_unit": "USD",
        "sid": message.id,
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.account if message.by_patient else message.address,
        "uri": f"{uri}.json",
    }


def struck(fault: Fault) -> Refusal:
    if fault.kind == "429":
        return Refusal(429, 20429, "Too Many Requests", headers=retry_after(fault))
    return Refusal(500, 20500, "Internal Server Error")


def reference_of(callback: str | None) -> str | None:
    """The network's own reference, which travels in its callback address; Twilio has no field for it."""
    if callback is None:
        return None
    return dict(parse_qsl(callback.partition("?")[2])).get("ref")


def _validity(form: Mapping[str, str]) -> timedelta:
    given = form.get("ValidityPeriod", str(LONGEST_VALIDITY))
    if not given.isdecimal() or not 1 <= int(given) <= LONGEST_VALIDITY:
        raise Refusal(400, 21624, "Invalid validity period value")
    return timedelta(seconds=int(given))


def _page(request: Request, account_sid: str, found: list[Message], page: int, size: int) -> dict[str, Any]:
    size = max(size, 1)
    start, end = page * size, (page + 1) * size
    path = f"/{API_VERSION}/Accounts/{account_sid}/Messages.json"

    def address(number: int) -> str:
        query = {**request.query_params, "PageSize": str(size), "Page": str(number)}
        return f"{path}?{urlencode(query)}"

    shown = found[start:end]
    return {
        "messages": [resource(message) for message in shown],
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(len(shown) - 1, 0),
        "uri": address(page),
        "first_page_uri": address(0),
        "next_page_uri": address(page + 1) if end < len(found) else None,
        "previous_page_uri": address(page - 1) if page else None,
    }

"""The Calls resource of an API compatible with Twilio's: call, list; and how a phone calls the clinic."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering
from devkit.sandbox.messages import Message
from devkit.sandbox.problems import Problem
from devkit.sandbox.sms.api import PHONE, authenticate, reference_of, struck
from devkit.sandbox.sms.refusals import Refusal
from devkit.sandbox.sms.webhooks import API_VERSION
from devkit.sandbox.viewing import e164
from devkit.sandbox.voice.telephone import Telephone
from devkit.sandbox.voice.webhooks import CALL_STATUS

Until = Literal["ringing", "answered", "ended", "missed"]
WORDS: dict[Until, tuple[str, ...]] = {
    "ringing": (), "answered": ("in-progress",), "ended": ("in-progress", "completed"), "missed": ("no-answer",),
}  # fmt: skip
"""What the telephony tells after a call has begun to ring."""


class Ringing(BaseModel):
    """A phone calls a network, at one of its numbers (`to`) or in general."""

    model_config = ConfigDict(extra="forbid")

    account: str
    to: str | None = None
    until: Until = "ringing"
    seconds: int = Field(60, ge=0)


class GoingOn(BaseModel):
    """How a call to the clinic goes on."""

    model_config = ConfigDict(extra="forbid")

    until: Literal["answered", "ended", "missed"]
    seconds: int = Field(60, ge=0)


class VoiceApi:
    def __init__(
        self, carrier: Carrier, telephone: Telephone, *, token: str | None, hang_seconds: float
    ) -> None:
        self._carrier = carrier
        self._telephone = telephone
        self._token = token
        self._hang_seconds = hang_seconds

    def router(self) -> APIRouter:
        router = APIRouter(tags=["Voice (Twilio)"])
        path = f"/twilio/{API_VERSION}/Accounts/{{account_sid}}/Calls.json"
        router.add_api_route(path, self.call, methods=["POST"])
        router.add_api_route(path, self.listing, methods=["GET"])
        router.add_api_route("/phones/{phone}/calls", self.call_clinic, methods=["POST"], status_code=201)
        router.add_api_route("/phones/{phone}/calls/{call_id}", self.go_on, methods=["POST"])
        return router

    async def call(self, request: Request, account_sid: str) -> Response:
        body = await request.body()
        try:
            authenticate(request, account_sid, self._token)
            call = self._message(account_sid, dict(parse_qsl(body.decode(), keep_blank_values=True)))
            to = ("voice", call.address, call.account)
            async with answering(self._carrier, request, to, refuse=struck, hang_seconds=self._hang_seconds):
                self._telephone.ring(await self._carrier.accept(call))
        except Refusal as refusal:
            self._carrier.metrics.refused.labels("voice", str(refusal.code)).inc()
            return refusal.answer()
        return Json({**resource(call), "status": "queued"}, status_code=201)

    def _message(self, account_sid: str, form: Mapping[str, str]) -> Message:
        to, sender, url = form.get("To", ""), form.get("From", ""), form.get("Url", "")
        if not PHONE.fullmatch(to):
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not sender:
            raise Refusal(400, 21213, "From is required")
        if not url:
            raise Refusal(400, 21205, "Url parameter is required.")
        return Message(
            id=f"CA{uuid4().hex}",
            channel="voice",
            account=sender,
            address=to,
            at=self._carrier.clock.now(),
            text="",
            reference=reference_of(url),
            details={
                "account_sid": account_sid,
                "url": url,
                "status_callback": form.get("StatusCallback") or None,
            },
        )

    async def listing(self, request: Request, account_sid: str) -> Response:
        try:
            authenticate(request, account_sid, self._token)
        except Refusal as refusal:
            return refusal.answer()
        query = request.query_params
        kept = self._carrier.phones.thread(query["To"], everything=True) if "To" in query else []
        found = [
            resource(call)
            for call in reversed(kept)
            if call.channel == "voice" and not call.by_patient and query.get("From") in (None, call.account)
        ]
        return Json({"calls": found[: int(query.get("PageSize", "50"))]})

    async def call_clinic(self, phone: str, order: Ringing) -> Response:
        """Rings the clinic's telephone, and goes on as far as is asked."""
        call = Message(
            id=f"CA{uuid4().hex}",
            channel="voice",
            account=order.account,
            address=e164(phone),
            at=self._carrier.clock.now(),
            text=f"☎ {order.to or order.account}",
            by_patient=True,
            details={"clinic_number": order.to},
        )
        if not await self._telephone.call_clinic(call):
            raise Problem(502, "call-refused", "the gateway did not take it", id=call.id)
        await self._tell(call, order.until, order.seconds)
        return Json({"id": call.id, "state": order.until}, 201)

    async def go_on(self, phone: str, call_id: str, order: GoingOn) -> Response:
        """The desk picks up, or the call ends."""
        call = self._carrier.phones.find(call_id)
        if call is None or call.address != e164(phone) or not call.by_patient:
            raise Problem(404, "no-such-call", f"{phone} has made no call {call_id}")
        await self._tell(call, order.until, order.seconds)
        return Json({"id": call.id, "state": order.until})

    async def _tell(self, call: Message, until: Until, seconds: int) -> None:
        for status in WORDS[until]:
            if not await self._telephone.go_on(call, status, seconds):
                raise Problem(502, "call-refused", "the gateway did not take it", id=call.id)


def resource(call: Message) -> dict[str, Any]:
    """Twilio's JSON of one call."""
    return {
        "account_sid": call.details.get("account_sid", ""),
        "date_created": format_datetime(call.at.astimezone(UTC).replace(microsecond=0)),
        "direction": "outbound-api",
        "duration": str(call.details.get("seconds", 0)),
        "from": call.account,
        "sid": call.id,
        "status": CALL_STATUS.get(call.status, "queued"),
        "to": call.address,
    }

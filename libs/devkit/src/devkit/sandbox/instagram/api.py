"""The Send API of Meta's Messenger Platform for a professional Instagram account; any version is taken.

In the sandbox an access token is `<account>.<secret>`.
"""

import base64
import hmac
from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devkit.sandbox.apps import INSTAGRAM
from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering, retry_after
from devkit.sandbox.faults import Fault
from devkit.sandbox.messages import Button, Message

WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
LONGEST_TEXT = 1000
"""Bytes in UTF-8."""


class Refusal(Exception):  # noqa: N818 - an answer of Meta's, not a failure of ours
    def __init__(
        self, status: int, code: int, message: str, *, subcode: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.code = code
        self.subcode = subcode
        self.headers = headers

    def answer(self) -> Json:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": uuid4().hex[:22],
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return Json({"error": error}, status_code=self.status, headers=self.headers)


class Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class QuickReply(Loose):
    content_type: Literal["text"]
    title: str = Field(min_length=1, max_length=20)
    payload: str = Field(min_length=1, max_length=1000)


class SentText(Loose):
    text: str = Field(min_length=1)
    quick_replies: list[QuickReply] = Field(default_factory=list, max_length=13)


class Recipient(Loose):
    id: str


class Sent(Loose):
    recipient: Recipient
    message: SentText
    messaging_type: Literal["RESPONSE", "UPDATE", "MESSAGE_TAG"]
    tag: Literal["HUMAN_AGENT"] | None = None

    @property
    def window(self) -> timedelta:
        """How long after the patient last wrote it may come."""
        return HUMAN_AGENT_WINDOW if self.messaging_type == "MESSAGE_TAG" and self.tag else WINDOW


class InstagramApi:
    def __init__(self, carrier: Carrier, *, secret: str | None, hang_seconds: float) -> None:
        self._carrier = carrier
        self._secret = secret
        self._hang_seconds = hang_seconds

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/instagram", tags=["Instagram (Messenger Platform)"])
        router.add_api_route("/v{version}/me/messages", self.send, methods=["POST"])
        return router

    async def send(self, request: Request) -> Response:
        try:
            account = self._account(request)
            return await self._send(request, account, Sent.model_validate(orjson.loads(await request.body())))
        except (ValidationError, orjson.JSONDecodeError):
            return self._refused(Refusal(400, 100, "Invalid parameter"))
        except Refusal as refusal:
            return self._refused(refusal)

    async def _send(self, request: Request, account: str, sent: Sent) -> Response:
        phone = INSTAGRAM.phone(sent.recipient.id)
        heard = self._carrier.phones.heard_at("instagram", account, phone) if phone else None
        if phone is None or heard is None:
            raise Refusal(400, 100, "No matching user found", subcode=2534014)
        if len(sent.message.text.encode()) > LONGEST_TEXT:
            raise Refusal(400, 100, "Length of param message[text] must be less than or equal to 1000")
        if self._carrier.clock.now() - heard >= sent.window:
            raise Refusal(400, 10, "This message is sent outside of allowed window.", subcode=2534022)
        message = Message(
            id=message_id(),
            channel="instagram",
            account=account,
            address=phone,
            at=self._carrier.clock.now(),
            text=sent.message.text,
            buttons=[Button("reply", each.title, each.payload) for each in sent.message.quick_replies],
            reference=request.headers.get("X-Vinculo-Reference"),
        )
        to = ("instagram", phone, account)
        async with answering(self._carrier, request, to, refuse=_struck, hang_seconds=self._hang_seconds):
            await self._carrier.accept(message)
        return Json({"recipient_id": sent.recipient.id, "message_id": message.id})

    def _account(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        account, _, secret = token.rpartition(".")
        right = self._secret is None or hmac.compare_digest(secret.encode(), self._secret.encode())
        if scheme.lower() != "bearer" or not account or not right:
            raise Refusal(401, 190, "Invalid OAuth access token - Cannot parse access token")
        return account

    def _refused(self, refusal: Refusal) -> Response:
        self._carrier.metrics.refused.labels("instagram", str(refusal.code)).inc()
        return refusal.answer()


def message_id() -> str:
    """As Meta's look."""
    return f"aWdf{base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip('=')}"


def _struck(fault: Fault) -> Refusal:
    if fault.kind == "429":
        return Refusal(
            429, 613, "Calls to this api have exceeded the rate limit.", headers=retry_after(fault)
        )
    return Refusal(500, 2, "An unexpected error has occurred. Please retry your request later.")

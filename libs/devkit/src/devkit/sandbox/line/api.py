"""LINE's push messages, each taken once under its retry key.

In the sandbox a channel access token is `<account>.<secret>`.
"""

import hmac
from typing import Literal
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devkit.sandbox.apps import LINE
from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering, retry_after
from devkit.sandbox.faults import Fault
from devkit.sandbox.messages import Button, Message


class Refusal(Exception):  # noqa: N818 - an answer of LINE's, not a failure of ours
    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}

    def answer(self) -> Json:
        headers = {"x-line-request-id": str(uuid4()), **self.headers}
        return Json({"message": str(self)}, status_code=self.status, headers=headers)


class Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Postback(Loose):
    type: Literal["postback"]
    label: str = Field(min_length=1, max_length=20)
    data: str = Field(min_length=1, max_length=300)
    displayText: str = Field(min_length=1, max_length=300)  # noqa: N815 - LINE's name


class QuickReplyItem(Loose):
    type: Literal["action"]
    action: Postback


class QuickReply(Loose):
    items: list[QuickReplyItem] = Field(max_length=13)


class Text(Loose):
    type: Literal["text"]
    text: str = Field(min_length=1, max_length=5000)
    quickReply: QuickReply = QuickReply(items=[])  # noqa: N815 - LINE's name

    def buttons(self) -> list[Button]:
        return [Button("reply", item.action.displayText, item.action.data) for item in self.quickReply.items]


class Push(Loose):
    to: str
    messages: list[Text] = Field(min_length=1, max_length=1)
    """LINE takes up to five; the product sends one at a time."""


class LineApi:
    def __init__(self, carrier: Carrier, *, secret: str | None, hang_seconds: float) -> None:
        self._carrier = carrier
        self._secret = secret
        self._hang_seconds = hang_seconds
        self._under_way: set[UUID] = set()

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/line", tags=["LINE Messaging API"])
        router.add_api_route("/v2/bot/message/push", self.push, methods=["POST"])
        return router

    async def push(self, request: Request) -> Response:
        try:
            account = self._account(request)
            key = _retry_key(request)
            sent = Push.model_validate(orjson.loads(await request.body()))
            return await self._push(request, account, key, sent)
        except (ValidationError, orjson.JSONDecodeError):
            return self._refused(Refusal(400, "The request body has 1 error(s)"))
        except Refusal as refusal:
            return self._refused(refusal)

    async def _push(self, request: Request, account: str, key: UUID | None, sent: Push) -> Response:
        phone = LINE.phone(sent.to)
        if phone is None or self._carrier.phones.heard_at("line", account, phone) is None:
            raise Refusal(400, "Failed to send messages")
        if key is not None and (known := self._taken(account, phone, key)):
            return Json(
                {"message": "The retry key is already accepted", "sentMessages": [{"id": known.id}]},
                status_code=409,
                headers={
                    "x-line-request-id": str(uuid4()),
                    "x-line-accepted-request-id": known.details["request_id"],
                },
            )
        if key in self._under_way:
            raise Refusal(409, "The retry key is being processed")
        message = self._message(account, phone, key, sent.messages[0])
        to = ("line", phone, account)
        if key is not None:
            self._under_way.add(key)
        try:
            async with answering(self._carrier, request, to, refuse=_struck, hang_seconds=self._hang_seconds):
                await self._carrier.accept(message)
        finally:
            self._under_way.discard(key) if key is not None else None
        return Json(
            {"sentMessages": [{"id": message.id, "quoteToken": uuid4().hex}]},
            headers={"x-line-request-id": message.details["request_id"]},
        )

    def _message(self, account: str, phone: str, key: UUID | None, sent: Text) -> Message:
        return Message(
            id=message_id(),
            channel="line",
            account=account,
            address=phone,
            at=self._carrier.clock.now(),
            text=sent.text,
            buttons=sent.buttons(),
            reference=str(key) if key is not None else None,
            details={"request_id": str(uuid4())},
        )

    def _taken(self, account: str, phone: str, key: UUID) -> Message | None:
        return next(
            (
                message
                for message in self._carrier.phones.thread(phone, everything=True)
                if message.channel == "line" and message.account == account and message.reference == str(key)
            ),
            None,
        )

    def _account(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        account, _, secret = token.rpartition(".")
        right = self._secret is None or hmac.compare_digest(secret.encode(), self._secret.encode())
        if scheme.lower() != "bearer" or not account or not right:
            raise Refusal(401, "Authentication failed due to the following reason: invalid token")
        return account

    def _refused(self, refusal: Refusal) -> Response:
        self._carrier.metrics.refused.labels("line", str(refusal.status)).inc()
        return refusal.answer()


def message_id() -> str:
    """LINE's ids of messages are numbers."""
    return str(uuid4().int % 10**18)


def _retry_key(request: Request) -> UUID | None:
    given = request.headers.get("X-Line-Retry-Key")
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Refusal(400, "Invalid retry key") from error


def _struck(fault: Fault) -> Refusal:
    if fault.kind == "429":
        return Refusal(429, "The API rate limit has been exceeded. Try again later.", retry_after(fault))
    return Refusal(500, "Internal server error")

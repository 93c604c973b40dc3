"""The methods of Telegram's Bot API that a bot needs to write and to answer presses.

In the sandbox a bot's token is `<account>:<secret>`, as Telegram's begin with the bot's own id.
"""

import hmac
from typing import Any, Literal
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devkit.sandbox.apps import TELEGRAM
from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering, retry_after
from devkit.sandbox.faults import Fault
from devkit.sandbox.messages import Button, Message


class Refusal(Exception):  # noqa: N818 - an answer of Telegram's, not a failure of ours
    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters

    def answer(self) -> Json:
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": str(self)}
        if self.parameters:
            body["parameters"] = self.parameters
        return Json(body, status_code=self.status)


class Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class InlineButton(Loose):
    text: str = Field(min_length=1)
    callback_data: str | None = None
    url: str | None = None

    def shown(self) -> Button:
        if self.url:
            return Button("url", self.text, url=self.url)
        if not 1 <= len((self.callback_data or "").encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        return Button("reply", self.text, self.callback_data)


class ContactKey(Loose):
    """A key in the keyboard's place that shares the phone of whoever presses it; other keys are not spoken here."""

    text: str = Field(min_length=1)
    request_contact: Literal[True]

    def shown(self) -> Button:
        return Button("contact", self.text)


class Markup(Loose):
    inline_keyboard: list[list[InlineButton]] = Field(default_factory=list)
    keyboard: list[list[ContactKey]] = Field(default_factory=list)

    def shown(self) -> list[Button]:
        inline = [button.shown() for row in self.inline_keyboard for button in row]
        return inline + [key.shown() for row in self.keyboard for key in row]


class SendMessage(Loose):
    chat_id: int | str
    text: str
    reply_markup: Markup = Markup()


class AnswerCallbackQuery(Loose):
    callback_query_id: str


class TelegramApi:
    def __init__(self, carrier: Carrier, *, secret: str | None, hang_seconds: float) -> None:
        self._carrier = carrier
        self._secret = secret
        self._hang_seconds = hang_seconds

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/telegram", tags=["Telegram Bot API"])
        router.add_api_route("/bot{token}/{method}", self.call, methods=["POST"])
        return router

    async def call(self, request: Request, token: str, method: str) -> Response:
        try:
            account = self._account(token)
            body = orjson.loads(await request.body())
            match method:
                case "sendMessage":
                    return await self._send(request, account, SendMessage.model_validate(body))
                case "answerCallbackQuery":
                    return self._answer_press(account, AnswerCallbackQuery.model_validate(body))
            raise Refusal(404, "Not Found")
        except (ValidationError, orjson.JSONDecodeError):
            return self._refused(Refusal(400, "Bad Request: can't parse the request"))
        except Refusal as refusal:
            return self._refused(refusal)

    async def _send(self, request: Request, account: str, sent: SendMessage) -> Response:
        phone = TELEGRAM.phone(str(sent.chat_id))
        if phone is None or self._carrier.phones.heard_at("telegram", account, phone) is None:
            raise Refusal(400, "Bad Request: chat not found")
        if not sent.text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if len(sent.text) > 4096:
            raise Refusal(400, "Bad Request: message is too long")
        message = Message(
            id=message_id(phone),
            channel="telegram",
            account=account,
            address=phone,
            at=self._carrier.clock.now(),
            text=sent.text,
            buttons=sent.reply_markup.shown(),
            reference=request.headers.get("X-Vinculo-Reference"),
        )
        to = ("telegram", phone, account)
        async with answering(self._carrier, request, to, refuse=_struck, hang_seconds=self._hang_seconds):
            await self._carrier.accept(message)
        return Json({"ok": True, "result": resource(message)})

    def _answer_press(self, account: str, answered: AnswerCallbackQuery) -> Response:
        press = self._carrier.phones.find(answered.callback_query_id)
        if press is None or press.account != account or "payload" not in press.details:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        press.details["answered"] = True
        return Json({"ok": True, "result": True})

    def _account(self, token: str) -> str:
        account, _, secret = token.partition(":")
        right = self._secret is None or hmac.compare_digest(secret.encode(), self._secret.encode())
        if not account or not secret or not right:
            raise Refusal(401, "Unauthorized")
        return account

    def _refused(self, refusal: Refusal) -> Response:
        self._carrier.metrics.refused.labels("telegram", str(refusal.status)).inc()
        return refusal.answer()


def message_id(phone: str) -> str:
    """Telegram numbers messages within their chat; here both stand in one id."""
    return f"{TELEGRAM.handle(phone)}:{uuid4().int & 0x7FFFFFFF}"


def resource(message: Message) -> dict[str, Any]:
    """Telegram's JSON of one message in a chat of two."""
    chat, _, number = message.id.partition(":")
    keyboard = [
        [{"text": each.title} | ({"url": each.url} if each.url else {"callback_data": each.payload})]
        for each in message.buttons
        if each.kind != "contact"
    ]
    shown: dict[str, Any] = {
        "message_id": int(number),
        "date": int(message.at.timestamp()),
        "chat": {"id": int(chat), "type": "private"},
        "text": message.text,
    }
    return shown | ({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {})


def _struck(fault: Fault) -> Refusal:
    if fault.kind == "429":
        seconds = retry_after(fault).get("Retry-After", "1")
        return Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": int(seconds)})
    return Refusal(500, "Internal Server Error")

"""Meta's Graph API as far as a business that sends messages needs it; any version is taken."""

import base64
import hmac
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering
from devkit.sandbox.messages import Message, Report
from devkit.sandbox.whatsapp.errors import Refusal, struck
from devkit.sandbox.whatsapp.registry import Registry
from devkit.sandbox.whatsapp.requests import (
    SENT,
    AnySent,
    SentByTemplate,
    SentDocument,
    SentInteractive,
    SentText,
)
from devkit.sandbox.whatsapp.templates import ParametersDoNotMatch, Template, show

WINDOW = timedelta(hours=24)


class WhatsAppApi:
    def __init__(
        self, carrier: Carrier, *, token: str | None, hang_seconds: float, refuses_window_by: str = "answer"
    ) -> None:
        self._carrier = carrier
        self._registry = Registry(carrier.journal)
        carrier.on_restored["template"] = self._registry.restore
        self._token = token
        self._hang_seconds = hang_seconds
        self._refuses_window_by = refuses_window_by

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/whatsapp", tags=["WhatsApp Business Cloud API"])
        router.add_api_route("/v{version}/{sender}/messages", self.send, methods=["POST"])
        router.add_api_route("/v{version}/{business}/message_templates", self.register, methods=["POST"])
        router.add_api_route("/v{version}/{business}/message_templates", self.templates, methods=["GET"])
        router.add_api_route("/v{version}/{business}/message_templates", self.remove, methods=["DELETE"])
        router.add_api_route("/v{version}/{template_id}", self.edit, methods=["POST"])
        return router

    async def send(self, request: Request, sender: str) -> Response:
        body = await request.body()
        try:
            self._authenticate(request)
            return await self._send(request, sender, _json(body))
        except Refusal as refusal:
            return self._refused(refusal)

    async def _send(self, request: Request, sender: str, body: dict[str, Any]) -> Response:
        if body.get("status") == "read":
            return Json({"success": True})
        sent = _parsed(body)
        address = _phone(sent.to)
        to = ("whatsapp", address, sender)
        async with answering(self._carrier, request, to, refuse=struck, hang_seconds=self._hang_seconds):
            message = await self._accept(sent, sender, address)
        answer = {"id": message.id} | (
            {"message_status": "accepted"} if isinstance(sent, SentByTemplate) else {}
        )
        return Json(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": sent.to, "wa_id": address.lstrip("+")}],
                "messages": [answer],
            }
        )

    async def _accept(self, sent: AnySent, sender: str, address: str) -> Message:
        message = self._message(sent, sender, address)
        if isinstance(sent, SentByTemplate) or self._in_window(sender, address):
            return await self._carrier.accept(message)
        if self._refuses_window_by == "answer":
            raise Refusal(131047)
        failed = Report("failed", code=131047)
        return await self._carrier.accept_as(message, [failed], [failed], [])

    def _message(self, sent: AnySent, sender: str, address: str) -> Message:
        message = Message(
            id=f"wamid.HBgL{base64.b64encode(uuid4().bytes + b'VINC').decode().rstrip('=')}",
            channel="whatsapp",
            account=sender,
            address=address,
            at=self._carrier.clock.now(),
            text="",
            reference=sent.biz_opaque_callback_data,
            answers=sent.context.message_id if sent.context else None,
            details={"form": sent.type},
        )
        match sent:
            case SentText():
                message.text = sent.text.body
            case SentDocument(document=document):
                message.text = document.caption
                message.details |= {"link": document.link, "filename": document.filename}
            case SentInteractive(interactive=interactive):
                message.text = interactive.body.text
                message.buttons = interactive.action.shown()
                message.details |= {
                    "list": interactive.type == "list",
                    "header": interactive.header.text if interactive.header else "",
                    "footer": interactive.footer.text if interactive.footer else "",
                }
            case SentByTemplate():
                self._show_template(message, sent)
        return message

    def _show_template(self, message: Message, sent: SentByTemplate) -> None:
        template = self._registry.find(message.account, sent.template.name, sent.template.language.code)
        try:
            shown = show(sent.template, template)
        except ParametersDoNotMatch as mismatch:
            raise Refusal(132000, str(mismatch)) from mismatch
        message.text = shown.text
        message.buttons = shown.buttons
        message.details |= {
            "template": sent.template.name,
            "language": sent.template.language.code,
            "category": template.category.lower() if template else "utility",
            "header": shown.header,
            "footer": shown.footer,
        }

    def _in_window(self, sender: str, address: str) -> bool:
        heard = self._carrier.phones.heard_at("whatsapp", sender, address)
        return heard is not None and self._carrier.clock.now() - heard < WINDOW

    async def register(self, request: Request, business: str) -> Response:
        body = await request.body()
        try:
            self._authenticate(request)
            template = Template.model_validate(_json(body))
            kept = self._registry.add(business, template)
        except ValidationError as error:
            return self._refused(Refusal(100, _details(error)))
        except Refusal as refusal:
            return self._refused(refusal)
        return Json({"id": kept.id, "status": "APPROVED", "category": template.category})

    async def edit(self, request: Request, template_id: str) -> Response:
        body = await request.body()
        try:
            self._authenticate(request)
            self._registry.edit(template_id, _json(body))
        except ValidationError as error:
            return self._refused(Refusal(100, _details(error)))
        except Refusal as refusal:
            return self._refused(refusal)
        return Json({"success": True})

    async def templates(self, request: Request, business: str, name: str | None = None) -> Response:
        try:
            self._authenticate(request)
        except Refusal as refusal:
            return self._refused(refusal)
        listed = [kept.shown() for kept in self._registry.of(business) if name in (None, kept.template.name)]
        return Json({"data": listed, "paging": {}})

    async def remove(self, request: Request, business: str, name: str) -> Response:
        try:
            self._authenticate(request)
            self._registry.remove(business, name)
        except Refusal as refusal:
            return self._refused(refusal)
        return Json({"success": True})

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(190)
        if self._token is not None and not hmac.compare_digest(token.encode(), self._token.encode()):
            raise Refusal(190)

    def _refused(self, refusal: Refusal) -> Response:
        self._carrier.metrics.refused.labels("whatsapp", str(refusal.code)).inc()
        return refusal.answer()


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(100, "The request body is not JSON") from error
    if not isinstance(parsed, dict):
        raise Refusal(100, "The request body is not an object")
    return parsed


def _parsed(body: dict[str, Any]) -> AnySent:
    try:
        return SENT.validate_python({"type": "text", **body})
    except ValidationError as error:
        raise Refusal(100, _details(error)) from error


def _details(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"Param {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _phone(to: str) -> str:
    digits = "".join(character for character in to if character not in "+-() \u00a0")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise Refusal(100, "Param to must be a phone number with its country code")
    return f"+{digits}"

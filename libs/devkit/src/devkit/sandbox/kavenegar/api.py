"""Sending and looking up: `send.json`, `status.json`, `statuslocalmessageid.json`. A `localid` is sent once."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.exchange import Json, answering, retry_after
from devkit.sandbox.faults import Fault
from devkit.sandbox.kavenegar.webhooks import NAME, STATES
from devkit.sandbox.messages import Message
from devkit.sandbox.sms.segments import segments

DIALLED = re.compile(r"(?:0|00|\+)?[1-9]\d{6,14}", re.ASCII)
QUEUED, UNKNOWN = 1, 100


class Refusal(Exception):  # noqa: N818 - an answer of Kavenegar's, not a failure of ours
    def __init__(
        self, status: int, message: str, *, http: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.http = http or status
        self.headers = headers

    def answer(self) -> Response:
        body = {"return": {"status": self.status, "message": str(self)}, "entries": None}
        return Json(body, self.http, self.headers)


class KavenegarApi:
    def __init__(self, carrier: Carrier, *, key: str | None, hang_seconds: float) -> None:
        self._carrier = carrier
        self._key = key
        self._hang_seconds = hang_seconds

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/kavenegar/v1/{api_key}/sms", tags=["SMS (Kavenegar)"])
        router.add_api_route("/send.json", self.send, methods=["GET", "POST"])
        router.add_api_route("/status.json", self.status, methods=["GET", "POST"])
        router.add_api_route("/statuslocalmessageid.json", self.status_of_local, methods=["GET", "POST"])
        return router

    async def send(self, request: Request, api_key: str) -> Response:
        form = await _form(request)
        try:
            self._authenticate(api_key)
            known = self._local(form.get("localid"))
            if known is not None:
                return _entries([_entry(known, QUEUED)])
            message = self._message(form, request.headers.get("X-Vinculo-Reference"))
            to = ("sms", message.address, message.account)
            async with answering(self._carrier, request, to, refuse=_struck, hang_seconds=self._hang_seconds):
                await self._carrier.accept(message)
        except Refusal as refusal:
            self._carrier.metrics.refused.labels("sms", str(refusal.status)).inc()
            return refusal.answer()
        return _entries([_entry(message, QUEUED)])

    async def status(self, request: Request, api_key: str) -> Response:
        form = await _form(request)
        try:
            self._authenticate(api_key)
        except Refusal as refusal:
            return refusal.answer()
        wanted = form.get("messageid", "").split(",")
        return _entries([_state(self._carrier.phones.find(one), {"messageid": one}) for one in wanted])

    async def status_of_local(self, request: Request, api_key: str) -> Response:
        form = await _form(request)
        try:
            self._authenticate(api_key)
        except Refusal as refusal:
            return refusal.answer()
        local = form.get("localid", "")
        return _entries([_state(self._local(local), {"messageid": None, "localid": local})])

    def _authenticate(self, api_key: str) -> None:
        if self._key is not None and api_key != self._key:
            raise Refusal(403, "کد شناسائی API-Key معتبر نمی‌باشد")

    def _local(self, localid: str | None) -> Message | None:
        if not localid:
            return None
        return next(
            (
                message
                for message in self._carrier.phones.everything()
                if message.details.get("provider") == NAME and message.details.get("localid") == localid
            ),
            None,
        )

    def _message(self, form: Mapping[str, str], reference: str | None) -> Message:
        receptor, text, sender = (form.get(name, "") for name in ("receptor", "message", "sender"))
        if not DIALLED.fullmatch(receptor):
            raise Refusal(411, "دریافت کننده نامعتبر است")
        if not sender:
            raise Refusal(412, "ارسال کننده نامعتبر است")
        if not text:
            raise Refusal(402, "عملیات ناموفق بود")
        size = segments(text)
        localid = form.get("localid") or None
        return Message(
            id=str(uuid4().int % 10**10),
            channel="sms",
            account=sender,
            address=_e164(receptor),
            at=self._carrier.clock.now(),
            text=text,
            reference=reference or localid,
            details={
                "provider": NAME,
                "localid": localid,
                "segments": size.count,
                "encoding": size.encoding,
            },
        )


async def _form(request: Request) -> dict[str, str]:
    return {**request.query_params, **dict(parse_qsl((await request.body()).decode()))}


def _e164(receptor: str) -> str:
    digits = receptor.lstrip("+")
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+98{digits[1:]}" if digits.startswith("0") else f"+{digits}"


def _entries(entries: list[dict[str, Any]]) -> Response:
    return Json({"return": {"status": 200, "message": "تایید شد"}, "entries": entries})


def _entry(message: Message, status: int) -> dict[str, Any]:
    return {
        "messageid": int(message.id),
        "message": message.text,
        "status": status,
        "statustext": "",
        "sender": message.account,
        "receptor": message.address,
        "date": int(message.at.timestamp()),
        "cost": 0,
    }


def _state(message: Message | None, named: Mapping[str, Any]) -> dict[str, Any]:
    if message is None:
        return {**named, "status": UNKNOWN, "statustext": ""}
    return {
        **named,
        "messageid": int(message.id),
        "status": STATES.get(message.status, QUEUED),
        "statustext": "",
    }


def _struck(fault: Fault) -> Refusal:
    return (
        Refusal(451, "فراخوانی بیش از حد متدهای خاص", http=429, headers=retry_after(fault))
        if fault.kind == "429"
        else Refusal(409, "سرور قادر به پاسخگوئی نیست", http=500)
    )

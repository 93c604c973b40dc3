"""What testers ask and order over HTTP: phones, mailboxes, replies, faults, the ledger, the clock."""

import asyncio
import base64
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from devkit.sandbox import hands
from devkit.sandbox.carrier import Carrier
from devkit.sandbox.clock import ClockBackward
from devkit.sandbox.exchange import Json
from devkit.sandbox.faults import FaultOrder
from devkit.sandbox.keeper import Keeper, Move, NotSettled
from devkit.sandbox.messages import Message, instant
from devkit.sandbox.problems import Problem

PHONE = re.compile(r"\+?[1-9]\d{6,14}", re.ASCII)


class Read(BaseModel):
    channel: str | None = None
    message_id: str | None = None
    by: Literal["pressing", "opening"] = "pressing"


class Viewing:
    def __init__(
        self, carrier: Carrier, keeper: Keeper, *, reply_seconds: float, opening_reads: bool
    ) -> None:
        self._carrier = carrier
        self._keeper = keeper
        self._reply_seconds = reply_seconds
        self._opening_reads = opening_reads

    def router(self) -> APIRouter:
        router = APIRouter(tags=["Phones and faults"])
        router.add_api_route("/phones", self.phones, methods=["GET"])
        router.add_api_route("/phones/{phone}/messages", self.phone_messages, methods=["GET"])
        router.add_api_route("/phones/{phone}/replies", self.reply, methods=["POST"])
        router.add_api_route("/phones/{phone}/read", self.read, methods=["POST"])
        router.add_api_route("/mailboxes", self.mailboxes, methods=["GET"])
        router.add_api_route("/mailboxes/{address}/messages", self.mailbox_messages, methods=["GET"])
        router.add_api_route(
            "/mailboxes/{address}/messages/{message_id}/attachments/{place}", self.attachment
        )
        router.add_api_route("/faults", self.faults, methods=["GET"])
        router.add_api_route("/faults", self.order_fault, methods=["POST"], status_code=201)
        router.add_api_route("/faults", self.lift_faults, methods=["DELETE"])
        router.add_api_route("/faults/{fault_id}", self.lift_fault, methods=["DELETE"])
        router.add_api_route("/ledger", self.ledger, methods=["GET"])
        router.add_api_route("/ledger/repeated", self.repeated, methods=["GET"])
        router.add_api_route("/clock", self.clock, methods=["GET"])
        router.add_api_route("/clock", self.move_clock, methods=["POST"])
        return router

    async def phones(self) -> Response:
        return Json({"phones": [self._summary(each) for each in self._addresses(mailboxes=False)]})

    async def mailboxes(self) -> Response:
        return Json({"mailboxes": [self._summary(each) for each in self._addresses(mailboxes=True)]})

    async def phone_messages(
        self,
        phone: str,
        channel: str | None = None,
        *,
        everything: Annotated[bool, Query(alias="all")] = False,
    ) -> Response:
        return self._messages(e164(phone), channel, everything=everything)

    async def mailbox_messages(
        self, address: str, *, everything: Annotated[bool, Query(alias="all")] = False
    ) -> Response:
        return self._messages(address.lower(), "email", everything=everything)

    async def attachment(self, address: str, message_id: str, place: int) -> Response:
        message = self._carrier.phones.find(message_id)
        attachments = (
            message.details.get("attachments", []) if message and message.address == address.lower() else []
        )
        if not 0 <= place < len(attachments) or attachments[place]["content"] is None:
            raise Problem(404, "no-such-attachment", "it does not exist, or was too large to keep")
        found = attachments[place]
        headers = {"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox"}
        return Response(base64.b64decode(found["content"]), media_type=found["type"], headers=headers)

    async def reply(self, phone: str, wanted: hands.Reply) -> Response:
        if keypad := self._carrier.keypads.get(wanted.channel):
            call = await keypad(e164(phone), hands.keys(wanted))
            return Json({"id": call.id, "state": "taken"}, 201)
        message = hands.reply(self._carrier, e164(phone), wanted)
        taken = await self._carrier.hear(message)
        try:
            async with asyncio.timeout(self._reply_seconds):
                was_taken = await asyncio.shield(taken)
        except TimeoutError:
            return Json({"id": message.id, "state": "waiting"}, 202)
        if not was_taken:
            raise Problem(502, "reply-refused", "the gateway did not take it", id=message.id)
        return Json({"id": message.id, "state": "taken"}, 201)

    async def read(self, phone: str, read: Read) -> Response:
        if read.by == "opening" and not self._opening_reads:
            return Json({"read": 0})
        thread = self._carrier.phones.thread(e164(phone))
        wanted = [
            message
            for message in thread
            if read.channel in (None, message.channel) and read.message_id in (None, message.id)
        ]
        return Json({"read": sum(self._carrier.read(message) for message in wanted)})

    async def faults(self) -> Response:
        return Json({"faults": [fault.model_dump(mode="json") for fault in self._carrier.faults.listed()]})

    async def order_fault(self, order: FaultOrder) -> Response:
        return Json(self._carrier.faults.order(order).model_dump(mode="json"), 201)

    async def lift_faults(self) -> Response:
        return Json({"lifted": self._carrier.faults.lift()})

    async def lift_fault(self, fault_id: str) -> Response:
        if not self._carrier.faults.lift(fault_id):
            raise Problem(404, "no-such-fault", f"no fault {fault_id} is in force")
        return Json({"lifted": 1})

    async def ledger(
        self, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    ) -> Response:
        entries = self._carrier.ledger.read(after, limit)
        last = after + len(entries)
        total = len(self._carrier.ledger)
        return Json({"entries": entries, "next": last if last < total else None, "total": total})

    async def repeated(self) -> Response:
        """What reached one address by one channel under one reference more than once: should be empty, always."""
        names = ("channel", "to", "reference", "times")
        repeated = [dict(zip(names, each, strict=True)) for each in self._carrier.phones.repeated()]
        return Json({"repeated": repeated})

    async def clock(self) -> Response:
        return Json(self._carrier.clock.shown())

    async def move_clock(self, move: Move) -> Response:
        try:
            return Json({"now": instant(await self._keeper.advance(move))})
        except ClockBackward as backward:
            raise Problem(409, backward.code, f"the clock stands later than {backward}") from backward
        except NotSettled as waiting:
            raise Problem(
                504, waiting.code, f"waiting for {waiting}", waiting_for=waiting.waiting_for
            ) from waiting

    def _addresses(self, *, mailboxes: bool) -> list[str]:
        return self._carrier.phones.addresses(mailboxes=mailboxes)

    def _summary(self, address: str) -> dict[str, Any]:
        thread = self._carrier.phones.thread(address, everything=True)
        kind = "mailbox" if "@" in address else "phone"
        return {
            kind: address,
            "messages": sum(message.arrived and not message.by_patient for message in thread),
            "channels": sorted({message.channel for message in thread}),
            "last_at": instant(thread[-1].at),
        }

    def _messages(self, address: str, channel: str | None, *, everything: bool) -> Response:
        thread = self._carrier.phones.thread(address, everything=everything)
        return Json({"messages": [shown(each) for each in thread if channel in (None, each.channel)]})


def e164(phone: str) -> str:
    """A plus sign that a URL turned into a space is understood too."""
    bare = phone.strip()
    if not PHONE.fullmatch(bare):
        raise Problem(422, "not-a-phone", f"{phone!r} is no phone number in E.164")
    return bare if bare.startswith("+") else f"+{bare}"


def shown(message: Message) -> dict[str, Any]:
    """Attachments without their content: that has its own address."""
    view = message.shown()
    if attachments := view.get("attachments"):
        view["attachments"] = [
            {name: each[name] for name in ("name", "type", "size")}
            | {"url": f"/mailboxes/{message.address}/messages/{message.id}/attachments/{place}"}
            for place, each in enumerate(attachments)
        ]
    return view

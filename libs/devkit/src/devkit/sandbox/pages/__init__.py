"""The page that shows the phones: rendered here, refreshed by a little JavaScript, nothing to build."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.faults import ANSWER_FAULTS, REPORT_FAULTS
from devkit.sandbox.hands import ANSWERING
from devkit.sandbox.messages import LINK, Message, instant
from devkit.sandbox.pages.scripts import direction, language, way

PAGES = Path(__file__).parent
MOST_PHONES = 24
MOST_MESSAGES = 40
MOST_ENTRIES = 200
TICK = 0.25
"""Seconds between two looks for news: a page that is told more often only flickers."""
MARKS = {
    "accepted": "🕓",
    "queued": "🕓",
    "sent": "✓",
    "delivered": "✓✓",
    "read": "✓✓",
    "failed": "⚠",
    "undelivered": "⚠",
    "refused": "⚠",
}


class Pages:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._templates = Environment(
            loader=FileSystemLoader(PAGES / "templates"), autoescape=select_autoescape(), trim_blocks=True
        )
        self._templates.filters |= {"linked": linked, "moment": moment, "mark": MARKS.get, "opens": opens}
        self._templates.filters |= {"direction": direction, "language": language, "way": way}
        self._templates.globals["answering"] = ANSWERING
        self._templates.globals["fault_kinds"] = sorted(ANSWER_FAULTS) + sorted(REPORT_FAULTS)
        self._templates.globals["fault_channels"] = [*carrier.providers]

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.index, methods=["GET"])
        router.add_api_route("/fragments/{name}", self.fragment, methods=["GET"])
        router.add_api_route("/meetings/{room}", self.meeting, methods=["GET"])
        router.add_api_route("/events", self.events, methods=["GET"])
        router.add_api_route("/open/{channel}/{account}", self.open_chat, methods=["GET"])
        return router

    async def index(self) -> Response:
        return self._page("index.html", find="")

    async def fragment(self, name: str, find: Annotated[str, Query(max_length=80)] = "") -> Response:
        if name not in {"phones", "mail", "ledger", "faults"}:
            return Response(status_code=404)
        return self._page(f"{name}.html", find=find)

    async def open_chat(
        self, channel: str, account: str, code: Annotated[str, Query(max_length=200)] = ""
    ) -> Response:
        """Where a link into a chat leads here: it asks whose phone it is opened on."""
        return self._page("open.html", find="", channel=channel, account=account, code=code)

    async def meeting(self, room: Annotated[str, InPath(pattern="^[a-z2-7]{24}$")]) -> Response:
        """The room of an online visit: nothing is held here, it says who would be."""
        return self._page("meeting.html", find="", room=room)

    async def events(self, request: Request) -> Response:
        return StreamingResponse(
            self._news(request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _news(self, request: Request) -> AsyncIterator[bytes]:
        told: dict[str, Any] = {}
        while not await request.is_disconnected():
            clock = self._carrier.clock
            news = {
                "version": self._carrier.phones.version,
                "total": len(self._carrier.ledger),
                "faults": [[fault.id, fault.struck] for fault in self._carrier.faults.listed()],
                "outstanding": self._carrier.courier.outstanding,
                "frozen": clock.frozen,
                "now": instant(clock.now()) if clock.frozen else None,
            }
            if news != told:
                told = news
                yield b"data: " + orjson.dumps(news) + b"\n\n"
            await asyncio.sleep(TICK)

    def _page(self, template: str, *, find: str, **more: str) -> Response:
        carrier = self._carrier
        total = len(carrier.ledger)
        html = self._templates.get_template(template).render(
            find=find,
            phones=self._threads(find, mailboxes=False),
            mailboxes=self._threads(find, mailboxes=True),
            entries=carrier.ledger.read(max(total - MOST_ENTRIES, 0), MOST_ENTRIES)[::-1],
            total=total,
            repeated={(channel, to, reference) for channel, to, reference, _ in carrier.phones.repeated()},
            faults=carrier.faults.listed(),
            clock=carrier.clock.shown(),
            troubles=carrier.courier.troubles(),
            outstanding=carrier.courier.outstanding,
            **more,
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    def _threads(self, find: str, *, mailboxes: bool) -> list[dict[str, Any]]:
        phones = self._carrier.phones
        wanted = find.strip().lower()
        found = [address for address in phones.addresses(mailboxes=mailboxes) if wanted in address]
        return [
            {
                "address": address,
                "messages": messages,
                "version": version(messages),
                "channels": self._channels(messages),
            }
            for address in found[:MOST_PHONES]
            if (messages := phones.thread(address, everything=True)[-MOST_MESSAGES:])
        ]

    def _channels(self, messages: list[Message]) -> list[str]:
        """Every app of a phone: those in use first, the newest before the others."""
        channels = self._carrier.phone_channels
        used = [message.channel for message in reversed(messages) if message.channel in channels]
        return list(dict.fromkeys([*used, *channels]))


POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https: http:; frame-ancestors 'self'"


def linked(text: str) -> Markup:
    """Text with its links to be followed; everything else escaped."""
    parts: list[Markup] = []
    end = 0
    for found in LINK.finditer(text):
        link = escape(found[0])
        parts += [
            escape(text[end : found.start()]),
            Markup('<a href="{0}" target="_blank" rel="noopener noreferrer" dir="ltr">{0}</a>').format(link),
        ]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def opens(url: str | None) -> str:
    """An address that a button may open: nothing that runs in the page."""
    return url if url and url.partition(":")[0].lower() in {"http", "https", "tel"} else "#"


def moment(at: datetime | str) -> str:
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return at.strftime("%a %d %b %Y, %H:%M")


def version(messages: list[Message]) -> str:
    """Changes whenever a thread looks different."""
    return f"{len(messages)}-{hash(tuple((each.id, each.status, each.text, len(each.buttons)) for each in messages)) & 0xFFFFFFFF:x}"

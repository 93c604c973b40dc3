"""The sandbox and a stand-in for the gateway inside a test's own event loop."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from common.testing import PATIENCE
from devkit.sandbox.app import create_app
from devkit.sandbox.settings import Settings

APP_SECRET = "whatsapp-app-secret"
SMS_AUTH_TOKEN = "sms-auth-token"
ACCOUNT_SID = "AC00000000000000000000000000000001"


def _hmac(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


async def _right_meta(request: Request) -> bool:
    right = "sha256=" + _hmac(APP_SECRET, await request.body()).hex()
    return request.headers.get("X-Hub-Signature-256") == right


async def _right_twilio(request: Request) -> bool:
    form = {name: str(value) for name, value in (await request.form()).items()}
    signed = str(request.url) + "".join(name + form[name] for name in sorted(form))
    right = hmac.new(SMS_AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
    return request.headers.get("X-Twilio-Signature") == base64.b64encode(right).decode()


async def _right_telegram(request: Request) -> bool:
    return request.headers.get("X-Telegram-Bot-Api-Secret-Token") == APP_SECRET


async def _right_line(request: Request) -> bool:
    right = base64.b64encode(_hmac(APP_SECRET, await request.body())).decode()
    return request.headers.get("x-line-signature") == right


async def _right_key(request: Request) -> bool:
    """Kavenegar signs nothing: its address holds a key."""
    return request.query_params["key"] == APP_SECRET


async def _right_password(request: Request) -> bool:
    right = base64.b64encode(f"mail:{APP_SECRET}".encode()).decode()
    return request.headers.get("Authorization") == f"Basic {right}"


RIGHT: Mapping[str, Callable[[Request], Awaitable[bool]]] = {
    "whatsapp": _right_meta,
    "sms": _right_twilio,
    "voice": _right_twilio,
    "kavenegar": _right_key,
    "telegram": _right_telegram,
    "line": _right_line,
    "instagram": _right_meta,
    "email": _right_password,
}
"""By provider: whether a webhook is signed as its provider publishes it."""


@dataclass(frozen=True)
class Received:
    """A webhook as it came."""

    url: str
    body: bytes
    query: Mapping[str, str]


@dataclass
class Gateway:
    """Takes webhooks as the gateway does: verified by the providers' published algorithms, kept in order."""

    url: str = ""
    received: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)
    answers: int = 200
    posts: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/webhooks/{provider}/{network}", self._take, methods=["POST"])
        return app

    @property
    def whatsapp(self) -> list[dict[str, Any]]:
        """The value of each change that Meta told of WhatsApp."""
        entries = [entry for one in self.received["whatsapp"] for entry in json.loads(one.body)["entry"]]
        return [change["value"] for entry in entries for change in entry["changes"]]

    @property
    def sms(self) -> list[dict[str, str]]:
        """Twilio's forms, each with the address that it came to."""
        return [
            {**dict(parse_qsl(one.body.decode(), keep_blank_values=True)), "url": one.url}
            for one in self.received["sms"]
        ]

    def statuses(self) -> list[dict[str, Any]]:
        """Every WhatsApp status so far, in order."""
        return [status for value in self.whatsapp for status in value.get("statuses", [])]

    def heard(self) -> list[dict[str, Any]]:
        """Everything written on WhatsApp so far, in order."""
        return [message for value in self.whatsapp for message in value.get("messages", [])]

    def sms_statuses(self) -> list[tuple[str, str]]:
        return [(form["MessageSid"], form["MessageStatus"]) for form in self.sms if "MessageStatus" in form]

    async def _take(self, request: Request, provider: str, network: str) -> Response:
        self.posts += 1
        body = await request.body()
        if not await RIGHT[provider](request):
            self.refused.append(f"{provider} {network}")
            return Response(status_code=403)
        if self.answers == 200:
            self.received[provider].append(Received(str(request.url), body, dict(request.query_params)))
        return Response(status_code=self.answers)


@dataclass
class Sandbox:
    url: str
    settings: Settings
    http: httpx.AsyncClient
    smtp_port: int

    async def whatsapp(
        self, body: dict[str, Any], *, sender: str = "demo-kz", **options: Any
    ) -> httpx.Response:
        return await self.http.post(
            f"/whatsapp/v23.0/{sender}/messages",
            json={"messaging_product": "whatsapp", **body},
            headers={"Authorization": "Bearer token"},
            **options,
        )

    async def template(
        self,
        to: str,
        text: str,
        *,
        reference: str | None = None,
        payloads: tuple[str, ...] = (),
        language: str = "ru",
        **options: Any,
    ) -> httpx.Response:
        """As the product sends: the whole rendered text as the parameter of a template."""
        buttons = [
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(index),
                "parameters": [{"type": "payload", "payload": payload}],
            }
            for index, payload in enumerate(payloads)
        ]
        body = {"type": "body", "parameters": [{"type": "text", "text": text}]}
        template = {
            "name": "appointment_confirmation",
            "language": {"code": language},
            "components": [body, *buttons],
        }
        sent: dict[str, Any] = {"to": to, "type": "template", "template": template}
        if reference is not None:
            sent["biz_opaque_callback_data"] = reference
        return await self.whatsapp(sent, **options)

    async def sms(self, **form: str) -> httpx.Response:
        return await self.http.post(
            f"/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json", data=form, auth=(ACCOUNT_SID, "token")
        )

    async def reply(self, phone: str, **reply: Any) -> httpx.Response:
        """The owner of a phone writes or presses."""
        return await self.http.post(f"/phones/{phone}/replies", json=reply)

    async def messages(self, phone: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.http.get(f"/phones/{phone}/messages", params=query)
        answer.raise_for_status()
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    async def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.http.get("/ledger")).json()["entries"]
        return entries

    async def fault(self, kind: str, **order: Any) -> str:
        answer = await self.http.post("/faults", json={"kind": kind, **order})
        answer.raise_for_status()
        return str(answer.json()["id"])


def settings_for(folder: Path, gateway: Gateway | None = None, **changes: Any) -> Settings:
    url = gateway.url if gateway else None
    given: dict[str, Any] = {
        "env": "development",
        "ledger": folder / "ledger.jsonl",
        "http_port": 0,
        "smtp_port": 0,
        "nats_url": None,
        "expected": (),
        "reply_seconds": PATIENCE,
        "whatsapp_app_secret": APP_SECRET,
        "sms_auth_token": SMS_AUTH_TOKEN,
        "whatsapp_callback": f"{url}/webhooks/whatsapp/{{account}}" if url else None,
        "sms_callback": f"{url}/webhooks/sms/{{account}}" if url else None,
        "voice_callback": f"{url}/webhooks/voice/{{account}}" if url else None,
        "kavenegar_webhook_key": APP_SECRET,
        "kavenegar_callback": f"{url}/webhooks/kavenegar/{{account}}" if url else None,
        "telegram_webhook_secret": APP_SECRET,
        "telegram_callback": f"{url}/webhooks/telegram/{{account}}" if url else None,
        "line_channel_secret": APP_SECRET,
        "line_callback": f"{url}/webhooks/line/{{account}}" if url else None,
        "instagram_app_secret": APP_SECRET,
        "instagram_callback": f"{url}/webhooks/instagram/{{account}}" if url else None,
        "email_webhook_secret": APP_SECRET,
        "email_callback": f"{url}/webhooks/email/{{account}}" if url else None,
    }
    return Settings(**(given | changes))


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app on a free loopback port; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on")
        )
        # The test's own signals stay its own.
        task = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 - serve() would capture the signals
        await eventually(lambda: server.started or task.done())
        if task.done():
            task.result()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    stand_in = Gateway()
    async with serving(stand_in.app()) as url:
        stand_in.url = url
        yield stand_in


@asynccontextmanager
async def sandbox(settings: Settings) -> AsyncIterator[Sandbox]:
    app = create_app(settings)
    async with (
        serving(app) as url,
        httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as http,
    ):
        yield Sandbox(url, settings, http, app.state.smtp_port)


async def eventually(holds: Callable[[], Any], *, within: float = PATIENCE) -> None:
    """Return as soon as it holds; fail when it does not in time."""
    async with asyncio.timeout(within):
        while not await _value(holds()):  # noqa: ASYNC110 - any condition, not one that could ring
            await asyncio.sleep(0.005)


async def _value(value: Any) -> Any:
    return await value if isinstance(value, Awaitable) else value

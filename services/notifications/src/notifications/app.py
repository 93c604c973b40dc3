"""The service as a process: the only place that constructs."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import get_args

import httpx
from fastapi import FastAPI

from common import service
from common.clock import Clock
from common.contracts.directory import Locale
from common.contracts.patient_profile import Channel
from common.links import Links
from common.sealed import Sealer
from notifications import handlers, packs
from notifications.channels import Adapter, http
from notifications.channels.instagram import Instagram
from notifications.channels.kavenegar import Kavenegar
from notifications.channels.line import Line
from notifications.channels.mail import Mail
from notifications.channels.registration import register
from notifications.channels.routing import ByNetwork
from notifications.channels.sms import Sms
from notifications.channels.telegram import Telegram
from notifications.channels.voice import Voice
from notifications.channels.whatsapp import WhatsApp
from notifications.operations.parts import Parts
from notifications.settings import Settings
from notifications.templates import texts
from notifications.workers import loops

Clients = defaultdict[Channel, httpx.AsyncClient]


def create_app(settings: Settings) -> FastAPI:
    """Everything of one running service."""
    packs.read_all()
    core = service.core("notifications", settings)
    clients: Clients = defaultdict(http.client)
    parts = Parts(
        database=core.database,
        asks=core.asks,
        clock=core.clock,
        sealer=Sealer(settings.sealing_key),
        links=Links(settings.link_key),
        public_url=settings.public_url.rstrip("/"),
        adapters=adapters(settings, clients, core.clock),
        mail_domain=settings.mail_domain,
        accounts={"whatsapp": settings.whatsapp_numbers, "instagram": settings.instagram_accounts},
    )

    async def register_templates() -> None:
        if core.development:
            languages = [texts(locale) for locale in get_args(Locale)]
            await register(
                clients["whatsapp"], settings.whatsapp_base_url, settings.whatsapp_token, languages
            )

    application = service.app(
        core,
        answers=handlers.answers,
        readers=handlers.readers,
        parts=parts,
        workers=loops(parts, core.database, core.clock, lease_seconds=settings.lease_seconds),
        on_ready=register_templates,
    )
    running = application.router.lifespan_context

    @asynccontextmanager
    async def with_clients(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as connections:
            for client in clients.values():
                await connections.enter_async_context(client)
            async with running(app):  # calls in flight are finished before connections are let go
                yield

    application.router.lifespan_context = with_clients
    return application


def adapters(settings: Settings, clients: Clients, clock: Clock) -> dict[Channel, Adapter]:
    """The channels that are set up, each by its provider, whose slowness holds no other's connections."""
    twilio = Sms(
        clients["sms"], settings.sms_base_url, settings.sms_account_sid, settings.sms_token, settings.public_url,
        now=clock.now,
    )  # fmt: skip
    found: dict[Channel, Adapter] = {
        "whatsapp": WhatsApp(
            clients["whatsapp"],
            settings.whatsapp_base_url,
            settings.whatsapp_token,
            settings.whatsapp_numbers,
        ),
        "sms": ByNetwork(
            Kavenegar(clients["sms"], settings.kavenegar_base_url, settings.kavenegar_keys), twilio
        ),
    }
    if settings.voice_base_url:
        found["voice"] = Voice(
            clients["voice"], settings.voice_base_url, settings.voice_account_sid, settings.voice_token, settings.public_url
        )  # fmt: skip
    if settings.telegram_tokens:
        found["telegram"] = Telegram(
            clients["telegram"], settings.telegram_base_url, settings.telegram_tokens
        )
    if settings.line_tokens:
        found["line"] = Line(clients["line"], settings.line_base_url, settings.line_tokens)
    if settings.instagram_tokens:
        found["instagram"] = Instagram(
            clients["instagram"], settings.instagram_base_url, settings.instagram_tokens
        )
    if settings.smtp_url:
        found["email"] = Mail(settings.smtp_url, settings.mail_domain)
    return found


def main() -> None:
    settings = Settings()
    service.run("notifications", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()

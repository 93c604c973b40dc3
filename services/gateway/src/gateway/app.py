"""The gateway, constructed: the only place that makes parts and reads settings."""

from fastapi import FastAPI

from common import service
from common.encoding import from_text
from common.links import Links
from gateway import handlers, problems
from gateway.handlers import Parts, Secrets
from gateway.operations.audit import AuditLog
from gateway.queries.directory import PublicDirectory
from gateway.queries.live import Live
from gateway.queries.principals import Principals
from gateway.routes import areas
from gateway.routes.frame import Frame
from gateway.rules.meetings import Meetings
from gateway.settings import Settings
from gateway.web import pages
from gateway.workers import Forgetting

DESCRIPTION = (
    "Booking, reminders, consents and recall for networks of clinics. Errors are problem details (RFC 9457)"
    " whose `type` ends in a stable code; every POST accepts `Idempotency-Key`; instants carry an offset,"
    " phones are E.164, money is in minor units."
)


def create_app(settings: Settings) -> FastAPI:
    """The whole gateway: HTTP interface, pages, and its place on the bus."""
    core = service.core("gateway", settings)
    parts = Parts(
        database=core.database,
        bus=core.bus,
        asks=core.asks,
        clock=core.clock,
        audit=AuditLog(core.database),
        principals=Principals(core.database, core.clock),
        public_directory=PublicDirectory(core.asks, core.database),
        live=Live(core.bus),
        links=Links(settings.link_key),
        secrets=Secrets(
            session_key=from_text(settings.session_key),
            whatsapp_app_secret=settings.whatsapp_app_secret,
            whatsapp_verify_token=settings.whatsapp_verify_token,
            sms_auth_token=settings.sms_auth_token,
            voice_auth_token=settings.voice_auth_token or settings.sms_auth_token,
            kavenegar_webhook_key=settings.kavenegar_webhook_key,
            telegram_webhook_secret=settings.telegram_webhook_secret,
            line_secrets=settings.line_secrets,
            instagram_app_secret=settings.instagram_app_secret,
            email_webhook_secret=settings.email_webhook_secret,
        ),
        chat_links={
            "telegram": settings.telegram_links,
            "line": settings.line_links,
            "instagram": settings.instagram_links,
        },
        meetings=Meetings.under(settings.meeting_url, from_text(settings.link_key)),
        public_url=settings.public_url,
        sandbox_url=settings.sandbox_url if core.development else None,
        development=core.development,
        section_seconds=settings.section_seconds,
        command_seconds=settings.command_seconds,
        clock_seconds=settings.clock_seconds,
    )
    application = service.app(
        core,
        answers=handlers.answers,
        readers=handlers.readers,
        parts=parts,
        workers=[parts.audit, Forgetting(core.database)],
        title="Vínculo",
        version="1",
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(application)
    areas.mount(application, parts)
    pages.mount(application, parts)
    application.add_middleware(Frame, https=settings.public_url.startswith("https:"))
    return application


def main() -> None:
    """Serve until stopped."""
    settings = Settings()
    service.run("gateway", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()

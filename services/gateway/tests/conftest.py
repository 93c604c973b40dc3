"""The gateway as a whole process in this one, the other services played on the real bus."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from common.bus import Bus
from common.contracts.gateway import CreateStaff, Role
from common.encoding import to_text
from common.ids import new_id
from common.testing import PATIENCE, Keys, Urls, running
from gateway.app import create_app
from gateway.operations import accounts
from gateway.settings import Settings

from .owners import Owners, answers_of

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session", autouse=True)
def traced() -> None:
    """Spans need a provider, as `telemetry.start` makes one in a process."""
    trace.set_tracer_provider(TracerProvider())


@pytest.fixture(scope="session")
def service_name() -> str:
    return "gateway"


@pytest.fixture
def owners(network_id: str) -> Owners:
    return Owners(network_id)


@pytest.fixture
def section_seconds() -> float:
    """So long that only who never answers is late, however busy the machine; a test about lateness says its own."""
    return 10.0


@pytest.fixture
def settings(urls: Urls, nats_server: Any, environment: Any, section_seconds: float) -> Settings:
    environment(
        urls,
        nats_server.url,
        link_key=to_text(b"l" * 32),
        session_key=to_text(b"s" * 32),
        public_url="http://gateway.test",
        whatsapp_app_secret="whatsapp-secret",
        whatsapp_verify_token="verify-token",
        sms_auth_token="sms-token",
        kavenegar_webhook_key="kavenegar-webhook-key",
        telegram_webhook_secret="telegram-secret",
        line_secrets='{"*": "line-secret"}',
        instagram_app_secret="instagram-secret",
        email_webhook_secret="email-webhook-secret",
        telegram_links='{"*": "https://t.me/{network}_bot?start={code}"}',
        meeting_url="https://meet.test/{room}",
        section_seconds=str(section_seconds),
        command_seconds=str(PATIENCE),
        line_links='{"elsewhere": "https://line.me/R/oaMessage/%40clinic/?{code}"}',
    )
    return Settings()


def booking_form(owners: Owners, **more: Any) -> dict[str, Any]:
    """What the booking form sends."""
    return {
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T10:00:00+05:00",
        "patient": {"full_name": "Дана Смагулова", "phone": "+77010000001", "locale": "ru"},
        **more,
    }


class Api(httpx.AsyncClient):
    """A client of the running gateway, which can log in."""

    def __init__(self, application: Any, network_id: str) -> None:
        super().__init__(
            transport=httpx.ASGITransport(application, raise_app_exceptions=False),
            base_url="http://gateway.test",
        )
        self.application = application
        self.parts = application.state.parts
        self.network_id = network_id

    async def staff(self, *roles: Role, **more: Any) -> str:
        """A fresh account of these roles; returns its e-mail."""
        email = f"{roles[0]}-{new_id().hex}@example.org"
        command = CreateStaff(
            staff_id=new_id(),
            email=email,
            display_name="Somebody",
            password=PASSWORD,
            roles=list(roles),
            **more,
        )
        await accounts.create_staff(self.parts.database, self.network_id, command, now=self.parts.clock.now())
        return email

    async def token(self, *roles: Role, **more: Any) -> str:
        """A session's token."""
        email = await self.staff(*roles, **more)
        answer = await self.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
        self.cookies.clear()
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def book(self, owners: Owners, **more: Any) -> dict[str, Any]:
        """A booking; its answer, with `token` of the link and `patient_id`."""
        answer = await self.post(
            f"/api/v1/networks/{self.network_id}/bookings", json=booking_form(owners, **more)
        )
        assert answer.status_code == 201, answer.text
        booked: dict[str, Any] = answer.json()
        state = owners.appointments[UUID(booked["appointment"]["id"])].appointment
        return {
            **booked,
            "id": booked["appointment"]["id"],
            "token": booked["manage_url"].rsplit("/", 1)[1],
            "patient_id": str(state.patient_id),
        }

    async def bearer(self, *roles: Role, **more: Any) -> dict[str, str]:
        """Headers of somebody of these roles."""
        return {"Authorization": f"Bearer {await self.token(*roles, **more)}"}


@pytest.fixture
async def api(
    settings: Settings, bus: Bus, keys: Keys, owners: Owners, answering: Any, clock: Any
) -> AsyncIterator[Api]:
    """The gateway, running, with all owners answering."""
    async with AsyncExitStack() as stack:
        for answers in answers_of(owners):
            await stack.enter_async_context(answering(answers, owners))
        application = await stack.enter_async_context(running(create_app(settings)))
        application.state.parts.clock.put(clock.now())
        application.state.parts.asks._patience = PATIENCE
        yield await stack.enter_async_context(Api(application, owners.network_id))

"""The gateway as a whole process in this one, the other services played on the real bus."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from .owners import Owners, answers_of

from common.bus import Bus
from common.contracts.gateway import CreateStaff, Role
from common.encoding import to_text
from common.ids import new_id
from common.testing import Keys, Urls, running
from gateway.app import create_app
from gateway.operations import accounts
from gateway.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def service_name() -> str:
    return "gateway"


@pytest.fixture
def owners(network_id: str) -> Owners:
    return Owners(network_id)


@pytest.fixture
def settings(urls: Urls, nats_server: Any, environment: Any) -> Settings:
    environment(
        urls,
        nats_server.url,
        link_key=to_text(b"l" * 32),
        session_key=to_text(b"s" * 32),
        public_url="http://gateway.test",
        whatsapp_app_secret="whatsapp-secret",
        whatsapp_verify_token="verify-token",
        sms_auth_token="sms-token",
    )
    return Settings()


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
            staff_id=new_id(), email=email, display_name="Somebody", password=PASSWORD, roles=list(roles), **more
        )
        await accounts.create_staff(
            self.parts.database, self.network_id, command, now=self.parts.clock.now()
        )
        return email

    async def token(self, *roles: Role, **more: Any) -> str:
        """A session's token."""
        email = await self.staff(*roles, **more)
        answer = await self.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
        self.cookies.clear()
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

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
        yield await stack.enter_async_context(Api(application, owners.network_id))

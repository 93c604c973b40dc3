"""A pytest plugin for every service's tests: real PostgreSQL and NATS, a fresh database each, a clock that stands.

The servers come from the fixtures `postgres_server` and `nats_server` of the development kit's own plugin.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from nats.js import JetStreamContext
from sqlalchemy.engine import make_url

from common import migrate, provision, rpc
from common.bus import Bus
from common.caller import Caller, Signer, Verifier
from common.clock import Clock
from common.database import Database
from common.encoding import to_text
from common.ids import new_id

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday morning: 14:00 in Almaty."""

PATIENCE = 60.0
"""Seconds to wait for what has to come, on a machine that may stand still for a while: longer than services wait."""

hypothesis.settings.register_profile(
    "however slow", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("however slow")

PASSWORD = "test"  # noqa: S105 - of throw-away databases on loopback


@dataclass(frozen=True)
class Keys:
    """Signing keys of every service, for tests that play them."""

    private: dict[str, str]
    public: dict[str, str]

    def signer(self, issuer: str) -> Signer:
        """Signs as this service."""
        return Signer(issuer, self.private[issuer])

    def verifier(self) -> Verifier:
        """Trusts all of them."""
        return Verifier(self.public)


@dataclass(frozen=True)
class Urls:
    """How the three roles reach one test database."""

    owner: str
    app: str
    worker: str


def caller(
    network_id: str, actor: str = "staff:desk", roles: tuple[str, ...] = ("manager",), **more: Any
) -> Caller:
    """Somebody who acts in a test."""
    return Caller(network_id=network_id, actor=actor, roles=roles, **more)


@pytest.fixture(scope="session")
def service_name() -> str:
    """Overridden in each service's conftest."""
    raise NotImplementedError("the conftest of these tests does not say which service they are about")


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Fresh keys for this session."""
    private, public = {}, {}
    for name in provision.SERVICES:
        key = Ed25519PrivateKey.generate()
        private[name] = to_text(key.private_bytes_raw())
        public[name] = to_text(key.public_key().public_bytes_raw())
    return Keys(private, public)


@pytest.fixture
def clock() -> Clock:
    """Stands at `START`."""
    standing = Clock()
    standing.put(START)
    return standing


@pytest.fixture
def network_id() -> str:
    """A network no other test has used."""
    return f"net-{new_id().hex[-12:]}"


def _urls(admin_url: str, service: str, name: str) -> Urls:
    base = make_url(admin_url).set(drivername="postgresql+asyncpg", database=name, password=PASSWORD)
    return Urls(
        *(
            base.set(username=f"{service}_{role}").render_as_string(hide_password=False)
            for role in provision.ROLES
        )
    )


_templates: dict[tuple[str, str], str] = {}


async def template_of(admin_url: str, service: str) -> str:
    """The name of a migrated database of a service, made once per session and cloned for each test."""
    known = _templates.get((admin_url, service))
    if known is not None:
        return known
    await provision.provision(admin_url, service, provision.Passwords(PASSWORD, PASSWORD, PASSWORD))
    await migrate.migrate(service, _urls(admin_url, service, service).owner)
    _templates[admin_url, service] = service
    return service


async def _clone(admin_url: str, service: str) -> str:
    template = await template_of(admin_url, service)
    name = f"{service}_{new_id().hex[-12:]}"
    admin = await asyncpg.connect(_plain(admin_url))
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{service}_owner"')
    finally:
        await admin.close()
    return name


async def _drop(admin_url: str, name: str) -> None:
    admin = await asyncpg.connect(_plain(admin_url))
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()


def _plain(admin_url: str) -> str:
    return admin_url.replace("postgresql+asyncpg://", "postgresql://")


@pytest.fixture
async def urls(postgres_server: Any, service_name: str) -> AsyncIterator[Urls]:
    """A fresh, migrated database of the service under test."""
    name = await _clone(postgres_server.admin_url, service_name)
    yield _urls(postgres_server.admin_url, service_name, name)
    await _drop(postgres_server.admin_url, name)


@pytest.fixture
def owner_url(urls: Urls) -> str:
    """The owner's way into it."""
    return urls.owner


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    """The service's own way into it."""
    opened = Database(urls.app, urls.worker, pool_size=20, patience=PATIENCE)
    yield opened
    await opened.dispose()


@pytest.fixture
async def bus(nats_server: Any) -> AsyncIterator[Bus]:
    """A connection to NATS whose streams were emptied before the test."""
    opened = Bus(nats_server.url, "tests")
    await opened.connect()
    js = await patient(opened)
    for stream in await js.streams_info():
        await js.delete_stream(stream.config.name or "")
    yield opened
    await opened.close()


async def patient(bus: Bus) -> JetStreamContext:
    """JetStream, for as long as it may take to answer a test."""
    return (await bus.client()).jetstream(timeout=PATIENCE)


@pytest.fixture
async def js(bus: Bus) -> JetStreamContext:
    """The streams, which were emptied before the test."""
    return await patient(bus)


Answering = Callable[[rpc.Answers[Any], Any], AbstractAsyncContextManager[rpc.Server[Any]]]


@pytest.fixture
def answering(bus: Bus, keys: Keys) -> Answering:
    """Play other services on the real bus: `async with answering(answers, parts): …`."""

    @asynccontextmanager
    async def play(answers: rpc.Answers[Any], parts: Any = None) -> AsyncIterator[rpc.Server[Any]]:
        server = rpc.Server(bus, keys.verifier(), answers, parts)
        await server.start()
        yield server
        await server.stop()

    return play


@pytest.fixture
def asks(bus: Bus, keys: Keys) -> rpc.Asks:
    """Asks as the gateway does."""
    return rpc.Asks(bus, keys.signer("gateway"), patience=PATIENCE)


@asynccontextmanager
async def running(app: FastAPI, *, within: float = PATIENCE) -> AsyncIterator[FastAPI]:
    """A whole service in this process, from ready to drained."""
    async with app.router.lifespan_context(app):
        async with asyncio.timeout(within):
            while not app.state.running.ready:  # noqa: ASYNC110 - readiness is polled as an orchestrator does
                await asyncio.sleep(0.02)
        yield app


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, keys: Keys, service_name: str) -> Callable[..., None]:
    """Set a service's settings: `environment(urls, nats_url, more="…")` sets `<SERVICE>_MORE` too."""
    prefix = service_name.upper()

    def put(urls: Urls, nats_url: str, **more: str) -> None:
        values = {
            "DATABASE_URL": urls.app,
            "WORKER_DATABASE_URL": urls.worker,
            "NATS_URL": nats_url,
            "SIGNING_KEY": keys.private[service_name],
            "TRUSTED_KEYS": json.dumps(keys.public),
            "HTTP_PORT": "0",
            **{name.upper(): value for name, value in more.items()},
        }
        for name, value in values.items():
            monkeypatch.setenv(f"{prefix}_{name}", value)

    return put

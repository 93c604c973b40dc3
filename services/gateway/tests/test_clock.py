"""The development clock over HTTP: there in development only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from nats.aio.msg import Msg

from common.bus import Bus
from common.testing import running
from gateway.app import create_app
from gateway.settings import Settings

from .conftest import Api


@asynccontextmanager
async def kept(
    bus: Bus, settings: Settings, answer: dict[str, Any]
) -> AsyncIterator[tuple[httpx.AsyncClient, list[Any]]]:
    """A gateway in development, and a keeper who answers this to every move."""
    asked: list[Any] = []
    client = await bus.client()

    async def get(message: Msg) -> None:
        await message.respond(orjson.dumps({"now": "2026-11-02T09:00:00+00:00", "frozen": True}))

    async def advance(message: Msg) -> None:
        asked.append(orjson.loads(message.data))
        await message.respond(orjson.dumps(answer))

    subscriptions = [
        await client.subscribe("dev.clock.get", cb=get),
        await client.subscribe("dev.clock.advance", cb=advance),
    ]
    await client.flush()
    application = create_app(settings.model_copy(update={"env": "development"}))
    async with running(application):
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
            yield http, asked
    for subscription in subscriptions:
        await subscription.unsubscribe()


async def test_production_has_no_such_switch(api: Api) -> None:
    assert (await api.get("/dev/clock")).status_code == 404
    assert (await api.post("/dev/clock", json={"advance": "PT2H"})).status_code == 404


async def test_it_is_read_and_moved_by_instant_or_duration(bus: Bus, settings: Settings) -> None:
    async with kept(bus, settings, {"now": "2026-11-02T11:00:00+00:00"}) as (http, asked):
        assert (await http.get("/dev/clock")).json() == {"now": "2026-11-02T09:00:00+00:00", "frozen": True}
        moved = await http.post("/dev/clock", json={"advance": "PT2H"})
        assert (moved.status_code, moved.json()["now"]) == (200, "2026-11-02T11:00:00+00:00")
        await http.post("/dev/clock", json={"now": "2026-11-02T16:00:00+05:00"})
        assert asked == [{"advance": "PT2H"}, {"now": "2026-11-02T16:00:00+05:00"}]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"error": "clock-backward"}, 409, "clock-backward"),
        ({"error": "not-settled", "waiting_for": [{"name": "recall", "due_now": 3}]}, 504, "not-settled"),
        ({"error": "invalid-move"}, 422, "malformed"),
    ],
)
async def test_the_keepers_refusals_are_problems(
    bus: Bus, settings: Settings, answer: dict[str, Any], status: int, code: str
) -> None:
    async with kept(bus, settings, answer) as (http, _):
        refused = await http.post("/dev/clock", json={"advance": "PT2H"})
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{code}")
        if code == "not-settled":
            assert "recall" in refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [{}, {"advance": "soon"}, {"now": "2026-11-02"}, {"now": "2026-11-02T10:00:00Z", "advance": "PT1H"}],
)
async def test_what_is_neither_instant_nor_duration_is_422(
    bus: Bus, settings: Settings, body: dict[str, str]
) -> None:
    async with kept(bus, settings, {"now": "never"}) as (http, asked):
        refused = await http.post("/dev/clock", json=body)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/malformed")
        assert asked == []

"""The whole service in one process: an event on the bus becomes a message at the provider, and SIGTERM loses nothing."""

import asyncio
import os
from datetime import UTC, datetime

import httpx
import sqlalchemy as sa

from common.encoding import to_text
from common.testing import PATIENCE, running
from devkit.sandbox.testing import eventually
from notifications import app as module
from notifications.channels import http
from notifications.settings import Settings
from notifications.tables.schema import messages

from .world import almaty

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def test_an_event_on_the_bus_becomes_a_message(
    environment, urls, nats_server, js, answering, world, provider, database, monkeypatch
):
    monkeypatch.setenv("VINCULO_ENV", "production")
    monkeypatch.setattr(http, "client", provider.client)
    environment(
        urls, nats_server.url, sealing_key=to_text(os.urandom(32)), link_key=to_text(os.urandom(32)),
        public_url="https://clinic.example", whatsapp_base_url="http://provider/whatsapp", whatsapp_token="t",
        sms_base_url="http://provider/twilio", sms_account_sid="AC1", sms_token="t",
    )  # fmt: skip
    visit = almaty(12, 15).replace(year=2099)
    async with answering(world.answers()), running(module.create_app(Settings())) as application:
        events = [*world.directory_events(), world.booked(world.patient(), visit, at=datetime.now(UTC))]
        for event in events:
            body = event.model_dump_json().encode()
            await js.publish(
                event.subject, body, headers={"Nats-Msg-Id": str(event.event_id), "traceparent": TRACE}
            )
        async with asyncio.timeout(PATIENCE):
            while not provider.sent:  # noqa: ASYNC110 - the message arrives whenever it does
                await asyncio.sleep(0.05)
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            await eventually(lambda: is_ready(client))
    async with database.transaction(world.network_id) as tx:
        rows = (
            await tx.execute(sa.select(messages.c.step, messages.c.outcome, messages.c.traceparent))
        ).all()
    assert len(rows) == 4
    assert {row.traceparent.split("-")[1] for row in rows} == {TRACE.split("-")[1]}, (
        "one trace from click to call"
    )

"""What the tests of notifications share."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from common import outbox
from common.accounts import BY_SLUG, EVERY_OTHER
from common.bus import Bus
from common.clock import Clock
from common.contracts.messages import Event
from common.contracts.notifications import IngestWebhook
from common.database import Database
from common.due import DueLoop
from common.encoding import to_text
from common.links import Links
from common.rpc import Asks
from common.sealed import Sealer
from common.testing import PATIENCE, Answering, Keys
from notifications import handlers, workers
from notifications.channels.sms import Sms
from notifications.channels.whatsapp import WhatsApp
from notifications.operations import webhooks
from notifications.operations.parts import Parts
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.messages import Message
from notifications.tables.schema import attempts, messages

from .world import NUMBER, Provider, World, make_world, status, whatsapp_webhook


@pytest.fixture(scope="session")
def service_name() -> str:
    return "notifications"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def world(network_id: str) -> World:
    return make_world(network_id)


@pytest.fixture
def parts(database: Database, bus: Bus, keys: Keys, clock: Clock, provider: Provider) -> Parts:
    client = provider.client()
    key = to_text(os.urandom(32))
    return Parts(
        database=database,
        asks=Asks(bus, keys.signer("notifications"), patience=PATIENCE),
        clock=clock,
        sealer=Sealer(key),
        links=Links(key),
        public_url="https://clinic.example",
        adapters={
            "whatsapp": WhatsApp(client, "http://provider/whatsapp", "token", {EVERY_OTHER: NUMBER}),
            "sms": Sms(
                client, "http://provider/twilio", "AC1", "token", "https://clinic.example", now=clock.now
            ),
        },
        accounts={"whatsapp": {EVERY_OTHER: NUMBER}, "instagram": BY_SLUG},
        hurry=PATIENCE,
    )


@dataclass
class Lanes:
    """The loops that send, as one."""

    loops: Sequence[DueLoop]

    async def step(self) -> int:
        return sum([await loop.step() for loop in self.loops])

    async def release(self, network_id: str, ids: Sequence[UUID], *, after: timedelta) -> None:
        await self.loops[0].release(network_id, ids, after=after)

    @property
    def blocked(self) -> dict[str, str]:
        return {network: who for loop in self.loops for network, who in loop.blocked.items()}


@dataclass
class Service:
    """The service with its loops in a test's hands: nothing moves by itself."""

    parts: Parts
    world: World
    provider: Provider
    clock: Clock
    sending: Lanes
    understanding: DueLoop
    renewing: DueLoop
    saying: DueLoop
    forgetting: DueLoop

    async def apply(self, *events: Event) -> None:
        for event in events:
            for reader in handlers.readers.readers:
                if event.subject in reader.events:
                    await reader.apply(event, self.parts)

    async def send(self) -> int:
        """Everything that is due now, as often as something is."""
        total = 0
        for step in (self.saying.step, self.sending.step):
            while done := await step():
                total += done
        return total

    async def delivered(self) -> None:
        """Everything that was sent arrives."""
        told = [status(one["id"], "delivered", one["reference"]) for one in self.provider.sent]
        await self.webhook(whatsapp_webhook(statuses=told))

    async def at(self, instant: datetime) -> None:
        self.clock.put(instant)
        await self.send()

    async def webhook(
        self, body: str, *, provider: str = "whatsapp", query: dict[str, str] | None = None
    ) -> None:
        command = IngestWebhook(
            command_id=uuid4(),
            provider=provider,
            content_type="application/json",
            query=query or {},
            body=body,
        )
        await webhooks.ingest(self.parts, command, self.world.network_id, now=self.clock.now())
        await self.understand()

    async def understand(self) -> None:
        while await self.understanding.step():
            pass
        await self.send()

    async def messages(self, origin_id: UUID | None = None) -> list[Message]:
        query = sa.select(*message_rows.COLUMNS).order_by(messages.c.created_at, messages.c.target_at)
        if origin_id is not None:
            query = query.where(messages.c.origin_id == origin_id)
        async with self.parts.database.transaction(self.world.network_id) as tx:
            return [message_rows.value(row) for row in await tx.execute(query)]

    async def step(self, name: str) -> Message:
        return next(one for one in await self.messages() if one.step == name)

    async def attempts(self) -> Sequence[Any]:
        async with self.parts.database.transaction(self.world.network_id) as tx:
            rows = await tx.execute(
                sa.select(*[attempts.c[name] for name in attempt_rows.Attempt.__dataclass_fields__]).order_by(
                    attempts.c.attempt_id
                )
            )
            return [attempt_rows.value(row) for row in rows]

    async def told(self, kind: type[Event]) -> list[Any]:
        """Events of one class in the outbox, oldest first."""
        async with self.parts.database.unscoped() as tx:
            return [
                kind.model_validate_json(row["body"])
                for row in await outbox.recorded(tx)
                if row["subject"] == kind.subject
            ]


def in_hand(parts: Parts, world: World, provider: Provider, clock: Clock, database: Database) -> Service:
    """The service made of these, its loops standing still."""
    *sending, understanding, renewing, saying, forgetting = workers.loops(
        parts, database, clock, lease_seconds=30
    )
    return Service(parts, world, provider, clock, Lanes(sending), understanding, renewing, saying, forgetting)


@pytest.fixture
async def service(
    parts: Parts, world: World, provider: Provider, clock: Clock, database: Database, answering: Answering
) -> AsyncIterator[Service]:
    async with answering(world.answers(), None):
        made = in_hand(parts, world, provider, clock, database)
        await made.apply(*world.directory_events())
        yield made


Make = Callable[..., Any]

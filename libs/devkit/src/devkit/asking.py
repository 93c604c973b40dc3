"""Orders and questions from the development kit to the services of a running home, signed as the gateway would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.bus import Bus
from common.caller import Caller, Signer
from common.rpc import Asks

GATEWAY = "gateway"
PATIENCE_SECONDS = 30.0
"""Who ordered something at a terminal waits rather than to hear that somebody is away who is only slow."""


def acting(network_id: str) -> Caller:
    """An installation's own tools, in one network."""
    return Caller(network_id=network_id, actor=f"system:{GATEWAY}", roles=("admin", "system"))


@asynccontextmanager
async def asking(nats_url: str, signing_key: str) -> AsyncIterator[Asks]:
    """Connected for the length of the block; `signing_key` is the gateway's."""
    bus = Bus(nats_url, "devkit")
    await bus.connect()
    try:
        yield Asks(bus, Signer(GATEWAY, signing_key), patience=PATIENCE_SECONDS)
    finally:
        await bus.close()

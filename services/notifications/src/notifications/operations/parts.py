"""What the operations of this service work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from common.accounts import BY_SLUG
from common.caller import Caller, system
from common.clock import Clock
from common.contracts.messages import Command, Message
from common.contracts.patient_profile import Channel
from common.database import Database
from common.links import Links
from common.rpc import Asks
from common.sealed import Sealer
from notifications.channels import Adapter

Answer = TypeVar("Answer", bound=Message)
Answer_co = TypeVar("Answer_co", bound=Message, covariant=True)


class Operation(Protocol[Answer_co]):
    """What a command means, in a transaction."""

    async def __call__(
        self, tx: AsyncConnection, command: Any, caller: Caller, *, now: datetime
    ) -> Answer_co: ...


def _nothing() -> None:
    """Nobody to wake."""


@dataclass
class Wakes:
    """How a commit wakes the loops that have new work by it; set once the loops stand."""

    sending: Callable[[], None] = _nothing
    webhooks: Callable[[], None] = _nothing
    replanning: Callable[[], None] = _nothing
    saying: Callable[[], None] = _nothing


@dataclass(frozen=True)
class Parts:
    """Everything that is constructed once."""

    database: Database
    asks: Asks
    clock: Clock
    sealer: Sealer
    links: Links
    public_url: str
    adapters: Mapping[Channel, Adapter]
    mail_domain: str = "clinic.invalid"
    """Mail comes from `<network>@<domain>`."""
    accounts: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {"whatsapp": BY_SLUG, "instagram": BY_SLUG}
    )
    """Provider -> network -> what it calls the network's account: where one signature holds for every network, a
    webhook has to name the account."""
    wakes: Wakes = field(default_factory=Wakes)
    hurry: float = 2.0
    """Seconds that an owner is waited for whose answer can be done without."""

    async def carry_out(
        self, operation: Operation[Answer], command: Command[Answer], caller: Caller
    ) -> Answer:
        """The operation in a transaction of its own, once for each command."""
        now = self.clock.now()
        return await self.database.once(
            command, caller.network_id, lambda tx: operation(tx, command, caller, now=now)
        )

    def offered(self, network_id: str) -> tuple[Channel, ...]:
        """The channels that have an adapter, and on which this network has an account."""
        return tuple(channel for channel, adapter in self.adapters.items() if adapter.serves(network_id))


def ourselves(network_id: str) -> Caller:
    """This service acting by itself."""
    return system("notifications", network_id)


def by_reply(network_id: str) -> Caller:
    """A patient, by what they wrote or pressed."""
    return Caller(network_id=network_id, actor="patient-by-reply", purpose="link")

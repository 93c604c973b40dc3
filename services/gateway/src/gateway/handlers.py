"""What the gateway answers and reads on the bus; and the parts that its routes are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.bus import Bus
from common.caller import Caller
from common.clock import Clock
from common.contracts.directory import NetworkOpened
from common.contracts.gateway import CreateStaff
from common.contracts.messages import Done
from common.database import Database
from common.delivery import Readers
from common.errors import NotAllowed
from common.links import Links
from common.rpc import Answers, Asks
from gateway import tables
from gateway.operations import accounts
from gateway.operations.audit import AuditLog
from gateway.queries.directory import PublicDirectory
from gateway.queries.live import Live
from gateway.queries.principals import Principals
from gateway.rules.chats import ChatLinks
from gateway.rules.meetings import Meetings


@dataclass(frozen=True)
class Secrets:
    """What only the gateway knows."""

    session_key: bytes
    whatsapp_app_secret: str
    whatsapp_verify_token: str
    sms_auth_token: str
    voice_auth_token: str
    kavenegar_webhook_key: Mapping[str, str]
    telegram_webhook_secret: Mapping[str, str]
    line_secrets: Mapping[str, str]
    instagram_app_secret: str
    email_webhook_secret: Mapping[str, str]


@dataclass(frozen=True)
class Parts:
    """Everything that routes, pages and handlers work with."""

    database: Database
    bus: Bus
    asks: Asks
    clock: Clock
    audit: AuditLog
    principals: Principals
    public_directory: PublicDirectory
    live: Live
    links: Links
    secrets: Secrets
    chat_links: ChatLinks
    meetings: Meetings
    public_url: str
    sandbox_url: str | None
    development: bool
    section_seconds: float
    command_seconds: float
    clock_seconds: float


answers = Answers[Parts]()
readers = Readers[Parts]()


@answers.to(CreateStaff)
async def create_staff(command: CreateStaff, caller: Caller, parts: Parts) -> Done:
    if caller.actor != "system:gateway":
        raise NotAllowed("Accounts are made by the gateway's own tools, or over HTTP by an administrator")
    await parts.public_directory.network(caller.network_id)
    return await accounts.create_staff(parts.database, caller.network_id, command, now=parts.clock.now())


@readers.of(NetworkOpened, durable="gateway-networks")
async def keep_network(event: NetworkOpened, parts: Parts) -> None:
    async with parts.database.applying(event, "gateway-networks") as tx:
        await tables.keep_network(tx, event.network, event.version)

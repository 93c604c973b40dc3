"""What the shared suite has to know of each channel: its adapter, its webhooks' reader, and what its provider can."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from common.contracts.patient_profile import Channel
from common.testing import PATIENCE
from devkit.sandbox.apps import INSTAGRAM, LINE, TELEGRAM
from devkit.sandbox.testing import ACCOUNT_SID, Sandbox
from notifications.channels import Adapter, Hook, instagram, kavenegar, line, sms, telegram, whatsapp
from notifications.channels.instagram import Instagram
from notifications.channels.kavenegar import Kavenegar
from notifications.channels.line import Line
from notifications.channels.sms import Sms
from notifications.channels.telegram import Telegram
from notifications.channels.whatsapp import WhatsApp

NETWORK = "demo-kz"


@contextmanager
def giving_up(client: httpx.AsyncClient) -> Iterator[None]:
    """It waits for no answer that does not come; for everything else as long as this machine needs."""
    patient, client.timeout = client.timeout, httpx.Timeout(PATIENCE, read=0.5)
    yield
    client.timeout = patient


@dataclass(frozen=True)
class Kit:
    """One channel for the suite. `make` gets a client, the sandbox and the address that webhooks come to."""

    name: str
    channel: Channel
    make: Callable[[httpx.AsyncClient, Sandbox, str], Adapter]
    hook: Hook
    handle: Callable[[str], str] = lambda phone: phone
    """How the channel knows the owner of a phone."""
    nobody: str = "+0"
    """An address that the provider refuses."""
    conversation: bool = False
    """Whether a patient has to write first."""
    deliveries: Sequence[str] = ()
    """What is told of a message that arrives and is read."""
    presses: bool = True
    """Whether buttons of ours come back with their payloads."""
    shares_phone: bool = False
    """Whether a button of its own shares the patient's phone."""
    looks_up: bool = False
    repeatable: bool = False
    secret: str = ""
    """The sandbox's setting of what its webhooks are signed with."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What else the sandbox is told."""

    def __str__(self) -> str:
        return self.name


KITS = [
    Kit(
        "whatsapp", "whatsapp",
        lambda client, sandbox, _: WhatsApp(client, f"{sandbox.url}/whatsapp", "token"),
        whatsapp.webhook, deliveries=("sent", "delivered", "read"), secret="whatsapp_app_secret",
    ),
    Kit(
        "sms", "sms",
        lambda client, sandbox, gateway: Sms(client, f"{sandbox.url}/twilio", ACCOUNT_SID, "token", gateway),
        sms.webhook, deliveries=("sent", "delivered"), presses=False, looks_up=True,
        secret="sms_auth_token",
    ),
    Kit(
        "kavenegar", "sms",
        lambda client, sandbox, _: Kavenegar(client, f"{sandbox.url}/kavenegar", {NETWORK: "key"}),
        kavenegar.webhook, nobody="+", deliveries=("sent", "delivered"), presses=False, looks_up=True,
        repeatable=True, secret="kavenegar_webhook_key", settings={"kavenegar_accounts": (NETWORK,)},
    ),
    Kit(
        "telegram", "telegram",
        lambda client, sandbox, _: Telegram(client, f"{sandbox.url}/telegram", {NETWORK: f"{NETWORK}:secret"}),
        telegram.webhook, TELEGRAM.handle, "1", conversation=True, shares_phone=True, secret="telegram_webhook_secret",
    ),
    Kit(
        "line", "line",
        lambda client, sandbox, _: Line(client, f"{sandbox.url}/line", {NETWORK: f"{NETWORK}.secret"}),
        line.webhook, LINE.handle, "U1", conversation=True, repeatable=True,
        secret="line_channel_secret",
    ),
    Kit(
        "instagram", "instagram",
        lambda client, sandbox, _: Instagram(client, f"{sandbox.url}/instagram", {"*": "{network}.secret"}),
        instagram.webhook, INSTAGRAM.handle, "1", conversation=True, deliveries=("read",),
        secret="instagram_app_secret",
    ),
]  # fmt: skip

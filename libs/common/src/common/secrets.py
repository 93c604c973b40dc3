"""Fresh secrets of an installation, as lines of an environment file: `python -m common.secrets`.

Run once per installation; running it again makes other keys, which can read nothing of what the first ones sealed.
"""

import json
import os
import sys
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.accounts import EVERY_OTHER
from common.encoding import to_text
from common.provision import ROLES, SERVICES

SEALING = ("patient_profile", "notifications", "consents")


def lines() -> Iterator[tuple[str, str]]:
    """Name and value of every secret that services, databases and providers' webhooks need."""
    public: dict[str, str] = {}
    for service in SERVICES:
        key = Ed25519PrivateKey.generate()
        public[service] = to_text(key.public_key().public_bytes_raw())
        yield f"{service.upper()}_SIGNING_KEY", to_text(key.private_bytes_raw())
        for role in ROLES:
            yield f"{service.upper()}_{role.upper()}_PASSWORD", to_text(os.urandom(24))
    yield "TRUSTED_KEYS", json.dumps(public)
    for service in SEALING:
        yield f"{service.upper()}_SEALING_KEY", to_text(os.urandom(32))
    yield "LINK_KEY", to_text(os.urandom(32))
    yield "SESSION_KEY", to_text(os.urandom(32))
    for name in (
        "POSTGRES_PASSWORD",
        "WHATSAPP_TOKEN",
        "WHATSAPP_APP_SECRET",
        "WHATSAPP_VERIFY_TOKEN",
        "SMS_AUTH_TOKEN",
        "TELEGRAM_WEBHOOK_SECRET",
        "INSTAGRAM_APP_SECRET",
        "KAVENEGAR_WEBHOOK_KEY",
        "EMAIL_WEBHOOK_SECRET",
    ):
        yield name, to_text(os.urandom(24))
    yield "SMS_ACCOUNT_SID", "AC" + os.urandom(16).hex()
    yield from _chats()


def _chats() -> Iterator[tuple[str, str]]:
    """As the sandbox takes them; with the providers each network's own stand in their place."""
    for name, joint in (("TELEGRAM", ":"), ("LINE", "."), ("INSTAGRAM", ".")):
        yield f"{name}_TOKENS", json.dumps({EVERY_OTHER: f"{{network}}{joint}{to_text(os.urandom(24))}"})
    channel_secret = to_text(os.urandom(24))
    yield "LINE_CHANNEL_SECRET", channel_secret
    yield "LINE_SECRETS", json.dumps({EVERY_OTHER: channel_secret})


def main() -> None:
    """Print them, quoted as compose and shells read them."""
    for name, value in lines():
        sys.stdout.write(f"{name}='{value}'\n")


if __name__ == "__main__":
    main()

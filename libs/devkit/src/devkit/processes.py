"""Which processes a running Vínculo has, and what each is told by its environment."""

import http.client
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from common.accounts import EVERY_OTHER
from devkit.embedded import Infrastructure
from devkit.embedded.child import Program
from devkit.embedded.ports import LOOPBACK, free
from devkit.home import ROLES, SERVICES, Home, Secrets
from devkit.nursery import Nursery

IRANIAN_DEMO = "demo-ir"
"""Its SMS go by a provider of its own country."""


BEHIND = frozenset({"notifications", "recall", "sandbox"})
"""Nobody waits for these at a screen: where one machine runs everything, they leave it to those that answer people."""
NICENESS = 5


SECTION_SECONDS = "2"
"""Longer than on servers: where all services share a machine with a browser and more, slow is not yet away."""


@dataclass(frozen=True)
class Ports:
    """Where each process listens. The first two are for people, the rest are whatever is free."""

    gateway: int
    sandbox: int
    smtp: int
    services: Mapping[str, int]

    @classmethod
    def drawn(cls, *, gateway: int, sandbox: int) -> "Ports":
        """The given ones, and free ones for everything else."""
        inner = [service for service in SERVICES if service != "gateway"]
        smtp, *rest = free(1 + len(inner))
        return cls(gateway, sandbox, smtp, {**dict(zip(inner, rest, strict=True)), "gateway": gateway})

    @property
    def gateway_url(self) -> str:
        """Where people and other systems reach it."""
        return f"http://{LOOPBACK}:{self.gateway}"

    @property
    def sandbox_url(self) -> str:
        """The phones' page, and the base of the providers."""
        return f"http://{LOOPBACK}:{self.sandbox}"


class PythonProcess(Program):
    """A module run as `python -m`, which says over HTTP when it is ready."""

    def __init__(
        self,
        name: str,
        module: str,
        *,
        port: int,
        log: Path,
        environment: Mapping[str, str],
        nursery: Nursery | None = None,
    ) -> None:
        self.name = name
        self.niceness = NICENESS if name in BEHIND else 0
        self.module = module
        self.port = port
        self.log = log
        self._environment = environment
        self._nursery = nursery

    def launch(self) -> None:
        """By a fork where there is a nursery, by a fresh interpreter otherwise."""
        if self._nursery is None:
            super().launch()
        else:
            self.process = self._nursery.bear(
                self.module, environment=self.environment(), log=self.log, niceness=self.niceness
            )

    def command(self) -> Sequence[str | Path]:
        """With the interpreter that runs us."""
        return [sys.executable, "-m", self.module]

    def environment(self) -> Mapping[str, str]:
        """What it is told, over what we were told."""
        return {**os.environ, **self._environment}

    def prepare(self) -> None:
        """Nothing of it is on disk."""

    def ready(self) -> bool:
        """Its own word, at `/readyz`."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def role_passwords(secrets: Secrets, service: str) -> dict[str, str]:
    """The password of each of a service's database roles."""
    return {role: secrets.password(f"{service}_{role}") for role in ROLES}


def database_url(admin_url: str, service: str, role: str, password: str) -> str:
    """Where a service connects under one of its roles, on the server of the admin URL."""
    server = urlsplit(admin_url)
    host = server.netloc.rpartition("@")[2]
    return urlunsplit(
        server._replace(
            scheme="postgresql+asyncpg",
            netloc=f"{service}_{role}:{quote(password, safe='')}@{host}",
            path=f"/{service}",
        )
    )


def database_urls(admin_url: str, secrets: Secrets) -> dict[str, dict[str, str]]:
    """By service, then by role."""
    return {
        service: {
            role: database_url(admin_url, service, role, password)
            for role, password in role_passwords(secrets, service).items()
        }
        for service in SERVICES
    }


def _of_every_service(
    service: str, secrets: Secrets, infrastructure: Infrastructure, port: int
) -> dict[str, str]:
    prefix = service.upper()
    urls = database_urls(infrastructure.admin_url, secrets)[service]
    return {
        f"{prefix}_DATABASE_URL": urls["app"],
        f"{prefix}_WORKER_DATABASE_URL": urls["worker"],
        f"{prefix}_NATS_URL": infrastructure.nats_url,
        f"{prefix}_SIGNING_KEY": secrets.signing_key(service),
        f"{prefix}_TRUSTED_KEYS": json.dumps({issuer: secrets.public_key(issuer) for issuer in SERVICES}),
        f"{prefix}_HTTP_HOST": LOOPBACK,
        f"{prefix}_HTTP_PORT": str(port),
    }


def everyone(account: str) -> str:
    """The setting of accounts in which every network has this one, its slug in the place of `{network}`."""
    return json.dumps({EVERY_OTHER: account})


def _of_one_service(secrets: Secrets, ports: Ports) -> dict[str, dict[str, str]]:
    """What only some services are told: a secret goes to those that need it and to nobody else."""
    link_key = secrets.key("link")
    return {
        "patient_profile": {"PATIENT_PROFILE_SEALING_KEY": secrets.key("sealing:patient_profile")},
        "consents": {"CONSENTS_SEALING_KEY": secrets.key("sealing:consents")},
        "notifications": {
            "NOTIFICATIONS_SEALING_KEY": secrets.key("sealing:notifications"),
            "NOTIFICATIONS_LINK_KEY": link_key,
            "NOTIFICATIONS_PUBLIC_URL": ports.gateway_url,
            "NOTIFICATIONS_WHATSAPP_BASE_URL": f"{ports.sandbox_url}/whatsapp",
            "NOTIFICATIONS_WHATSAPP_TOKEN": secrets.password("whatsapp"),
            "NOTIFICATIONS_SMS_BASE_URL": f"{ports.sandbox_url}/twilio",
            "NOTIFICATIONS_SMS_ACCOUNT_SID": "AC" + secrets.password("sms-account"),
            "NOTIFICATIONS_SMS_TOKEN": secrets.password("sms"),
            "NOTIFICATIONS_TELEGRAM_BASE_URL": f"{ports.sandbox_url}/telegram",
            "NOTIFICATIONS_TELEGRAM_TOKENS": everyone(f"{{network}}:{secrets.password('telegram')}"),
            "NOTIFICATIONS_LINE_BASE_URL": f"{ports.sandbox_url}/line",
            "NOTIFICATIONS_LINE_TOKENS": everyone(f"{{network}}.{secrets.password('line')}"),
            "NOTIFICATIONS_INSTAGRAM_BASE_URL": f"{ports.sandbox_url}/instagram",
            "NOTIFICATIONS_INSTAGRAM_TOKENS": everyone(f"{{network}}.{secrets.password('instagram')}"),
            "NOTIFICATIONS_SMTP_URL": f"smtp://{LOOPBACK}:{ports.smtp}",
            "NOTIFICATIONS_MAIL_DOMAIN": "clinic.localhost",
            "NOTIFICATIONS_VOICE_BASE_URL": f"{ports.sandbox_url}/twilio",
            "NOTIFICATIONS_VOICE_ACCOUNT_SID": "AC" + secrets.password("sms-account"),
            "NOTIFICATIONS_VOICE_TOKEN": secrets.password("sms"),
            "NOTIFICATIONS_KAVENEGAR_BASE_URL": f"{ports.sandbox_url}/kavenegar",
            "NOTIFICATIONS_KAVENEGAR_KEYS": json.dumps({IRANIAN_DEMO: secrets.password("kavenegar")}),
        },
        "gateway": {
            "GATEWAY_LINK_KEY": link_key,
            "GATEWAY_SESSION_KEY": secrets.key("session"),
            "GATEWAY_SANDBOX_URL": ports.sandbox_url,
            "GATEWAY_SECTION_SECONDS": SECTION_SECONDS,
            "GATEWAY_PUBLIC_URL": ports.gateway_url,
            "GATEWAY_MEETING_URL": f"{ports.sandbox_url}/meetings/{{room}}",
            "GATEWAY_WHATSAPP_APP_SECRET": secrets.password("whatsapp-app"),
            "GATEWAY_WHATSAPP_VERIFY_TOKEN": secrets.password("whatsapp-verify"),
            "GATEWAY_SMS_AUTH_TOKEN": secrets.password("sms"),
            "GATEWAY_KAVENEGAR_WEBHOOK_KEY": secrets.password("kavenegar-webhook"),
            "GATEWAY_TELEGRAM_WEBHOOK_SECRET": secrets.password("telegram-webhook"),
            "GATEWAY_LINE_SECRETS": everyone(secrets.password("line-channel")),
            "GATEWAY_INSTAGRAM_APP_SECRET": secrets.password("instagram-app"),
            "GATEWAY_EMAIL_WEBHOOK_SECRET": secrets.password("email-webhook"),
            **{
                f"GATEWAY_{chat.upper()}_LINKS": everyone(
                    f"{ports.sandbox_url}/open/{chat}/{{network}}?code={{code}}"
                )
                for chat in ("telegram", "line", "instagram")
            },
        },
    }


def _of_the_sandbox(home: Home, ports: Ports, nats_url: str, secrets: Secrets) -> dict[str, str]:
    return {
        "SANDBOX_HTTP_HOST": LOOPBACK,
        "SANDBOX_HTTP_PORT": str(ports.sandbox),
        "SANDBOX_SMTP_PORT": str(ports.smtp),
        "SANDBOX_NATS_URL": nats_url,
        "SANDBOX_LEDGER": str(home.ledger),
        "SANDBOX_EXPECTED": ",".join(SERVICES),
        "SANDBOX_WHATSAPP_CALLBACK": f"{ports.gateway_url}/webhooks/whatsapp/{{account}}",
        "SANDBOX_WHATSAPP_APP_SECRET": secrets.password("whatsapp-app"),
        "SANDBOX_WHATSAPP_TOKEN": secrets.password("whatsapp"),
        "SANDBOX_SMS_CALLBACK": f"{ports.gateway_url}/webhooks/sms/{{account}}",
        "SANDBOX_SMS_AUTH_TOKEN": secrets.password("sms"),
        "SANDBOX_VOICE_CALLBACK": f"{ports.gateway_url}/webhooks/voice/{{account}}",
        "SANDBOX_KAVENEGAR_KEY": secrets.password("kavenegar"),
        "SANDBOX_KAVENEGAR_CALLBACK": f"{ports.gateway_url}/webhooks/kavenegar/{{account}}",
        "SANDBOX_KAVENEGAR_WEBHOOK_KEY": secrets.password("kavenegar-webhook"),
        "SANDBOX_KAVENEGAR_ACCOUNTS": IRANIAN_DEMO,
        "SANDBOX_TELEGRAM_CALLBACK": f"{ports.gateway_url}/webhooks/telegram/{{account}}",
        "SANDBOX_TELEGRAM_WEBHOOK_SECRET": secrets.password("telegram-webhook"),
        "SANDBOX_TELEGRAM_SECRET": secrets.password("telegram"),
        "SANDBOX_LINE_CALLBACK": f"{ports.gateway_url}/webhooks/line/{{account}}",
        "SANDBOX_LINE_CHANNEL_SECRET": secrets.password("line-channel"),
        "SANDBOX_LINE_SECRET": secrets.password("line"),
        "SANDBOX_INSTAGRAM_CALLBACK": f"{ports.gateway_url}/webhooks/instagram/{{account}}",
        "SANDBOX_INSTAGRAM_APP_SECRET": secrets.password("instagram-app"),
        "SANDBOX_INSTAGRAM_SECRET": secrets.password("instagram"),
        "SANDBOX_EMAIL_CALLBACK": f"{ports.gateway_url}/webhooks/email/{{account}}",
        "SANDBOX_EMAIL_WEBHOOK_SECRET": secrets.password("email-webhook"),
    }


def sandbox_process(
    home: Home, infrastructure: Infrastructure, ports: Ports, nursery: Nursery | None = None
) -> PythonProcess:
    """The provider sandbox, which also keeps the development clock."""
    return PythonProcess(
        "sandbox",
        "devkit.sandbox.app",
        port=ports.sandbox,
        log=home.log("sandbox"),
        environment={
            "VINCULO_ENV": "development",
            **_of_the_sandbox(home, ports, infrastructure.nats_url, home.secrets),
        },
        nursery=nursery,
    )


def service_processes(
    home: Home, infrastructure: Infrastructure, ports: Ports, nursery: Nursery | None = None
) -> list[PythonProcess]:
    """The six services."""
    secrets = home.secrets
    own = _of_one_service(secrets, ports)
    return [
        PythonProcess(
            service,
            f"{service}.app",
            port=ports.services[service],
            log=home.log(service),
            environment={
                "VINCULO_ENV": "development",
                **_of_every_service(service, secrets, infrastructure, ports.services[service]),
                **own.get(service, {}),
            },
            nursery=nursery,
        )
        for service in SERVICES
    ]

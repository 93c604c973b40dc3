"""What the gateway is told at start (`GATEWAY_…`)."""

from typing import Annotated

from pydantic import BeforeValidator, Field, Json
from pydantic_settings import NoDecode, SettingsConfigDict

from common.accounts import Accounts, everybodys
from common.settings import CommonSettings

Password = Annotated[str, Field(pattern=r"^.{16,}$")]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,256}$")]
Passwords = Annotated[Json[dict[str, Password]], NoDecode, BeforeValidator(everybodys)]
"""A JSON object, network -> its secret (`*`: of every other); or one for all of them, which cannot tell them apart."""
Tokens = Annotated[Json[dict[str, Token]], NoDecode, BeforeValidator(everybodys)]


class Settings(CommonSettings):
    """Secrets of webhooks and links are here and nowhere else (the link key also at notifications)."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    link_key: str
    """HMAC key of patients' links, base64url of 32 bytes."""
    session_key: str
    """Key for second factors, API keys and the memory of idempotency keys, base64url of 32 bytes."""
    public_url: str = Field(pattern=r"^https?://[^/]+$")
    """How the outside reaches us: links, cookies and the signatures of webhooks depend on it."""
    sandbox_url: str | None = None
    """Where the provider sandbox shows the phones, in development."""
    whatsapp_app_secret: str = Field(min_length=8)
    whatsapp_verify_token: str = Field(min_length=8)
    sms_auth_token: str = Field(min_length=8)
    voice_auth_token: str | None = Field(default=None, min_length=8)
    """Where telephony is another account than SMS."""
    kavenegar_webhook_key: Passwords = Field(default_factory=dict)
    """Stands in the address that Kavenegar was given (`?key=…`); without it nothing is taken from there."""
    telegram_webhook_secret: Tokens = Field(default_factory=dict)
    """What the bots' webhooks were set with; without it nothing is taken from there. So for the next two."""
    line_secrets: Accounts = Field(default_factory=dict)
    """The networks' channel secrets."""
    instagram_app_secret: str = Field(default="", pattern=r"^(.{8,})?$")
    email_webhook_secret: Passwords = Field(default_factory=dict)
    """The password of the address that mail which came back is handed on to
    (`https://mail:PASSWORD@…/webhooks/email/NETWORK`); without it nothing is taken."""
    telegram_links: Accounts = Field(default_factory=dict)
    """The networks' links into their chats (`https://t.me/clinic_bot?start={code}`), shown with an appointment."""
    line_links: Accounts = Field(default_factory=dict)
    """`https://line.me/R/oaMessage/%40clinic/?{code}`"""
    instagram_links: Accounts = Field(default_factory=dict)
    """`https://ig.me/m/clinic?ref={code}`"""
    meeting_url: str = Field(default="", pattern=r"^(https?://[^/\s{}]+/[^\s{}]*\{room\}[^\s{}]*)?$")
    """Where online visits are held: `https://meet.example.org/{room}`. Without it nobody can join one."""
    section_seconds: float = Field(default=0.4, gt=0, le=10)
    """How long each section of the 360 view and each part of the day board may take."""
    command_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long an owner may take to carry out a command."""
    clock_seconds: float = Field(default=1800.0, gt=0)
    """How long moving the development clock may take."""

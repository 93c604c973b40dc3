"""What the environment says to the sandbox; imported by `app.py` only."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SERVICES = ("gateway", "booking", "notifications", "consents", "recall", "patient_profile")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SANDBOX_", frozen=True, extra="ignore", populate_by_name=True
    )

    env: Literal["development", "production"] = Field("production", validation_alias="VINCULO_ENV")
    clock_start: AwareDatetime | None = Field(None, validation_alias="VINCULO_CLOCK_START")

    http_host: str = "127.0.0.1"
    http_port: int = 8090
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    nats_url: str | None = "nats://127.0.0.1:4222"
    """None: the clock moves this process alone."""

    ledger: Path
    """Everything ever accepted. What happened afterwards and the clock are kept beside it."""
    clock: Path | None = None

    whatsapp_callback: str | None = "http://127.0.0.1:8080/webhooks/whatsapp/{account}"
    whatsapp_app_secret: SecretStr
    whatsapp_token: SecretStr | None = None
    """The only bearer token that is taken; None takes any."""
    whatsapp_window_refusal: Literal["answer", "report"] = "answer"
    """Meta refuses free text outside the 24-hour window in its answer or afterwards by a report."""
    sms_callback: str | None = "http://127.0.0.1:8080/webhooks/sms/{account}"
    sms_auth_token: SecretStr
    sms_token: SecretStr | None = None
    """The only password that is taken (Twilio has API keys beside the auth token); None takes any."""
    sms_stop_words: Annotated[tuple[str, ...], NoDecode] = ()
    """Words that make the carrier itself block a sender (21610). Empty: opting out is the customer's work."""

    kavenegar_callback: str | None = "http://127.0.0.1:8080/webhooks/kavenegar/{account}"
    kavenegar_webhook_key: SecretStr = SecretStr("")
    """Stands in the callback's address as `?key=…`: nothing is signed."""
    kavenegar_accounts: Annotated[tuple[str, ...], NoDecode] = ()
    """Whose lines patients' SMS reach by Kavenegar, also before anything was sent from them."""
    kavenegar_key: SecretStr | None = None
    """The only API key that is taken; None takes any."""
    voice_callback: str | None = "http://127.0.0.1:8080/webhooks/voice/{account}"
    """Where calls to the clinic are told; a call of the clinic's says itself where it is answered."""

    telegram_callback: str | None = "http://127.0.0.1:8080/webhooks/telegram/{account}"
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_secret: SecretStr | None = None
    """The only secret that is taken behind the account in a bot's token; None takes any. So for the next two."""
    line_callback: str | None = "http://127.0.0.1:8080/webhooks/line/{account}"
    line_channel_secret: SecretStr = SecretStr("")
    line_secret: SecretStr | None = None
    instagram_callback: str | None = "http://127.0.0.1:8080/webhooks/instagram/{account}"
    instagram_app_secret: SecretStr = SecretStr("")
    instagram_secret: SecretStr | None = None
    email_callback: str | None = "http://127.0.0.1:8080/webhooks/email/{account}"
    """Where mail that comes back is handed on, and with which password."""
    email_webhook_secret: SecretStr = SecretStr("")

    expected: Annotated[tuple[str, ...], NoDecode] = SERVICES
    """Who must answer for the development clock to move, beside the sandbox itself."""
    settle_seconds: float = 60
    hang_seconds: float = 60
    """How long a request stays unanswered by a time-out fault, unless its client goes away before."""
    reply_seconds: float = 10
    """How long `POST /phones/{e164}/replies` waits for the webhook to be taken."""
    read_receipts: Literal["pressed", "opened", "at_once"] = "opened"
    """When a message counts as read: its ticks are pressed, its phone is opened on the page, or at once."""

    @field_validator(
        "clock_start",
        "nats_url",
        "clock",
        "whatsapp_callback",
        "whatsapp_token",
        "sms_callback",
        "sms_token",
        "kavenegar_callback",
        "kavenegar_key",
        "voice_callback",
        "telegram_callback",
        "telegram_secret",
        "line_callback",
        "line_secret",
        "instagram_callback",
        "instagram_secret",
        "email_callback",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("expected", "sms_stop_words", "kavenegar_accounts", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @model_validator(mode="after")
    def _only_in_development(self) -> Self:
        if self.env != "development":
            raise ValueError("the sandbox runs with VINCULO_ENV=development only")
        return self

    @property
    def clock_file(self) -> Path:
        return self.clock or self.ledger.with_name("clock.json")

    @property
    def journal_file(self) -> Path:
        return self.ledger.with_name(f"{self.ledger.stem}-journal.jsonl")

    @property
    def starts_at(self) -> datetime | None:
        return self.clock_start

"""What every service is told at start. No defaults for secrets; a missing one is a clear error at start."""

from typing import Annotated, Literal

from pydantic import Field, Json
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class CommonSettings(BaseSettings):
    """Subclassed by each service with its own prefix (`env_prefix="BOOKING_"`), and imported by `app.py` only."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str
    worker_database_url: str
    nats_url: str
    signing_key: str
    trusted_keys: Annotated[Json[dict[str, str]], NoDecode]
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=0, le=65535)
    pool_size: int = Field(default=16, ge=2, le=100)
    shutdown_seconds: float = Field(default=10, gt=0)
    replay_window_days: float = Field(default=7, gt=0)
    """Wall time an outbox row is kept after it was published; the streams' maximum age equals it."""
    stream_replicas: int = Field(default=1, ge=1, le=5)
    env: Literal["development", "production"] = Field(default="production", validation_alias="VINCULO_ENV")

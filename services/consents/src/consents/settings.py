"""What consents is told at start; imported by `app.py` only."""

from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Everything comes from `CONSENTS_…`. `sealing_key` seals the addresses and devices kept as evidence."""

    model_config = SettingsConfigDict(env_prefix="CONSENTS_", extra="ignore")

    sealing_key: str

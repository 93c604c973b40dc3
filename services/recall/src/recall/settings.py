"""What recall is told at start; imported by `app.py` only."""

from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Everything comes from `RECALL_…`; this service needs nothing of its own."""

    model_config = SettingsConfigDict(env_prefix="RECALL_", extra="ignore")

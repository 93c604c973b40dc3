"""What the environment says to this service; imported by `app.py` only."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Beside what every service is told: keys, the outer address, and the providers."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", extra="ignore")

    sealing_key: str
    link_key: str
    public_url: str
    whatsapp_base_url: str
    whatsapp_token: str
    sms_base_url: str
    sms_account_sid: str
    sms_token: str
    lease_seconds: float = Field(default=30, gt=0, le=600)

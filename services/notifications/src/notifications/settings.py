"""What the environment says to this service; imported by `app.py` only."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.accounts import Accounts, Names
from common.settings import CommonSettings


class Settings(CommonSettings):
    """Beside what every service is told: keys, the outer address, and the providers."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", extra="ignore")

    sealing_key: str
    link_key: str
    public_url: str
    whatsapp_base_url: str
    whatsapp_token: str
    whatsapp_numbers: Names = Field(default_factory=dict)
    """The ids of the networks' phone numbers: what is sent goes from there, and only what came there is heard."""
    sms_base_url: str
    sms_account_sid: str
    sms_token: str
    kavenegar_base_url: str = "https://api.kavenegar.com"
    kavenegar_keys: Accounts = Field(default_factory=dict)
    """Networks whose SMS go by Kavenegar; all others' go by the provider above."""
    voice_base_url: str | None = None
    """Without it nobody is called."""
    voice_account_sid: str = ""
    voice_token: str = ""
    telegram_base_url: str = "https://api.telegram.org"
    telegram_tokens: Accounts = Field(default_factory=dict)
    """The networks' bots; whoever has none is not offered the channel. So for the next two."""
    line_base_url: str = "https://api.line.me"
    line_tokens: Accounts = Field(default_factory=dict)
    instagram_base_url: str = "https://graph.facebook.com"
    instagram_tokens: Accounts = Field(default_factory=dict)
    instagram_accounts: Names = Field(default_factory=dict)
    """The ids of the networks' professional accounts: only what came there is heard."""
    smtp_url: str | None = None
    """Without it no mail is sent."""
    mail_domain: str = "clinic.invalid"
    """Mail comes from `<network>@<domain>`."""
    lease_seconds: float = Field(default=30, gt=0, le=600)

"""What booking is told at start, prefix `BOOKING_`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Beside what every service is told."""

    model_config = SettingsConfigDict(env_prefix="BOOKING_", extra="ignore")

    patient_moves_limit: int = Field(default=3, ge=0)
    """How often a patient may move one appointment without calling."""
    waitlist_offer_minutes: int = Field(default=60, ge=1)
    """How long a freed slot is held for somebody of the waitlist before it goes to the next."""
    overbook_limit: int = Field(default=2, ge=0)
    """How many visits may share a time on purpose, beside the one of right."""

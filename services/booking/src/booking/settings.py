"""What booking is told at start, prefix `BOOKING_`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Beside what every service is told."""

    model_config = SettingsConfigDict(env_prefix="BOOKING_", extra="ignore")

    patient_moves_limit: int = Field(default=3, ge=0)
    """How often a patient may move one appointment without calling."""
    overbook_limit: int = Field(default=2, ge=0)
    """How many visits may share a time on purpose, beside the one of right."""

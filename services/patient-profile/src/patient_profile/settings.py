"""What patient-profile is told at start; imported by `app.py` only."""

from pydantic_settings import SettingsConfigDict

from common.settings import CommonSettings


class Settings(CommonSettings):
    """Everything comes from `PATIENT_PROFILE_…`. `sealing_key` wraps the patients' keys and keys the indexes."""

    model_config = SettingsConfigDict(env_prefix="PATIENT_PROFILE_", extra="ignore")

    sealing_key: str

"""How long a conversation may be answered in the patient's own channel."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from common.contracts.patient_profile import Channel

WINDOWS: Mapping[Channel, timedelta] = {"whatsapp": timedelta(hours=24), "instagram": timedelta(hours=24)}
"""Meta takes free text for a day after the patient wrote."""


def answer_until(channel: Channel, heard_at: datetime) -> datetime | None:
    """Until when free text may be sent; None where it always may."""
    window = WINDOWS.get(channel)
    return heard_at + window if window is not None else None

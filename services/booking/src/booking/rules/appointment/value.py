"""An appointment, as its row holds it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from booking.rules import ledger
from booking.rules.ledger import Account, Entry
from common.contracts.booking import Instalment, Source, Status
from common.errors import VersionConflict


@dataclass(frozen=True)
class Appointment:
    """One row: a hold, an appointment and its visit are the same thing at different times."""

    network_id: str
    appointment_id: UUID
    version: int
    status: Status
    patient_id: UUID
    practitioner_id: UUID
    branch_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: Source
    created_at: datetime
    room_id: UUID | None = None
    buffer_before: int = 0
    buffer_after: int = 0
    overlap_lane: int = 0
    overbook_reason: str | None = None
    series_id: UUID | None = None
    campaign_id: UUID | None = None
    booked_by: UUID | None = None
    utm: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    moves: int = 0
    path: tuple[Status, ...] = ()
    """The statuses that `correct` can go back to, the latest last."""
    held_until: datetime | None = None
    held_for: UUID | None = None
    """What a hold was made for: a displaced appointment, or an entry of the waitlist."""
    answer_by: datetime | None = None
    """Until when the patient of a displaced appointment may choose, before staff is asked to call; None once they are."""
    confirmed_at: datetime | None = None
    arrived_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_reason: str | None = None
    late_cancel: bool = False
    price: int | None = None
    """Minor units: as the catalogue had it when the visit was booked, or as it was agreed on."""
    currency: str = ""
    list_price: int | None = None
    """What the catalogue asked for, where `price` is another; `price_reason` says why."""
    price_reason: str | None = None
    instalments: tuple[Instalment, ...] = ()
    """When the open part of the price is to be paid."""
    entries: tuple[Entry, ...] = ()
    """What came and went for it, the latest last."""

    @property
    def place(self) -> tuple[UUID, UUID, UUID, UUID, datetime]:
        """For whom what is done by whom, where and when."""
        return self.patient_id, self.service_id, self.practitioner_id, self.branch_id, self.starts_at

    @property
    def busy_from(self) -> datetime:
        """From when the practitioner and the room are taken."""
        return self.starts_at - timedelta(minutes=self.buffer_before)

    @property
    def busy_to(self) -> datetime:
        """Until when the practitioner and the room are taken."""
        return self.ends_at + timedelta(minutes=self.buffer_after)

    @property
    def paid(self) -> int:
        """What was paid so far and has not gone back, in minor units."""
        return ledger.net(self.entries)

    @property
    def account(self) -> Account:
        """What it costs and what was paid for it."""
        return Account(
            patient_id=self.patient_id,
            branch_id=self.branch_id,
            status=self.status,
            price=self.price,
            currency=self.currency,
            paid=self.paid,
            instalments=self.instalments,
        )


def expect_version(appointment: Appointment, if_version: int | None) -> None:
    """Refuse to change what the caller has not seen."""
    if if_version is not None and if_version != appointment.version:
        raise VersionConflict("It has changed since you looked", version=appointment.version)

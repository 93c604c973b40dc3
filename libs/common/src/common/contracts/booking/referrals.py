"""Referrals inside the network: one practitioner asks another for a visit, and sees what becomes of it.

Why is a code: no words about a patient's health travel on the bus.
"""

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from common.contracts.messages import Command, Event, Message, Query

ReferralStatus = Literal["open", "booked", "done", "declined", "expired"]
Urgency = Literal["urgent", "soon", "routine"]
ReferralReason = Literal["consultation", "second-opinion", "examination", "treatment", "follow-up", "other"]
DeclineReason = Literal["patient-declined", "not-needed", "done-elsewhere", "wrong-speciality", "other"]


class ReferralWish(Message):
    """To what, and to whom or where if that matters: a service, or any service of a kind."""

    service_id: UUID | None = None
    service_kind: str | None = Field(default=None, min_length=1, max_length=40)
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.service_id is None) is (self.service_kind is None):
            raise ValueError("give either service_id or service_kind")
        return self


class Referral(Message):
    """A referral as it stands. `appointment_id` is the visit that was booked from it last.

    `booked` has an appointment to come; it is `open` again where that is cancelled or missed, and `done` once it
    took place.
    """

    referral_id: UUID
    version: int
    status: ReferralStatus
    patient_id: UUID
    from_practitioner_id: UUID
    visit_id: UUID | None = None
    wish: ReferralWish
    urgency: Urgency
    reason: ReferralReason
    created_at: AwareDatetime
    expires_at: AwareDatetime
    appointment_id: UUID | None = None
    declined: DeclineReason | None = None


class CreateReferral(Command[Referral]):
    """Refer a patient, optionally after a visit. It is to be booked within `valid_days`, by default as the urgency says.

    Refused: `unknown-…`, `not-offered` (nobody there does this; extra `offers`), `unknown-visit` (not of this patient with them).
    """

    subject: ClassVar[str] = "booking.command.referral.create.v1"
    referral_id: UUID
    patient_id: UUID
    from_practitioner_id: UUID
    visit_id: UUID | None = None
    wish: ReferralWish
    urgency: Urgency = "routine"
    reason: ReferralReason = "consultation"
    valid_days: int | None = Field(default=None, ge=1, le=366)


class DeclineReferral(Command[Referral]):
    """Nothing will come of it. Refused: `referral-over` (extra `status`), `unknown-referral`."""

    subject: ClassVar[str] = "booking.command.referral.decline.v1"
    referral_id: UUID
    reason: DeclineReason
    if_version: int | None = None


class Referrals(Message):
    """Newest first."""

    referrals: list[Referral]


class ListReferrals(Query[Referrals]):
    """Of patients, and those that a practitioner wrote, was asked for, or has booked. Doctors and delegates are shown
    what concerns their agendas."""

    subject: ClassVar[str] = "booking.query.referrals.list.v1"
    patient_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=100)
    practitioner_id: UUID | None = None
    status: ReferralStatus | None = None
    limit: int = Field(default=100, ge=1, le=500)


class ReferralEvent(Event):
    """What all of them carry: the whole state after the change."""

    referral: Referral


class ReferralCreated(ReferralEvent):
    """A practitioner asks for a visit."""

    subject: ClassVar[str] = "booking.event.referral.created.v1"


class ReferralBooked(ReferralEvent):
    """There is an appointment for it."""

    subject: ClassVar[str] = "booking.event.referral.booked.v1"


class ReferralReopened(ReferralEvent):
    """Its appointment was cancelled or missed."""

    subject: ClassVar[str] = "booking.event.referral.reopened.v1"


class ReferralDone(ReferralEvent):
    """The visit took place: the loop is closed."""

    subject: ClassVar[str] = "booking.event.referral.done.v1"


class ReferralDeclined(ReferralEvent):
    """Nothing will come of it."""

    subject: ClassVar[str] = "booking.event.referral.declined.v1"


class ReferralExpired(ReferralEvent):
    """Nobody booked it in its time; staff is asked to call."""

    subject: ClassVar[str] = "booking.event.referral.expired.v1"

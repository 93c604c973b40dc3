"""Permissions to contact, owned by consents."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.directory import Locale
from common.contracts.messages import Command, Event, Message, Query
from common.contracts.patient_profile import Channel

Purpose = Literal["service", "marketing", "cross_border", "education"]
"""What contact is for. `service` rests on the appointment itself and needs no consent, but can be refused."""


class Given(Message):
    """How a permission was given: the version of the text seen, and the evidence at hand."""

    text_version: str = Field(max_length=60)
    how: Literal["booking-form", "voice", "link", "paper", "import", "reply", "desk"]
    attested_by: str | None = None
    ip: str | None = None
    user_agent: str | None = Field(default=None, max_length=400)


class Permission(Message):
    """The state of one purpose for one patient."""

    permission_id: UUID
    patient_id: UUID
    purpose: Purpose
    state: Literal["granted", "withdrawn", "refused"]
    given: Given
    changed_at: AwareDatetime
    version: int


class Permissions(Message):
    """All purposes that were ever given or refused by a patient."""

    permissions: list[Permission]


class GrantPermissions(Command[Permissions]):
    """Record what a patient agreed to (and refused)."""

    subject: ClassVar[str] = "consents.command.permissions.grant.v1"
    patient_id: UUID
    grants: list[Purpose] = Field(default_factory=list, max_length=8)
    refusals: list[Purpose] = Field(default_factory=list, max_length=8)
    given: Given


class WithdrawPermission(Command[Permissions]):
    """As easy as giving: by id or by purpose. Refused: `unknown-permission`. Withdrawing twice answers the same."""

    subject: ClassVar[str] = "consents.command.permission.withdraw.v1"
    patient_id: UUID | None = None
    purpose: Purpose | None = None
    permission_id: UUID | None = None
    how: str = Field(default="desk", max_length=40)


class ContactQuestion(Message):
    """May we contact this patient, for this, over these channels?"""

    patient_id: UUID
    message_class: Literal["immediate", "service", "marketing"]
    purpose: Purpose = "service"
    channels: list[Channel] = Field(min_length=1)
    abroad: list[Channel] = Field(default_factory=list)
    """Which of the channels send data abroad."""


class ContactAnswer(Message):
    """`allowed` lists the channels that may be used; each refused one has its reason.

    `permission_ids` cites what the answer rests on; `version` grows with each change of the patient's permissions.
    """

    patient_id: UUID
    allowed: list[Channel]
    refused: dict[Channel, str]
    permission_ids: list[UUID]
    version: int


class ContactAnswers(Message):
    """One answer per question, in the same order."""

    answers: list[ContactAnswer]


class MayContact(Query[ContactAnswers]):
    """Permission to contact at this moment, in batches."""

    subject: ClassVar[str] = "consents.query.may-contact.v1"
    questions: list[ContactQuestion] = Field(max_length=500)


class PermissionsOf(Query[Permissions]):
    """Consent state of one patient (with the ids merged into it)."""

    subject: ClassVar[str] = "consents.query.permissions.of-patient.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)


class ConsentText(Message):
    """The words that ask for one permission. `version` is what `Given.text_version` names afterwards."""

    purpose: Purpose
    locale: Locale
    version: str
    text: str


class ConsentTexts(Message):
    """What is asked today; a purpose missing in a locale is not asked for there."""

    texts: list[ConsentText]


class DescribeConsentTexts(Query[ConsentTexts]):
    """The wording of today, in one locale or in all: public, for the booking form."""

    subject: ClassVar[str] = "consents.query.texts.describe.v1"
    locale: Locale | None = None


class PermissionChanged(Event):
    """A permission was given or withdrawn. `version` counts the patient's permissions."""

    subject: ClassVar[str] = "consents.event.permission.changed.v1"
    patient_id: UUID
    purpose: Purpose
    state: Literal["granted", "withdrawn", "refused"]

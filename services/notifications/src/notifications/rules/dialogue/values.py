"""What a dialogue remembers, hears, asks owners for, and says."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.booking import AppointmentState, Slot
from common.contracts.consents import Purpose
from common.contracts.directory import Branch, Practitioner, Service

Wish = Literal["book", "move", "cancel", "visits"]
Step = Literal[
    "menu", "service", "branch", "practitioner", "whom", "day", "slot", "person", "phone", "visit", "deed", "sure",
    "agree",
]  # fmt: skip
"""The question that stands."""

SHARE_PHONE = "share-phone"
"""The payload of a button that makes the app send its owner's own phone, where the channel has such a button."""

ChoiceKind = Literal[
    "service", "branch", "practitioner", "any", "patient", "somebody-else", "slot", "more", "other-day", "visit",
    "book", "visits", "move", "cancel", "operator", "yes", "no",
]  # fmt: skip


Line = Literal[
    "chat-greeting", "chat-not-understood", "chat-service", "chat-branch", "chat-practitioner", "chat-whom", "chat-time",
    "chat-nothing-then", "chat-nothing-free", "chat-taken", "chat-busy", "chat-name", "chat-phone", "chat-name-and-phone",
    "chat-share-phone", "chat-share-or-write", "chat-bad-phone", "chat-bad-name", "chat-booked", "chat-moved", "chat-cancelled", "chat-kept", "chat-visits", "chat-which-visit",
    "chat-no-visits",
    "chat-visit", "chat-cancel-sure", "chat-agree", "chat-thanks", "chat-day", "chat-old-button", "chat-too-late", "chat-handover",
    "chat-over",
]  # fmt: skip
"""Names of texts in `templates`."""


class Kept(BaseModel):
    """Part of the state: stored as JSON between two messages."""

    model_config = ConfigDict(frozen=True)


class Choice(Kept):
    """One of the answers that a question offers: `thing_id` is what it is about, `slot` the time it stands for."""

    kind: ChoiceKind
    thing_id: UUID | None = None
    slot: Slot | None = None


class Agreement(Kept):
    """A wording that was shown, to be agreed to."""

    purpose: Purpose
    version: str
    text: str


class Wanted(Kept):
    """A wish for days and times, as `rules.when` read it."""

    first: date | None = None
    last: date | None = None
    from_minute: int | None = None
    to_minute: int | None = None
    exact: bool = False


class State(Kept):
    """What is known of the wish so far, which question stands, and which answers it offered.

    `question` names the offered answers in the payloads of their buttons, so that a button of an older question is
    recognised as one. `misses` counts what was not understood in a row.
    """

    step: Step = "menu"
    wish: Wish | None = None
    question: str = ""
    choices: tuple[Choice, ...] = ()
    misses: int = 0
    service_id: UUID | None = None
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    anybody: bool = False
    wanted: Wanted | None = None
    slot: Slot | None = None
    passed: int = 0
    """How many of the free times were shown already."""
    patient_id: UUID | None = None
    somebody_else: bool = False
    full_name: str = ""
    phone: str = ""
    vouched: str = ""
    """The phone that the channel vouched for since this talk began."""
    appointment_id: UUID | None = None
    visits: tuple[AppointmentState, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    note: Line | None = None
    """Said before the next question: why what was wished for is not offered."""


@dataclass(frozen=True)
class Said:
    """One message of the patient. `key` is its own short name, by which the next question will be known."""

    key: str
    text: str = ""
    payload: str | None = None
    contact: str | None = None
    """A phone that the channel vouches for (Telegram's button)."""


@dataclass(frozen=True)
class Known:
    """Somebody who writes from this address."""

    patient_id: UUID
    name: str


@dataclass(frozen=True)
class Facts:
    """What the clinic offers, who may be writing, and when it is."""

    branches: tuple[Branch, ...]
    practitioners: tuple[Practitioner, ...]
    services: tuple[Service, ...]
    known: tuple[Known, ...]
    phone: str | None
    """The phone that the channel vouches for; None where it has no phones, or theirs was not shared yet."""
    clinic: str
    book_link: str
    now: datetime
    shares_phone: bool = False
    """Whether a button of the channel's own lets them share it."""


# --- what owners are asked for, and what they answered ---------------------------------------------------


@dataclass(frozen=True)
class FindTimes:
    """Free times of a service."""

    service_id: UUID
    branch_id: UUID | None
    practitioner_id: UUID | None
    first: date | None
    days: int


@dataclass(frozen=True)
class FindOthers:
    """Other times for an appointment."""

    appointment_id: UUID


@dataclass(frozen=True)
class FindVisits:
    """What is ahead for those who write from here."""


@dataclass(frozen=True)
class Book:
    """Take this time; for a patient, or for somebody new by name and phone."""

    slot: Slot
    service_id: UUID
    patient_id: UUID | None
    full_name: str
    phone: str


@dataclass(frozen=True)
class Move:
    """Move an appointment to this time."""

    appointment_id: UUID
    slot: Slot


@dataclass(frozen=True)
class Cancel:
    """Give an appointment's time back."""

    appointment_id: UUID


@dataclass(frozen=True)
class Agree:
    """Record what the patient agreed to."""

    patient_id: UUID
    agreements: tuple[Agreement, ...]


Need = FindTimes | FindOthers | FindVisits | Book | Move | Cancel | Agree


@dataclass(frozen=True)
class Times:
    """Free times, soonest first."""

    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Visits:
    """Appointments ahead, soonest first."""

    visits: tuple[AppointmentState, ...]


@dataclass(frozen=True)
class Done:
    """Carried out. `agreements` is what this patient was never asked to agree to."""

    appointment: AppointmentState | None = None
    agreements: tuple[Agreement, ...] = ()


@dataclass(frozen=True)
class NotDone:
    """Refused by the owner, with other times where it gave some."""

    code: str
    slots: tuple[Slot, ...] = ()


Got = Times | Visits | Done | NotDone

# --- what is said ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Say:
    """One part of what is said: a text with what it is about."""

    line: Line
    appointment: AppointmentState | None = None


@dataclass(frozen=True)
class Turn:
    """The next state (None: the dialogue is over), what is said, and what has to be asked for before anything is.

    `handover` says why a person has to go on. A turn that has a `need` says nothing yet. `understood` is false where
    the words meant nothing here: then something else may still make sense of them.
    """

    state: State | None
    says: tuple[Say, ...] = ()
    need: Need | None = None
    handover: str | None = None
    task: Literal["handover", "call-back", "wants-to-move"] = "handover"
    understood: bool = True

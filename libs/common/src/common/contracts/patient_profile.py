"""People and the tasks of staff, owned by patient-profile. Its events carry ids and versions only."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

from common.contracts.directory import Locale
from common.contracts.messages import Command, Event, Message, Query

FullName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
PhoneText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=32)]
Channel = Literal["whatsapp", "sms", "email", "telegram", "line", "voice", "instagram"]

Handle = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What a channel without phone numbers knows somebody by: a chat id (Telegram), a user id (LINE, Instagram)."""


class Contact(Message):
    """A phone in E.164 with what was typed kept beside it."""

    phone: str
    original: str
    verified: bool = False


class Preferences(Message):
    """How a patient wants to be reached. Nothing but what they ask for comes from `quiet_from` to `quiet_to`, in the
    patient's local time, over midnight too (`"21:00"` to `"09:00"`)."""

    channel: Channel | None = None
    quiet_from: str | None = Field(default=None, pattern=r"^\d\d:\d\d$")
    quiet_to: str | None = Field(default=None, pattern=r"^\d\d:\d\d$")
    accepts_reminders: bool = True
    accepts_orientations: bool = True
    no_smartphone: bool = False
    discreet: bool = False
    """Messages name neither services nor medicines: others read this patient's phone, or hear it."""


class Alert(Message):
    """Something that must be seen before treating (never sent in a message)."""

    kind: Literal["allergy", "chronic", "contraindication", "other"]
    text: str = Field(min_length=1, max_length=300)


class Note(Message):
    """A free note of staff."""

    text: str = Field(min_length=1, max_length=2000)
    at: AwareDatetime
    by: str


class Card(Message):
    """Who a patient is and how to reach them: what a sender needs at the moment of use.

    `given_name` is how to address; `family_name` and `patronymic` are empty where unknown.
    """

    patient_id: UUID
    version: int
    full_name: str
    given_name: str = ""
    patronymic: str = ""
    family_name: str = ""
    sex: Literal["female", "male", "unknown"] = "unknown"
    birth_date: date | None = None
    locale: Locale | None = None
    zone: str | None = None
    phones: list[Contact]
    email: str | None = None
    handles: dict[Channel, Handle] = Field(default_factory=dict)
    """How channels without phone numbers reach them; linked when they write or open our link there."""
    preferences: Preferences = Preferences()
    provisional: bool = False
    deceased: bool = False
    tags: list[str] = Field(default_factory=list)
    """What staff has marked them with: told to services that ask by themselves, never to the patient."""


class Profile(Message):
    """The whole card for staff."""

    card: Card
    alerts: list[Alert]
    notes: list[Note]
    tags: list[str]
    merged_ids: list[UUID] = Field(default_factory=list)
    created_at: AwareDatetime


class Registered(Message):
    """`patient_id` is the found or the new patient's; `created` says which."""

    patient_id: UUID
    created: bool
    version: int


class RegisterPatient(Command[Registered]):
    """Find by phone and normalised name, or create under the minted id.

    `provisional`: made by an anonymous booking; staff see such a patient only once an appointment exists,
    and it is swept after 24 hours otherwise. Refused: `malformed-phone`, `malformed-name`.
    """

    subject: ClassVar[str] = "patient_profile.command.patient.register.v1"
    patient_id: UUID
    full_name: FullName
    phone: PhoneText
    country: str = Field(min_length=2, max_length=2)
    """ISO 3166 alpha-2: the region in which a phone without a country code is read."""
    locale: Locale | None = None
    email: str | None = Field(default=None, max_length=200)
    provisional: bool = False
    phone_verified: bool = False


class PatientChanges(Message):
    """What a PATCH may carry; fields left out stay as they are, `None` clears where clearing is possible.

    On the wire too only the fields that were set are there: a field sent as `null` would be cleared.
    """

    full_name: FullName | None = None
    given_name: str | None = Field(default=None, max_length=60)
    patronymic: str | None = Field(default=None, max_length=60)
    family_name: str | None = Field(default=None, max_length=60)
    phones: list[PhoneText] | None = Field(default=None, max_length=5)
    email: str | None = Field(default=None, max_length=200)
    sex: Literal["female", "male", "unknown"] | None = None
    birth_date: date | None = None
    locale: Locale | None = None
    zone: str | None = None
    preferences: Preferences | None = None
    alerts: list[Alert] | None = Field(default=None, max_length=50)
    tags: list[Annotated[str, StringConstraints(max_length=40)]] | None = Field(default=None, max_length=50)
    add_note: Annotated[str, StringConstraints(max_length=2000)] | None = None

    @model_serializer(mode="wrap")
    def _only_what_was_set(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {field: value for field, value in dump(self).items() if field in self.model_fields_set}


class UpdatePatient(Command[Profile]):
    """Change a card. Refused: `unknown-patient`, `version-conflict`, `malformed-phone`.

    Only fields that are set (`model_fields_set` of `changes`) change.
    """

    subject: ClassVar[str] = "patient_profile.command.patient.update.v1"
    patient_id: UUID
    country: str = Field(min_length=2, max_length=2)
    changes: PatientChanges
    if_version: int | None = None


class LinkHandle(Command[Registered]):
    """Remember how a channel without phone numbers knows this patient (it replaces what it was); None forgets it.

    One handle may stand for a family: it can be linked to several patients. Refused: `unknown-patient`.
    """

    subject: ClassVar[str] = "patient_profile.command.handle.link.v1"
    patient_id: UUID
    channel: Channel
    handle: Handle | None


class Cards(Message):
    """Cards by the id that was asked for; unknown ids are left out."""

    cards: dict[UUID, Card]


class GetCards(Query[Cards]):
    """Cards of several patients, in one question (merged ids resolve to the surviving patient's card)."""

    subject: ClassVar[str] = "patient_profile.query.cards.get.v1"
    patient_ids: list[UUID] = Field(max_length=500)


class GetProfile(Query[Profile]):
    """The whole card. Refused: `unknown-patient`."""

    subject: ClassVar[str] = "patient_profile.query.profile.get.v1"
    patient_id: UUID


class Candidate(Message):
    """Somebody who may be the one that was looked for."""

    card: Card
    matched_by: Literal["phone", "name"]
    alerts: list[Alert] = Field(default_factory=list)


class Candidates(Message):
    """A list, never a guess: one phone may belong to a family."""

    candidates: list[Candidate]


class FindPatients(Query[Candidates]):
    """By phone in any shape (8 701…, +7 701…, ۰۹۱۲…) or by name. Refused: `malformed-phone`, `nothing-to-search`."""

    subject: ClassVar[str] = "patient_profile.query.patients.find.v1"
    phone: PhoneText | None = None
    name: FullName | None = None
    country: str = Field(min_length=2, max_length=2)


class AlertFlags(Message):
    """Alerts per patient id (ids without a patient are left out)."""

    alerts: dict[UUID, list[Alert]]


class GetAlerts(Query[AlertFlags]):
    """Alerts of several patients: the day board's flag."""

    subject: ClassVar[str] = "patient_profile.query.alerts.get.v1"
    patient_ids: list[UUID] = Field(max_length=500)


# --- tasks of staff -------------------------------------------------------------------------------------

TaskKind = Literal[
    "confirm-by-phone",
    "reply-not-understood",
    "call-back",
    "unreachable",
    "recall",
    "handover",
    "wants-to-move",
    "missed-call",
    "other",
]


class Task(Message):
    """Something a person has to do."""

    task_id: UUID
    kind: TaskKind
    status: Literal["open", "taken", "done"]
    branch_id: UUID | None
    patient_id: UUID | None
    appointment_id: UUID | None
    due_at: AwareDatetime
    assignee: str | None
    created_at: AwareDatetime
    reason: str
    outcome: str | None = None
    version: int


class Tasks(Message):
    """Tasks by due time."""

    tasks: list[Task]
    next_cursor: str | None = None


class ListTasks(Query[Tasks]):
    """The queue; `status` None lists what is not done, `patient_ids` asks about several patients at once."""

    subject: ClassVar[str] = "patient_profile.query.tasks.list.v1"
    status: Literal["open", "taken", "done"] | None = None
    branch_id: UUID | None = None
    patient_id: UUID | None = None
    patient_ids: list[UUID] | None = Field(default=None, max_length=500)
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


class TakeTask(Command[Task]):
    """The acting member of staff takes it. Refused: `unknown-task`, `task-taken`."""

    subject: ClassVar[str] = "patient_profile.command.task.take.v1"
    task_id: UUID


class FinishTask(Command[Task]):
    """Done, with an outcome. Refused: `unknown-task`, `task-done`."""

    subject: ClassVar[str] = "patient_profile.command.task.finish.v1"
    task_id: UUID
    outcome: str = Field(default="", max_length=500)


# --- events ---------------------------------------------------------------------------------------------


class PatientChanged(Event):
    """A card is new or different; whoever needs it asks for it."""

    subject: ClassVar[str] = "patient_profile.event.patient.changed.v1"
    patient_id: UUID
    reach_changed: bool = True
    """False where how, when and in which words to reach them is surely what it was."""


class PatientErased(Event):
    """The person is gone; copies have to go too."""

    subject: ClassVar[str] = "patient_profile.event.patient.erased.v1"
    patient_id: UUID


class TaskFinished(Event):
    """A person is done with it: what waited for them may go on. `version` is 1: a task is finished once."""

    subject: ClassVar[str] = "patient_profile.event.task.finished.v1"
    task_id: UUID
    kind: TaskKind
    branch_id: UUID | None

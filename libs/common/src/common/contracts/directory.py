"""The network's public directory, owned by booking: facts that may stand in any event."""

from datetime import date, time
from functools import lru_cache
from typing import Annotated, ClassVar, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, StringConstraints

from common.contracts.messages import Command, Done, Event, Message, Money, NetworkId, Query

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Texts = dict[str, OptionalLine]
"""A text per locale (`{"ru": "Гигиена", "kk": "…"}`); readers fall back to the branch's locale, then any."""


NO_ZONES = ("posix/", "right/", "posixrules", "localtime")
"""What lies beside the zones in the database, and reads as one."""


@lru_cache(maxsize=1000)
def is_zone(name: str) -> bool:
    """Whether it is an IANA time zone. Reads its one file: all names together are 600, which stops a process."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return not name.startswith(NO_ZONES)


def _known_zone(zone: object) -> object:
    if not isinstance(zone, str) or not is_zone(zone):
        raise ValueError("not an IANA time zone")
    return zone


Zone = Annotated[str, BeforeValidator(_known_zone)]
Locale = Literal["ru", "kk", "en", "pt-BR", "fa", "fr", "zh-TW"]
Country = Literal["KZ", "BR", "IR", "FR", "TW", "GB"]
Preset = Literal["kz", "br", "fr", "tw", "ir-dental"]


class Network(Message):
    """A network of clinics. `preset` names its reminder chain; `data_at_home` its cross-border rule."""

    network_id: NetworkId
    name: Line
    country: Country
    locales: list[Locale] = Field(min_length=1)
    currency: str = Field(min_length=3, max_length=3)
    preset: Preset
    data_at_home: bool = False


class Address(Message):
    """Where a patient has to come: everything a confirmation must say."""

    city: Line
    street: Line
    entrance: OptionalLine = ""
    floor: OptionalLine = ""
    room: OptionalLine = ""


class OpeningHours(Message):
    """One weekly rule in the branch's local time; `weekday` 1 is Monday, 7 is Sunday (ISO)."""

    weekday: int = Field(ge=1, le=7)
    opens: time
    closes: time


class Branch(Message):
    """A clinic at one place: its zone and locale are what "10:00" and "our language" mean there."""

    branch_id: UUID
    name: Line
    zone: Zone
    locale: Locale
    address: Address
    phone: str
    hours: list[OpeningHours]
    signature: OptionalLine = ""
    subdivision: OptionalLine = ""
    """State or department (ISO 3166-2, with or without the country), where it has holidays of its own."""
    active: bool = True


class NameForms(Message):
    """A practitioner's name in the forms that texts need, per locale.

    Keys are locales; `display` is how it is shown, `dative` answers "to whom" (Russian: "к Айгерим
    Нурлановне"); a missing form falls back to `display`, a missing locale to the practitioner's name.
    """

    display: Texts = Field(default_factory=dict)
    dative: Texts = Field(default_factory=dict)


class WorkingHours(Message):
    """One weekly rule of a practitioner at a branch, in the branch's local time."""

    branch_id: UUID
    weekday: int = Field(ge=1, le=7)
    starts: time
    ends: time
    valid_from: date | None = None
    valid_to: date | None = None


class Practitioner(Message):
    """Who performs services; `room` is the default room at a branch, shown in the confirmation."""

    practitioner_id: UUID
    name: Line
    name_forms: NameForms = NameForms()
    speciality: Texts = Field(default_factory=dict)
    speciality_dative: Texts = Field(default_factory=dict)
    service_ids: list[UUID]
    working_hours: list[WorkingHours]
    rooms: dict[str, OptionalLine] = Field(default_factory=dict)
    """Branch id -> the room where this practitioner receives (overrides the address's room)."""
    active: bool = True


class Room(Message):
    """A room or chair that only one visit can use at a time. `kind` matches `Service.room_kind`."""

    room_id: UUID
    branch_id: UUID
    name: Line
    kind: str = "chair"
    active: bool = True


class Service(Message):
    """An entry of the catalogue. Durations in minutes.

    `kind` classifies for recall rules (`hygiene`, `consultation`, `follow-up`, `botox`, `check-up`, …);
    `room_kind` set means a room of that kind is needed beside the practitioner.
    """

    service_id: UUID
    name: Texts
    kind: str = "consultation"
    duration: int = Field(ge=5, le=24 * 60)
    buffer_before: int = Field(default=0, ge=0, le=240)
    buffer_after: int = Field(default=0, ge=0, le=240)
    granularity: int = Field(default=15, ge=5, le=240)
    minimum_notice: int = Field(default=0, ge=0)
    """Minutes between booking and the visit; does not bind walk-ins."""
    horizon_days: int = Field(default=180, ge=1, le=730)
    cancellation_notice: int = Field(default=0, ge=0)
    """Minutes before the visit after which patients cannot cancel or move by themselves."""
    preparation: Texts = Field(default_factory=dict)
    price: Money | None = None
    room_kind: str | None = None
    virtual: bool = False
    """Held online: it needs no room, and the patient gets a link to join once they have confirmed."""
    branch_ids: list[UUID] | None = None
    """Where it is offered; None means at every branch."""
    active: bool = True


class OpenNetwork(Command[Done]):
    """Make a network; refused `network-exists` when the slug is taken."""

    subject: ClassVar[str] = "booking.command.network.open.v1"
    network: Network


class PutBranch(Command[Done]):
    """Create or replace a branch."""

    subject: ClassVar[str] = "booking.command.branch.put.v1"
    branch: Branch
    if_version: int | None = None


class PutPractitioner(Command[Done]):
    """Create or replace a practitioner with working hours."""

    subject: ClassVar[str] = "booking.command.practitioner.put.v1"
    practitioner: Practitioner
    if_version: int | None = None


class PutRoom(Command[Done]):
    """Create or replace a room."""

    subject: ClassVar[str] = "booking.command.room.put.v1"
    room: Room
    if_version: int | None = None


class PutService(Command[Done]):
    """Create or replace an entry of the catalogue."""

    subject: ClassVar[str] = "booking.command.service.put.v1"
    service: Service
    if_version: int | None = None


class Directory(Message):
    """The whole directory of one network. `versions` maps each thing's id (text) to its version."""

    network: Network
    branches: list[Branch]
    practitioners: list[Practitioner]
    rooms: list[Room]
    services: list[Service]
    versions: dict[str, int]


class DescribeDirectory(Query[Directory]):
    """Everything public about the caller's network; refused `unknown-network`."""

    subject: ClassVar[str] = "booking.query.directory.describe.v1"


class NetworkOpened(Event):
    """A network exists."""

    subject: ClassVar[str] = "booking.event.network.opened.v1"
    network: Network


class BranchChanged(Event):
    """A branch was created or replaced."""

    subject: ClassVar[str] = "booking.event.branch.changed.v1"
    branch: Branch


class PractitionerChanged(Event):
    """A practitioner was created or replaced."""

    subject: ClassVar[str] = "booking.event.practitioner.changed.v1"
    practitioner: Practitioner


class RoomChanged(Event):
    """A room was created or replaced."""

    subject: ClassVar[str] = "booking.event.room.changed.v1"
    room: Room


class ServiceChanged(Event):
    """An entry of the catalogue was created or replaced."""

    subject: ClassVar[str] = "booking.event.service.changed.v1"
    service: Service

"""How a demo network is written down, and how that becomes commands with ids that are the same every time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from uuid import UUID, uuid5

from common.contracts.directory import (
    Address,
    Branch,
    Country,
    Locale,
    NameForms,
    Network,
    OpeningHours,
    Practitioner,
    Preset,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
    Room,
    Service,
    WorkingHours,
)
from common.contracts.messages import Command, Done, Money
from devkit.demo.catalogue import CATALOGUE, Entry

_IDS = UUID("0190f2a4-6b1e-7d01-8a52-3f0c9f6e1d77")

Shifts = Mapping[int, Sequence[tuple[str, str]]]
"""ISO weekday to local `("09:00", "13:00")` pairs."""

ALL = tuple(entry.key for entry in CATALOGUE)
THERAPIST = ("consultation", "hygiene", "filling", "root-canal", "whitening", "online-consultation")
HYGIENIST = ("hygiene", "whitening")
SURGEON = ("consultation", "extraction", "implant-planning", "online-consultation")
ORTHODONTIST = ("consultation", "orthodontics", "online-consultation")
PAEDIATRIC = ("consultation", "children", "filling", "extraction", "online-consultation")


@dataclass(frozen=True)
class Person:
    """A practitioner at one branch. `forms` and the specialities are per locale."""

    name: str
    services: Sequence[str]
    shifts: Shifts
    room: str
    display: dict[str, str] = field(default_factory=dict)
    dative: dict[str, str] = field(default_factory=dict)
    speciality: dict[str, str] = field(default_factory=dict)
    speciality_dative: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A branch with its people; it has as many chairs as practitioners."""

    key: str
    name: str
    zone: str
    locale: Locale
    address: Address
    phone: str
    hours: Shifts
    people: Sequence[Person]
    chair: str
    signature: str = ""


@dataclass(frozen=True)
class Plan:
    """A whole network. `prices` are whole currency units by catalogue key; what has no price is not offered."""

    network_id: str
    name: str
    country: Country
    locales: list[Locale]
    currency: str
    preset: Preset
    prices: Mapping[str, int]
    places: Sequence[Place]
    data_at_home: bool = False

    def id_of(self, *path: str) -> UUID:
        """The id of one of its things, the same in every home."""
        return uuid5(_IDS, "/".join((self.network_id, *path)))

    def network(self) -> Network:
        """What opens it."""
        return Network(
            network_id=self.network_id,
            name=self.name,
            country=self.country,
            locales=self.locales,
            currency=self.currency,
            preset=self.preset,
            data_at_home=self.data_at_home,
        )

    def commands(self) -> Iterator[tuple[UUID, Command[Done]]]:
        """Everything in the directory, each with the id of the thing it makes, in the order in which it is needed."""
        offered = [entry for entry in CATALOGUE if entry.key in self.prices]
        for place in self.places:
            branch = self._branch(place)
            yield branch.branch_id, PutBranch(branch=branch)
        for entry in offered:
            service = self._service(entry)
            yield service.service_id, PutService(service=service)
        for place in self.places:
            for number, person in enumerate(place.people, start=1):
                room = Room(
                    room_id=self.id_of("room", place.key, str(number)),
                    branch_id=self.id_of("branch", place.key),
                    name=f"{place.chair} {number}",
                )
                yield room.room_id, PutRoom(room=room)
                practitioner = self._practitioner(place, person)
                yield practitioner.practitioner_id, PutPractitioner(practitioner=practitioner)

    def first_practitioners(self) -> list[UUID]:
        """The first at each branch: the demo login of a doctor is the first of them, a delegate acts for two."""
        return [self.id_of("practitioner", place.key, place.people[0].name) for place in self.places]

    def _branch(self, place: Place) -> Branch:
        hours = [
            OpeningHours(weekday=day, opens=min(_times(spans)), closes=max(_times(spans)))
            for day, spans in place.hours.items()
        ]
        return Branch(
            branch_id=self.id_of("branch", place.key),
            name=place.name,
            zone=place.zone,
            locale=place.locale,
            address=place.address,
            phone=place.phone,
            hours=hours,
            signature=place.signature,
        )

    def _service(self, entry: Entry) -> Service:
        return Service(
            service_id=self.id_of("service", entry.key),
            name={locale: entry.names[locale] for locale in self.locales},
            kind=entry.kind,
            duration=entry.duration,
            buffer_after=entry.buffer_after,
            granularity=entry.granularity,
            minimum_notice=60,
            cancellation_notice=120,
            preparation={
                locale: entry.preparation[locale] for locale in self.locales if locale in entry.preparation
            },
            price=Money(amount=self.prices[entry.key] * 100, currency=self.currency),
            room_kind=entry.room_kind,
            virtual=entry.virtual,
        )

    def _practitioner(self, place: Place, person: Person) -> Practitioner:
        branch_id = self.id_of("branch", place.key)
        return Practitioner(
            practitioner_id=self.id_of("practitioner", place.key, person.name),
            name=person.name,
            name_forms=NameForms(display=person.display, dative=person.dative),
            speciality=person.speciality,
            speciality_dative=person.speciality_dative,
            service_ids=[self.id_of("service", key) for key in person.services if key in self.prices],
            working_hours=[
                WorkingHours(
                    branch_id=branch_id,
                    weekday=day,
                    starts=time.fromisoformat(starts),
                    ends=time.fromisoformat(ends),
                )
                for day, spans in person.shifts.items()
                for starts, ends in spans
            ],
            rooms={str(branch_id): person.room},
        )


def _times(spans: Sequence[tuple[str, str]]) -> list[time]:
    return [time.fromisoformat(one) for span in spans for one in span]


def week(days: Sequence[int], *spans: tuple[str, str]) -> dict[int, tuple[tuple[str, str], ...]]:
    """The same spans on each of these days; join several with `|`."""
    return dict.fromkeys(days, spans)

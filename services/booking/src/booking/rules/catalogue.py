"""The directory of one network as a value: what exists, what goes together, and what may be put into it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeVar
from uuid import UUID

from booking.rules import availability
from booking.rules.availability import Span
from booking.rules.refusals import (
    HoursEndBeforeStart,
    NotOffered,
    RoomStays,
    VirtualNeedsNoRoom,
    WrongCurrency,
)
from common.contracts.directory import (
    Branch,
    Directory,
    Network,
    Practitioner,
    Room,
    Service,
    WorkingHours,
)
from common.errors import UnknownThing

Thing = Branch | Practitioner | Room | Service
Known = TypeVar("Known")
MIDNIGHT = time(0, 0)
MOST_DAYS = 100_000
"""Of working time remembered with one catalogue: a year of two hundred practitioners."""
MOST_OFFERS = 50
"""Of who performs a service where, as a refusal says it."""


@dataclass(frozen=True)
class Catalogue:
    """Everything of one network at one revision; each change of any of it makes the next revision."""

    revision: int
    network: Network
    branches: Mapping[UUID, Branch]
    practitioners: Mapping[UUID, Practitioner]
    rooms: Mapping[UUID, Room]
    services: Mapping[UUID, Service]
    versions: Mapping[str, int]
    _days: dict[tuple[UUID, UUID, date], Sequence[Span]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def branch(self, branch_id: UUID) -> Branch:
        """Or `unknown-branch`."""
        return _known("branch", self.branches.get(branch_id), branch_id)

    def practitioner(self, practitioner_id: UUID) -> Practitioner:
        """Or `unknown-practitioner`."""
        return _known("practitioner", self.practitioners.get(practitioner_id), practitioner_id)

    def service(self, service_id: UUID) -> Service:
        """Or `unknown-service`."""
        return _known("service", self.services.get(service_id), service_id)

    def rooms_for(self, service: Service, branch_id: UUID) -> list[Room]:
        """The rooms of which the service needs one, in the order in which they are tried."""
        if service.room_kind is None:
            return []
        return sorted(
            (
                room
                for room in self.rooms.values()
                if room.active and room.branch_id == branch_id and room.kind == service.room_kind
            ),
            key=lambda room: (room.name, room.room_id),
        )

    def hours_at(self, practitioner: Practitioner, branch_id: UUID) -> list[WorkingHours]:
        """A practitioner's weekly rules at one branch."""
        return [rule for rule in practitioner.working_hours if rule.branch_id == branch_id]

    def working_on(self, branch: Branch, practitioner: Practitioner, day: date) -> Sequence[Span]:
        """When a practitioner works at a branch on a local day: worked out once for each revision."""
        key = (branch.branch_id, practitioner.practitioner_id, day)
        spans = self._days.get(key)
        if spans is None:
            rules = self.hours_at(practitioner, branch.branch_id)
            spans = availability.working_on(rules, branch.hours, branch.zone, day)
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            self._days[key] = spans
        return spans

    def offers(
        self, service: Service, *, branch_id: UUID | None = None, practitioner_id: UUID | None = None
    ) -> Iterator[tuple[Branch, Practitioner]]:
        """Who performs a service where, optionally at one branch or by one practitioner."""
        if not service.active:
            return
        for branch in self.branches.values():
            if not branch.active or branch_id not in {None, branch.branch_id}:
                continue
            if service.branch_ids is not None and branch.branch_id not in service.branch_ids:
                continue
            if service.room_kind is not None and not self.rooms_for(service, branch.branch_id):
                continue
            for practitioner in self.practitioners.values():
                if practitioner_id in {None, practitioner.practitioner_id} and (
                    practitioner.active
                    and service.service_id in practitioner.service_ids
                    and self.hours_at(practitioner, branch.branch_id)
                ):
                    yield branch, practitioner

    def expect_offered(
        self, services: Sequence[Service], *, branch_id: UUID | None, practitioner_id: UUID | None
    ) -> None:
        """Refuse what does not go together (for any of the services), and say what does: there, or by them, first."""
        for service in services:
            if any(self.offers(service, branch_id=branch_id, practitioner_id=practitioner_id)):
                return
        offers = sorted(
            (
                (service.service_id, branch.branch_id, practitioner.practitioner_id)
                for service in services
                for branch, practitioner in self.offers(service)
            ),
            key=lambda offer: (branch_id not in offer, practitioner_id not in offer, offer),
        )
        names = ("service_id", "branch_id", "practitioner_id")
        raise NotOffered(
            "This is not offered there, or not by this practitioner",
            offers=[dict(zip(names, map(str, offer), strict=True)) for offer in offers[:MOST_OFFERS]],
        )

    def describe(self) -> Directory:
        """As whoever asks is told."""
        return Directory(
            network=self.network,
            branches=list(self.branches.values()),
            practitioners=list(self.practitioners.values()),
            rooms=list(self.rooms.values()),
            services=list(self.services.values()),
            versions=dict(self.versions),
        )


def _known(kind: str, thing: Known | None, identity: UUID) -> Known:
    if thing is None:
        raise UnknownThing(kind, identity)
    return thing


def identity(thing: Thing) -> tuple[str, UUID]:
    """What kind of thing it is, and which one."""
    match thing:
        case Branch():
            return "branch", thing.branch_id
        case Practitioner():
            return "practitioner", thing.practitioner_id
        case Room():
            return "room", thing.room_id
        case Service():
            return "service", thing.service_id


def check(thing: Thing, catalogue: Catalogue) -> None:
    """Refuse a thing that names what does not exist, or whose hours make no sense."""
    match thing:
        case Branch():
            _check_hours((rule.opens, rule.closes) for rule in thing.hours)
        case Practitioner():
            _check_practitioner(thing, catalogue)
        case Room():
            catalogue.branch(thing.branch_id)
            known = catalogue.rooms.get(thing.room_id)
            if known is not None and known.branch_id != thing.branch_id:
                raise RoomStays("A room stays at its branch; make another one there")
        case Service():
            _check_service(thing, catalogue)


def _check_practitioner(practitioner: Practitioner, catalogue: Catalogue) -> None:
    _check_hours((rule.starts, rule.ends) for rule in practitioner.working_hours)
    for rule in practitioner.working_hours:
        catalogue.branch(rule.branch_id)
    for named in set(practitioner.rooms) - {str(branch_id) for branch_id in catalogue.branches}:
        raise UnknownThing("branch", named)
    for service_id in practitioner.service_ids:
        catalogue.service(service_id)


def _check_service(service: Service, catalogue: Catalogue) -> None:
    if service.virtual and service.room_kind is not None:
        raise VirtualNeedsNoRoom("What is held online needs no room", room_kind=service.room_kind)
    for branch_id in service.branch_ids or ():
        catalogue.branch(branch_id)
    if service.price is not None:
        expect_currency(service.price.currency, catalogue.network)


def expect_currency(currency: str, network: Network) -> None:
    """A network counts in one currency."""
    if currency != network.currency:
        raise WrongCurrency(f"This network counts in {network.currency}", currency=network.currency)


def _check_hours(rules: Iterator[tuple[time, time]]) -> None:
    for starts, ends in rules:
        if ends != MIDNIGHT and ends <= starts:
            raise HoursEndBeforeStart(f"{starts:%H:%M}–{ends:%H:%M} ends before it starts")

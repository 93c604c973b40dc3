"""A small network for the tests of booking, and short words for what is done in it."""

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from booking import handlers
from booking.handlers import Parts
from booking.rules.catalogue import Catalogue, Known, identity
from common.caller import Caller
from common.contracts.booking import AppointmentRecord, BookAppointment, FindFreeSlots
from common.contracts.directory import (
    Address,
    Branch,
    Network,
    OpeningHours,
    OpenNetwork,
    Practitioner,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
    Room,
    Service,
    WorkingHours,
)
from common.contracts.messages import Money, Request
from common.errors import Refused
from common.ids import new_id
from common.rpc import Written
from common.testing import caller

WEEK = range(1, 8)
OPENS, CLOSES = time(9), time(18)


def almaty(day: int, hour: int, minute: int = 0) -> datetime:
    """Wall time in Almaty in November 2026 (UTC+5). The clock of the tests stands at 14:00 on the 2nd, a Monday."""
    return (
        datetime(2026, 11, day, hour - 5, minute, tzinfo=UTC)
        if hour >= 5
        else datetime(2026, 11, day - 1, hour + 19, minute, tzinfo=UTC)
    )


def a_branch(**changes: Any) -> Branch:
    """Open every day from nine to six."""
    values = {
        "branch_id": new_id(),
        "name": "Достык",
        "zone": "Asia/Almaty",
        "locale": "ru",
        "address": Address(city="Алматы", street="Достык 1", floor="2", room="201", entrance="1"),
        "phone": "+77272000000",
        "hours": [OpeningHours(weekday=day, opens=OPENS, closes=CLOSES) for day in WEEK],
    }
    return Branch.model_validate({**values, **changes})


def a_service(**changes: Any) -> Service:
    """Half an hour of hygiene on a grid of half hours, for 10 000 ₸."""
    values = {
        "service_id": new_id(),
        "name": {"ru": "Гигиена"},
        "kind": "hygiene",
        "duration": 30,
        "granularity": 30,
        "price": Money(amount=1_000_000, currency="KZT"),
    }
    return Service.model_validate({**values, **changes})


def a_practitioner(branch: Branch, *services: Service, **changes: Any) -> Practitioner:
    """Works whenever the branch is open."""
    values = {
        "practitioner_id": new_id(),
        "name": "Айгерим Нурлановна",
        "service_ids": [service.service_id for service in services],
        "working_hours": [
            WorkingHours(branch_id=branch.branch_id, weekday=day, starts=OPENS, ends=CLOSES) for day in WEEK
        ],
    }
    return Practitioner.model_validate({**values, **changes})


def a_room(branch: Branch, **changes: Any) -> Room:
    """A chair."""
    return Room.model_validate({"room_id": new_id(), "branch_id": branch.branch_id, "name": "1", **changes})


def a_catalogue(*things: Branch | Service | Practitioner) -> Catalogue:
    """A network that has these, for rules that need no database."""

    def of(kind: type[Known]) -> dict[UUID, Known]:
        return {identity(thing)[1]: thing for thing in things if isinstance(thing, kind)}

    network = Network(network_id="net", name="N", country="KZ", locales=["ru"], currency="KZT", preset="kz")
    return Catalogue(1, network, of(Branch), of(Practitioner), {}, of(Service), {})


@dataclass
class Clinic:
    """One network and somebody who acts in it."""

    parts: Parts
    caller: Caller
    branch: Branch
    service: Service
    practitioner: Practitioner

    async def tell(self, request: Request[Any], caller: Caller | None = None) -> Any:
        """Ask the handler of this request directly, without the bus."""
        answer = await handlers.answers.routes[request.subject].answer(
            request, caller or self.caller, self.parts
        )
        if isinstance(answer, Written):
            return request.reply_type().model_validate_json(answer.body)
        return answer

    def booking(self, starts_at: datetime, **changes: Any) -> BookAppointment:
        """An order for the clinic's only service and practitioner, by a new patient."""
        values = {
            "appointment_id": new_id(),
            "patient_id": new_id(),
            "service_id": self.service.service_id,
            "branch_id": self.branch.branch_id,
            "practitioner_id": self.practitioner.practitioner_id,
            "starts_at": starts_at,
            "source": "site",
        }
        return BookAppointment.model_validate({**values, **changes})

    async def book(self, starts_at: datetime, **changes: Any) -> AppointmentRecord:
        """Book, as the desk."""
        booked: AppointmentRecord = await self.tell(self.booking(starts_at, **changes))
        return booked

    async def put(self, *things: Branch | Service | Practitioner | Room) -> None:
        """Put things into the directory."""
        for thing in things:
            match thing:
                case Branch():
                    await self.tell(PutBranch(branch=thing))
                case Service():
                    await self.tell(PutService(service=thing))
                case Practitioner():
                    await self.tell(PutPractitioner(practitioner=thing))
                case Room():
                    await self.tell(PutRoom(room=thing))

    def patient(self, patient_id: UUID) -> Caller:
        """This patient, by link."""
        return replace(self.caller, actor=f"patient:{patient_id}", roles=(), purpose="link")

    def staff(
        self,
        *roles: str,
        actor: str = "staff:somebody",
        branches: tuple[str, ...] = (),
        practitioners: Iterable[UUID] = (),
    ) -> Caller:
        """Somebody of the staff; `practitioners` are whose agendas they are bound to."""
        bound = tuple(map(str, practitioners))
        return replace(self.caller, actor=actor, roles=roles, branches=branches, practitioners=bound)

    def put_clock(self, now: datetime) -> None:
        """Move the clock forward."""
        self.parts.clock.put(now)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read what the tables hold."""
        async with self.parts.database.transaction(self.caller.network_id) as tx:
            return list((await tx.execute(sa.text(sql), values)).all())

    async def told(self) -> list[tuple[str, int]]:
        """The events about appointments in the outbox, as last words of the subject and version."""
        rows = await self.rows(
            "SELECT subject, convert_from(body, 'UTF8')::jsonb AS body FROM outbox"
            " WHERE subject LIKE '%.appointment.%' OR subject LIKE '%.visit.%' ORDER BY seq"
        )
        return [(row.subject.split(".")[-2], _json(row.body)["version"]) for row in rows]


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


async def open_clinic(parts: Parts, **service: Any) -> Clinic:
    """Open a clinic in a network of its own; the keywords change its service."""
    network_id = f"net-{new_id().hex[-12:]}"
    branch, offered = a_branch(), a_service(**service)
    clinic = Clinic(
        parts, caller(network_id, roles=("admin",)), branch, offered, a_practitioner(branch, offered)
    )
    network = Network(
        network_id=network_id, name="Клиника", country="KZ", locales=["ru"], currency="KZT", preset="kz"
    )
    await clinic.tell(OpenNetwork(network=network))
    await clinic.put(branch, offered, clinic.practitioner)
    return clinic


async def refused(attempt: Awaitable[Any]) -> Refused:
    """The refusal that an attempt ends in."""
    with pytest.raises(Refused) as refusal:
        await attempt
    return refusal.value


async def code_of(attempt: Awaitable[Any]) -> str:
    """Its code."""
    return (await refused(attempt)).refusal


async def free(clinic: Clinic, **query: Any) -> set[datetime]:
    """The starts that a search finds."""
    found = await clinic.tell(FindFreeSlots(service_id=clinic.service.service_id, **query))
    return {slot.starts_at for slot in found.slots}

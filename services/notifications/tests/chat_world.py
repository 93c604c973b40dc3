"""A clinic that can be booked by chat: two branches, three practitioners, two services, and a schedule to fill."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
    AppointmentState,
    BookAppointment,
    FindFreeSlots,
    FreeSlots,
    RescheduleAppointment,
    Slot,
)
from common.contracts.consents import (
    ConsentText,
    ConsentTexts,
    DescribeConsentTexts,
    GrantPermissions,
    Permissions,
    PermissionsOf,
)
from common.contracts.directory import (
    Address,
    Branch,
    BranchChanged,
    Practitioner,
    PractitionerChanged,
    Service,
    ServiceChanged,
    WorkingHours,
)
from common.contracts.messages import Event
from common.contracts.patient_profile import Registered, RegisterPatient
from common.errors import Refused
from common.rpc import Answers

from .world import NOW, World, make_world

HOURS = range(9, 18)


@dataclass
class ChatWorld(World):
    """What booking, patient-profile and consents say to a chat."""

    branches: list[Branch] = field(default_factory=list)
    practitioners: list[Practitioner] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    taken: set[tuple[UUID, datetime]] = field(default_factory=set)
    done: dict[UUID, Any] = field(default_factory=dict)
    """Command id -> its answer: a repeated command is the same one."""
    agreed: list[GrantPermissions] = field(default_factory=list)
    before_booking: Any = None

    def directory_events(self) -> list[Event]:
        about: dict[str, Any] = {"network_id": self.network_id, "occurred_at": NOW, "version": 1}
        return [
            *super().directory_events()[:1],
            *(BranchChanged(branch=one, **about) for one in self.branches),
            *(PractitionerChanged(practitioner=one, **about) for one in self.practitioners),
            *(ServiceChanged(service=one, **about) for one in self.services),
        ]

    def booked_visits(self) -> list[AppointmentState]:
        return [one.appointment for one in self.appointments.values()]

    def others(self, appointment_id: UUID) -> list[Slot]:
        visit = self.appointments[appointment_id].appointment
        return self.free(FindFreeSlots(service_id=visit.service_id, branch_id=visit.branch_id, days=14))

    def free(self, query: FindFreeSlots) -> list[Slot]:
        found = []
        for practitioner in self.practitioners:
            branch_id = practitioner.working_hours[0].branch_id
            if query.service_id not in practitioner.service_ids:
                continue
            if query.practitioner_id not in {None, practitioner.practitioner_id}:
                continue
            if query.branch_id not in {None, branch_id}:
                continue
            found += self._slots(practitioner.practitioner_id, branch_id, query.from_date, query.days)
        return sorted(found, key=lambda one: (one.starts_at, str(one.practitioner_id)))

    def _slots(self, practitioner_id: UUID, branch_id: UUID, first: date | None, days: int) -> list[Slot]:
        zone = ZoneInfo(next(one.zone for one in self.branches if one.branch_id == branch_id))
        first = first or NOW.astimezone(zone).date()
        slots = []
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            for hour in HOURS if day.isoweekday() <= 6 else ():
                at = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
                if at > NOW and (practitioner_id, at) not in self.taken:
                    slots.append(
                        Slot(
                            starts_at=at, ends_at=at + timedelta(minutes=30), branch_id=branch_id,
                            practitioner_id=practitioner_id,
                        )
                    )  # fmt: skip
        return slots

    def answers(self) -> Answers[Any]:
        answers = super().answers()

        @answers.to(FindFreeSlots)
        async def slots(query: FindFreeSlots, caller: Caller, _: Any) -> FreeSlots:
            await self._maybe_silent("booking")
            return FreeSlots(slots=self.free(query))

        @answers.to(AppointmentsOfPatient)
        async def of_patient(query: AppointmentsOfPatient, caller: Caller, _: Any) -> Appointments:
            found = [
                one for one in self.appointments.values() if one.appointment.patient_id in query.patient_ids
            ]
            return Appointments(appointments=found)

        @answers.to(BookAppointment)
        async def book(command: BookAppointment, caller: Caller, _: Any) -> AppointmentRecord:
            if self.before_booking is not None:
                await self.before_booking()
            if command.command_id in self.done:
                repeated: AppointmentRecord = self.done[command.command_id]
                return repeated
            self.commands.append((caller.actor, command))
            self._take(command)
            state = AppointmentState(
                appointment_id=command.appointment_id, patient_id=command.patient_id, status="booked",
                starts_at=command.starts_at, ends_at=command.starts_at + timedelta(minutes=30),
                branch_id=command.branch_id, practitioner_id=command.practitioner_id,
                service_id=command.service_id, source=command.source, created_at=NOW,
            )  # fmt: skip
            record = AppointmentRecord(appointment=state, version=1)
            self.appointments[state.appointment_id] = record
            self.done[command.command_id] = record
            return record

        @answers.to(RescheduleAppointment)
        async def move(command: RescheduleAppointment, caller: Caller, _: Any) -> AppointmentRecord:
            self.commands.append((caller.actor, command))
            record = self.appointments[command.appointment_id]
            state = record.appointment.model_copy(
                update={"starts_at": command.starts_at, "practitioner_id": command.practitioner_id}
            )
            self.appointments[command.appointment_id] = AppointmentRecord(
                appointment=state, version=record.version + 1
            )
            return self.appointments[command.appointment_id]

        @answers.to(RegisterPatient)
        async def register(command: RegisterPatient, caller: Caller, _: Any) -> Registered:
            if not command.phone.lstrip("+").isdecimal():
                raise Refused(code="malformed-phone")
            for card in self.cards.values():
                if card.full_name == command.full_name and command.phone in {
                    one.phone for one in card.phones
                }:
                    return Registered(patient_id=card.patient_id, created=False, version=1)
            card = self.patient(command.phone, command.full_name, locale=command.locale)
            del self.cards[card.patient_id]
            phones = [one.model_copy(update={"verified": command.phone_verified}) for one in card.phones]
            self.cards[command.patient_id] = card.model_copy(
                update={"patient_id": command.patient_id, "phones": phones}
            )
            return Registered(patient_id=command.patient_id, created=True, version=1)

        @answers.to(PermissionsOf)
        async def permissions(query: PermissionsOf, caller: Caller, _: Any) -> Permissions:
            return Permissions(permissions=[])

        @answers.to(DescribeConsentTexts)
        async def texts(query: DescribeConsentTexts, caller: Caller, _: Any) -> ConsentTexts:
            text = ConsentText(
                purpose="marketing",
                locale=query.locale or "ru",
                version="marketing-1",
                text="Присылать приглашения?",
            )
            return ConsentTexts(texts=[text])

        @answers.to(GrantPermissions)
        async def grant(command: GrantPermissions, caller: Caller, _: Any) -> Permissions:
            self.agreed.append(command)
            return Permissions(permissions=[])

        return answers

    def _take(self, command: BookAppointment) -> None:
        place = (command.practitioner_id, command.starts_at)
        if place in self.taken:
            question = FindFreeSlots(service_id=command.service_id, branch_id=command.branch_id, days=14)
            raise Refused(
                code="slot-taken",
                alternatives=[one.model_dump(mode="json") for one in self.free(question)[:3]],
            )
        self.taken.add(place)


def _branch(name: str, city: str, zone: str) -> Branch:
    return Branch(
        branch_id=uuid4(), name=name, zone=zone, locale="ru", address=Address(city=city, street="ул. Абая, 1"),
        phone="+77272000000", hours=[],
    )  # fmt: skip


def _practitioner(name: str, branch: Branch, services: list[Service]) -> Practitioner:
    hours = [
        WorkingHours(branch_id=branch.branch_id, weekday=day, starts="09:00", ends="18:00")
        for day in range(1, 7)
    ]
    return Practitioner(
        practitioner_id=uuid4(), name=name, speciality={"ru": "стоматолог", "pt-BR": "dentista"},
        service_ids=[one.service_id for one in services], working_hours=hours,
    )  # fmt: skip


def make_chat_world(network_id: str) -> ChatWorld:
    base = make_world(network_id)
    hygiene = Service(
        service_id=uuid4(), name={"ru": "Гигиена полости рта", "pt-BR": "Limpeza dental", "en": "Dental hygiene"},
        kind="hygiene", duration=30,
    )  # fmt: skip
    caries = Service(
        service_id=uuid4(), name={"ru": "Лечение кариеса", "pt-BR": "Tratamento de cárie", "en": "Filling"},
        kind="treatment", duration=30,
    )  # fmt: skip
    almaty = _branch("На Достык", "Алматы", "Asia/Almaty")
    astana = _branch("На Мангилик Ел", "Астана", "Asia/Almaty")
    people = [
        _practitioner("Айгерим Нурлановна", almaty, [hygiene, caries]),
        _practitioner("Данияр Серикович", almaty, [hygiene]),
        _practitioner("Ольга Петровна", astana, [hygiene]),
    ]
    network = base.network.model_copy(update={"locales": ["ru", "kk", "en", "pt-BR"]})
    return ChatWorld(
        network_id, almaty, people[0], hygiene, network, branches=[almaty, astana], practitioners=people,
        services=[hygiene, caries],
    )  # fmt: skip

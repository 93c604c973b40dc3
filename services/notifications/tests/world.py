"""A small world around the service: owners who answer on the real bus, and a provider at its wire format."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import httpx
import orjson

from common.caller import Caller
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentRecord,
    AppointmentRescheduled,
    Appointments,
    AppointmentState,
    CancelAppointment,
    ConfirmAppointment,
    FindAlternatives,
    FreeSlots,
    GetAppointments,
    Slot,
)
from common.contracts.consents import (
    ContactAnswer,
    ContactAnswers,
    MayContact,
    Permissions,
    WithdrawPermission,
)
from common.contracts.directory import (
    Address,
    Branch,
    BranchChanged,
    NameForms,
    Network,
    NetworkOpened,
    Practitioner,
    PractitionerChanged,
    Service,
    ServiceChanged,
)
from common.contracts.messages import Event
from common.contracts.patient_profile import (
    Candidate,
    Candidates,
    Card,
    Cards,
    Contact,
    FindPatients,
    GetCards,
)
from common.contracts.recall import DescribeOutreach, OutreachValues
from common.errors import Refused, UnknownThing
from common.ids import new_id
from common.rpc import Answers

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""Where the tests' clock stands: a Monday, 14:00 in Almaty."""


def almaty(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A local time in Almaty in November 2026, as an instant."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=5)


Changed = TypeVar("Changed", bound=AppointmentEvent)


@dataclass
class World:
    """Everything that other services own, and what they were asked to do."""

    network_id: str
    branch: Branch
    practitioner: Practitioner
    service: Service
    network: Network
    appointments: dict[UUID, AppointmentRecord] = field(default_factory=dict)
    cards: dict[UUID, Card] = field(default_factory=dict)
    refused: dict[tuple[UUID, str], str] = field(default_factory=dict)
    """(patient, message class) -> why they may not be contacted."""
    outreach: dict[UUID, OutreachValues] = field(default_factory=dict)
    commands: list[tuple[str, Any]] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    on_permissions: Callable[[], None] = lambda: None

    def patient(self, phone: str = "+77010000001", name: str = "Марат", **more: Any) -> Card:
        card = Card(
            patient_id=new_id(), version=1, full_name=name, given_name=name, locale=more.pop("locale", "ru"),
            phones=[Contact(phone=phone, original=phone)] if phone else [], **more,
        )  # fmt: skip
        self.cards[card.patient_id] = card
        return card

    def booked(self, card: Card, starts_at: datetime, *, at: datetime = NOW) -> AppointmentBooked:
        state = AppointmentState(
            appointment_id=new_id(), patient_id=card.patient_id, status="booked", starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30), branch_id=self.branch.branch_id,
            practitioner_id=self.practitioner.practitioner_id, service_id=self.service.service_id, source="site",
            created_at=at,
        )  # fmt: skip
        self.appointments[state.appointment_id] = AppointmentRecord(appointment=state, version=1)
        return AppointmentBooked(network_id=self.network_id, occurred_at=at, version=1, appointment=state)

    def change(
        self, kind: type[Changed], appointment_id: UUID, *, at: datetime = NOW, **changes: Any
    ) -> Changed:
        """The next version of an appointment, at its owner and as an event."""
        record = self.appointments[appointment_id]
        more: dict[str, Any] = {}
        if kind is AppointmentRescheduled:
            more["previous_starts_at"] = record.appointment.starts_at
        state = record.appointment.model_copy(update=changes)
        self.appointments[appointment_id] = AppointmentRecord(appointment=state, version=record.version + 1)
        return kind(
            network_id=self.network_id, occurred_at=at, version=record.version + 1, appointment=state, **more
        )

    def confirm(self, appointment_id: UUID, *, at: datetime = NOW) -> AppointmentConfirmed:
        return self.change(AppointmentConfirmed, appointment_id, at=at, status="confirmed", confirmed_at=at)

    def cancel(self, appointment_id: UUID, *, at: datetime = NOW) -> AppointmentCancelled:
        return self.change(AppointmentCancelled, appointment_id, at=at, status="cancelled")

    def move(
        self, appointment_id: UUID, starts_at: datetime, *, at: datetime = NOW
    ) -> AppointmentRescheduled:
        return self.change(
            AppointmentRescheduled, appointment_id, at=at, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30), sequence=1,
        )  # fmt: skip

    def directory_events(self) -> list[Event]:
        about: dict[str, Any] = {"network_id": self.network_id, "occurred_at": NOW, "version": 1}
        return [
            NetworkOpened(network=self.network, **about),
            BranchChanged(branch=self.branch, **about),
            PractitionerChanged(practitioner=self.practitioner, **about),
            ServiceChanged(service=self.service, **about),
        ]

    def answers(self) -> Answers[Any]:
        """What booking, patient-profile, consents and recall say."""
        answers = Answers[Any]()

        @answers.to(GetAppointments)
        async def appointments(query: GetAppointments, caller: Caller, _: Any) -> Appointments:
            await self._maybe_silent("booking")
            found = [self.appointments[one] for one in query.appointment_ids if one in self.appointments]
            return Appointments(appointments=found)

        @answers.to(GetCards)
        async def cards(query: GetCards, caller: Caller, _: Any) -> Cards:
            await self._maybe_silent("patient_profile")
            return Cards(cards={one: self.cards[one] for one in query.patient_ids if one in self.cards})

        @answers.to(MayContact)
        async def may_contact(query: MayContact, caller: Caller, _: Any) -> ContactAnswers:
            await self._maybe_silent("consents")
            answers = []
            for one in query.questions:
                why = self.refused.get((one.patient_id, one.message_class))
                answers.append(
                    ContactAnswer(
                        patient_id=one.patient_id, allowed=[] if why else one.channels,
                        refused=dict.fromkeys(one.channels, why) if why else {}, permission_ids=[], version=1,
                    )
                )  # fmt: skip
            self.on_permissions()
            return ContactAnswers(answers=answers)

        @answers.to(ConfirmAppointment)
        async def confirm(command: ConfirmAppointment, caller: Caller, _: Any) -> AppointmentRecord:
            self.commands.append((caller.actor, command))
            record = self.appointments[command.appointment_id]
            if record.appointment.status not in {"booked", "confirmed"}:
                raise Refused(code="illegal-transition")
            self.confirm(command.appointment_id)
            return self.appointments[command.appointment_id]

        @answers.to(CancelAppointment)
        async def cancel(command: CancelAppointment, caller: Caller, _: Any) -> AppointmentRecord:
            self.commands.append((caller.actor, command))
            self.cancel(command.appointment_id)
            return self.appointments[command.appointment_id]

        @answers.to(FindPatients)
        async def find(query: FindPatients, caller: Caller, _: Any) -> Candidates:
            found = [one for one in self.cards.values() if query.phone in {each.phone for each in one.phones}]
            return Candidates(candidates=[Candidate(card=one, matched_by="phone") for one in found])

        @answers.to(FindAlternatives)
        async def alternatives(query: FindAlternatives, caller: Caller, _: Any) -> FreeSlots:
            return FreeSlots(slots=self.others(query.appointment_id)[: query.limit])

        @answers.to(WithdrawPermission)
        async def withdraw(command: WithdrawPermission, caller: Caller, _: Any) -> Permissions:
            self.commands.append((caller.actor, command))
            return Permissions(permissions=[])

        @answers.to(DescribeOutreach)
        async def describe(query: DescribeOutreach, caller: Caller, _: Any) -> OutreachValues:
            await self._maybe_silent("recall")
            if query.outreach_id not in self.outreach:
                raise UnknownThing("outreach", query.outreach_id)
            return self.outreach[query.outreach_id]

        return answers

    def others(self, appointment_id: UUID) -> list[Slot]:
        """Other times for a visit: a full week, until a world has a schedule."""
        del appointment_id
        return []

    async def _maybe_silent(self, owner: str) -> None:
        if owner in self.silent:
            raise UnansweredError


class UnansweredError(ConnectionError):
    """An owner whose database is away."""


def make_world(
    network_id: str, *, zone: str = "Asia/Almaty", preset: Any = "kz", country: Any = "KZ"
) -> World:
    branch = Branch(
        branch_id=uuid4(), name="На Достык", zone=zone, locale="ru",
        address=Address(city="Алматы", street="пр. Достык, 91", entrance="2", floor="3", room="301"),
        phone="+77272000000", hours=[], signature="Ваша клиника «Улыбка»",
    )  # fmt: skip
    service = Service(
        service_id=uuid4(), name={"ru": "Гигиена полости рта", "kk": "Ауыз қуысының гигиенасы", "en": "Dental hygiene"},
        kind="hygiene", duration=30,
        preparation={"ru": "Почистите зубы.", "kk": "Тісіңізді тазалаңыз.", "en": "Brush your teeth."},
    )  # fmt: skip
    practitioner = Practitioner(
        practitioner_id=uuid4(), name="Айгерим Нурлановна",
        name_forms=NameForms(
            display={"ru": "Айгерим Нурлановна", "kk": "Айгерім Нұрланқызы", "en": "Aigerim Nurlanovna"},
            dative={"ru": "Айгерим Нурлановне"},
        ),
        speciality={"ru": "стоматолог", "kk": "стоматолог", "en": "dentist"},
        speciality_dative={"ru": "стоматологу"}, service_ids=[service.service_id], working_hours=[],
        rooms={str(branch.branch_id): "305"},
    )  # fmt: skip
    network = Network(
        network_id=network_id,
        name="Улыбка",
        country=country,
        locales=["ru", "kk", "en"],
        currency="KZT",
        preset=preset,
    )
    return World(network_id, branch, practitioner, service, network)


NUMBER = "106540352242922"
"""What Meta calls the phone number of every test's network."""


@dataclass
class Provider:
    """WhatsApp and SMS at their wire formats; `faults` strike the next calls in order."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    channel_faults: dict[str, Any] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    listing_fault: int | None = None
    """What a look-up is answered instead of what was sent."""
    before_answer: Callable[[], Any] | None = None

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.handle))

    async def handle(self, request: httpx.Request) -> httpx.Response:
        channel = "whatsapp" if "/whatsapp/" in request.url.path else "sms"
        if request.method == "GET":
            return self._listing(request)
        self.calls[channel] += 1
        fault = self.faults.pop(0) if self.faults else self.channel_faults.get(channel)
        if isinstance(fault, type) and issubclass(fault, httpx.ConnectError):
            raise fault("refused", request=request)
        if isinstance(fault, int):
            return httpx.Response(fault, json={"error": {"code": fault}, "code": fault})
        message = _whatsapp(request) if channel == "whatsapp" else _sms(request)
        message["id"] = f"{channel}-{len(self.sent) + 1}"
        if fault == "lost-before":
            raise httpx.ReadTimeout("no answer", request=request)
        self.sent.append(message)
        if self.before_answer is not None:
            outcome = self.before_answer()
            if asyncio.iscoroutine(outcome):
                await outcome
        if fault == "lost-after":
            raise httpx.ReadTimeout("no answer", request=request)
        if channel == "whatsapp":
            return httpx.Response(200, json={"messages": [{"id": message["id"]}]})
        return httpx.Response(201, json={"sid": message["id"], "status": "queued"})

    def _listing(self, request: httpx.Request) -> httpx.Response:
        if self.listing_fault is not None:
            return httpx.Response(self.listing_fault)
        to = request.url.params["To"]
        listed = [
            {
                "sid": one["id"],
                "body": one["text"],
                "status": "delivered",
                "date_created": "Mon, 02 Nov 2099 09:00:00 +0000",
            }
            for one in self.sent
            if one["channel"] == "sms" and one["to"] == to
        ]
        return httpx.Response(200, json={"messages": listed})

    def interactive(self) -> list[str]:
        """Payloads of the replies that the newest message offers."""
        return list(self.sent[-1]["replies"])

    def texts(self) -> list[str]:
        return [one["text"] for one in self.sent]


def _whatsapp(request: httpx.Request) -> dict[str, Any]:
    body = orjson.loads(request.content)
    message = {
        "channel": "whatsapp",
        "to": body["to"],
        "reference": body["biz_opaque_callback_data"],
        "buttons": [],
    }
    match body["type"]:
        case "template":
            components = body["template"]["components"]
            lines = [
                one["text"] for part in components if part["type"] == "body" for one in part["parameters"]
            ]
            assert all("\n" not in line for line in lines)
            message["text"] = "\n".join(lines)
            message["buttons"] = [
                part["parameters"][0]["payload"] for part in components if part["type"] == "button"
            ]
        case "interactive":
            message["text"] = body["interactive"]["body"]["text"]
            action = body["interactive"]["action"]
            rows = [row["id"] for section in action.get("sections", ()) for row in section["rows"]]
            message["replies"] = rows + [one["reply"]["id"] for one in action.get("buttons", ())]
        case _:
            message["text"] = body["text"]["body"]
    return message


def _sms(request: httpx.Request) -> dict[str, Any]:
    form = dict(parse_qsl(request.content.decode()))
    return {
        "channel": "sms", "to": form["To"], "text": form["Body"], "buttons": [],
        "reference": form["StatusCallback"].rpartition("ref=")[2],
        "validity": form.get("ValidityPeriod"),
    }  # fmt: skip


def status(provider_id: str, state: str, reference: str | None = None) -> dict[str, Any]:
    found = {"id": provider_id, "status": state, "timestamp": "1", "recipient_id": "7"}
    return found | ({"biz_opaque_callback_data": reference} if reference else {})


def whatsapp_webhook(
    *, statuses: list[Any] | None = None, messages: list[Any] | None = None, number: str = NUMBER
) -> str:
    value = {
        "messaging_product": "whatsapp", "metadata": {"phone_number_id": number},
        "statuses": statuses or [], "messages": messages or [],
    }  # fmt: skip
    return orjson.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).decode()


def pressed(
    sender: str, payload: str, *, title: str = "Приду", message_id: str | None = None
) -> dict[str, Any]:
    return {
        "from": sender.lstrip("+"), "id": message_id or f"wamid.{uuid4().hex}", "type": "button",
        "button": {"payload": payload, "text": title},
    }  # fmt: skip


def wrote(
    sender: str, text: str, *, message_id: str | None = None, answers: str | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": sender.lstrip("+"), "id": message_id or f"wamid.{uuid4().hex}", "type": "text", "text": {"body": text},
    }  # fmt: skip
    return found | ({"context": {"id": answers}} if answers else {})

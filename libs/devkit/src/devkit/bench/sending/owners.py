"""Owners as cheap as they can be on the real NATS: they verify who asks, and write the answer without making values.

What booking, patient-profile and consents really spend is theirs, on other machines; what notifications spends on
asking them and on reading what they say is all in the figure.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.bus import Bus
from common.caller import Caller
from common.contracts.booking import AppointmentRecord, Appointments, AppointmentState, GetAppointments
from common.contracts.consents import ContactAnswer, ContactAnswers, MayContact
from common.contracts.directory import Address, Branch, Network, Practitioner, Service
from common.contracts.patient_profile import Card, Cards, Contact, GetCards
from common.ids import new_id
from common.rpc import Answers, Server, Written
from devkit.bench.sending.servers import Servers

NETWORK = "bench"
NOBODY = UUID(int=0)


class Clinic:
    """One network whose visits all start at one instant; a visit's id is its patient's too."""

    def __init__(self) -> None:
        self.network = Network(
            network_id=NETWORK, name="Улыбка", country="KZ", locales=["ru"], currency="KZT", preset="kz"
        )
        self.branch = Branch(
            branch_id=new_id(), name="На Достык", zone=_where_it_is_noon(), locale="ru", phone="+77272000000", hours=[],
            address=Address(city="Алматы", street="пр. Достык, 91", floor="3", room="301"),
        )  # fmt: skip
        self.service = Service(service_id=new_id(), name={"ru": "Гигиена полости рта"}, duration=30)
        self.practitioner = Practitioner(
            practitioner_id=new_id(), name="Айгерим Нурлановна", service_ids=[self.service.service_id],
            working_hours=[],
        )  # fmt: skip
        noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self.starts_at = noon + timedelta(days=14)

    def visit(self, appointment_id: UUID) -> AppointmentState:
        """A booked visit of the patient with the same id."""
        return AppointmentState(
            appointment_id=appointment_id, patient_id=appointment_id, status="booked", starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(minutes=30), branch_id=self.branch.branch_id,
            practitioner_id=self.practitioner.practitioner_id, service_id=self.service.service_id, source="site",
            created_at=self.starts_at - timedelta(days=30),
        )  # fmt: skip

    def card(self, patient_id: UUID) -> Card:
        """Somebody with a name and a phone."""
        phone = "+77010000001"
        return Card(
            patient_id=patient_id, version=1, full_name="Сейткали Марат", given_name="Марат", locale="ru",
            phones=[Contact(phone=phone, original=phone, verified=True)],
        )  # fmt: skip


@asynccontextmanager
async def answering(servers: Servers, clinic: Clinic) -> AsyncIterator[None]:
    """Play the three owners for the length of the block."""
    bus = Bus(servers.infrastructure.nats_url, "owners")
    await bus.connect()
    server = Server(bus, servers.verifier, _answers(clinic), None)
    await server.start()
    try:
        yield
    finally:
        await server.stop()
        await bus.close()


def _where_it_is_noon() -> str:
    """So that no window is closed, whenever this is run."""
    west = datetime.now(UTC).hour - 12
    return f"Etc/GMT{west:+d}" if west else "UTC"


def _answers(clinic: Clinic) -> Answers[None]:
    answers = Answers[None]()
    record = AppointmentRecord(appointment=clinic.visit(NOBODY), version=1).model_dump_json()
    card = clinic.card(NOBODY).model_dump_json()

    @answers.in_writing_to(GetAppointments)
    async def appointments(query: GetAppointments, caller: Caller, _: None) -> Written[Appointments]:
        del caller
        rows = ",".join(record.replace(str(NOBODY), str(one)) for one in query.appointment_ids)
        return Written(f'{{"appointments":[{rows}]}}'.encode())

    @answers.in_writing_to(GetCards)
    async def cards(query: GetCards, caller: Caller, _: None) -> Written[Cards]:
        del caller
        rows = ",".join(f'"{one}":{card.replace(str(NOBODY), str(one))}' for one in query.patient_ids)
        return Written(f'{{"cards":{{{rows}}}}}'.encode())

    @answers.in_writing_to(MayContact)
    async def may_contact(query: MayContact, caller: Caller, _: None) -> Written[ContactAnswers]:
        del caller
        allowed = ContactAnswer(
            patient_id=NOBODY, allowed=query.questions[0].channels, refused={}, permission_ids=[NOBODY], version=1
        ).model_dump_json()  # fmt: skip
        rows = ",".join(allowed.replace(str(NOBODY), str(one.patient_id)) for one in query.questions)
        return Written(f'{{"answers":[{rows}]}}'.encode())

    return answers

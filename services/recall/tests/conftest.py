"""What these tests share: a network with one branch and one hygiene service, and events about it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from common.clock import Clock
from common.contracts.booking import AppointmentState, Status, VisitCompleted, VisitState
from common.contracts.directory import (
    Address,
    Branch,
    BranchChanged,
    Network,
    NetworkOpened,
    Service,
    ServiceChanged,
)
from common.contracts.messages import Event
from common.database import Database
from common.ids import new_id
from common.rpc import Asks
from recall import operations
from recall.handlers import Parts

BRANCH, HYGIENE, FILLING, PRACTITIONER = new_id(), new_id(), new_id(), new_id()
LAST = datetime(2026, 5, 1, 5, 0, tzinfo=UTC)
"""A morning in Almaty; 5.5 months later is 17 October, which `START` has passed."""


@pytest.fixture(scope="session")
def service_name() -> str:
    return "recall"


@pytest.fixture
def parts(database: Database, asks: Asks, clock: Clock) -> Parts:
    return Parts(database=database, asks=asks, clock=clock)


def directory_events(network_id: str) -> list[Event]:
    """What booking tells of a small network."""
    head = {"network_id": network_id, "occurred_at": LAST, "version": 1}
    network = Network(
        network_id=network_id, name="Клиника", country="KZ", locales=["ru"], currency="KZT", preset="kz"
    )
    branch = Branch(
        branch_id=BRANCH,
        name="Абай",
        zone="Asia/Almaty",
        locale="ru",
        address=Address(city="Алматы", street="Абая 1"),
        phone="+77010000000",
        hours=[],
    )
    hygiene = Service(service_id=HYGIENE, name={"ru": "Гигиена"}, kind="hygiene", duration=60)
    filling = Service(service_id=FILLING, name={"ru": "Пломба"}, kind="treatment", duration=60)
    return [
        NetworkOpened(network=network, **head),
        BranchChanged(branch=branch, **head),
        ServiceChanged(service=hygiene, **head),
        ServiceChanged(service=filling, **head),
    ]


@pytest.fixture
async def network(parts: Parts, network_id: str) -> str:
    """Its directory is copied, its default rule made."""
    async with parts.database.transaction(network_id) as tx:
        for event in directory_events(network_id):
            await operations.keep_directory(tx, event)
    return network_id


def appointment(
    patient_id: UUID,
    *,
    appointment_id: UUID | None = None,
    status: Status = "booked",
    starts_at: datetime = LAST,
    service_id: UUID = HYGIENE,
) -> AppointmentState:
    return AppointmentState(
        appointment_id=appointment_id or new_id(),
        patient_id=patient_id,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        branch_id=BRANCH,
        practitioner_id=PRACTITIONER,
        service_id=service_id,
        source="site",
        created_at=starts_at - timedelta(days=3),
    )


def completed(network_id: str, state: AppointmentState, version: int = 3) -> VisitCompleted:
    """The visit of this appointment took place."""
    state = state.model_copy(update={"status": "fulfilled"})
    visit = VisitState(
        visit_id=state.appointment_id,
        appointment_id=state.appointment_id,
        patient_id=state.patient_id,
        branch_id=state.branch_id,
        practitioner_id=state.practitioner_id,
        service_id=state.service_id,
        service_kind="hygiene",
        starts_at=state.starts_at,
        completed_at=state.ends_at,
    )
    return VisitCompleted(
        network_id=network_id, occurred_at=state.ends_at, version=version, appointment=state, visit=visit
    )

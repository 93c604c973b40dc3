"""The network in which the file is replayed: one branch in Vitória, with as many practitioners as it takes."""

import asyncio
import secrets
from datetime import date
from uuid import UUID

from common.contracts.directory import (
    Address,
    Branch,
    Network,
    OpeningHours,
    OpenNetwork,
    Practitioner,
    PutBranch,
    PutPractitioner,
    PutService,
    Service,
    WorkingHours,
)
from common.contracts.gateway import CreateStaff
from common.contracts.messages import Done, Request
from common.errors import Refused
from common.ids import new_id
from common.rpc import Asks
from devkit.asking import acting
from devkit.replay.agenda import CLOSES, DURATION, OPENS
from devkit.replay.desk import Login, Place
from devkit.replay.reading import ZONE

HORIZON_DAYS = 365
TIMEOUT_SECONDS = 20.0


async def make(asks: Asks, network_id: str, *, practitioners: int, days: list[date]) -> tuple[Place, Login]:
    """Open it and set it up; returns what to book and who marks the visits."""
    caller = acting(network_id)

    async def ask(request: Request[Done]) -> None:
        await asks.ask(request, caller=caller, timeout=TIMEOUT_SECONDS)

    weekdays = sorted({day.isoweekday() for day in days})
    branch_id, service_id = new_id(), new_id()
    await ask(OpenNetwork(network=_network(network_id)))
    await ask(PutBranch(branch=_branch(branch_id, weekdays)))
    await ask(PutService(service=_service(service_id)))
    for number in range(1, practitioners + 1):
        await ask(PutPractitioner(practitioner=_practitioner(number, branch_id, service_id, weekdays)))
    login = Login(f"desk@{network_id}.example", secrets.token_urlsafe(18))
    await _make_staff(asks, network_id, login)
    return Place(network_id, branch_id, service_id), login


def _network(network_id: str) -> Network:
    return Network(
        network_id=network_id,
        name="Clínicas de Vitória",
        country="BR",
        locales=["pt-BR"],
        currency="BRL",
        preset="br",
    )


def _branch(branch_id: UUID, weekdays: list[int]) -> Branch:
    return Branch(
        branch_id=branch_id,
        name="Unidade Vitória",
        zone=ZONE.key,
        locale="pt-BR",
        address=Address(
            city="Vitória", street="Av. Mal. Mascarenhas de Moraes, 1927", floor="térreo", room="recepção"
        ),
        phone="+552733826000",
        hours=[OpeningHours(weekday=day, opens=OPENS, closes=CLOSES) for day in weekdays],
    )


def _service(service_id: UUID) -> Service:
    minutes = int(DURATION.total_seconds() // 60)
    return Service(
        service_id=service_id,
        name={"pt-BR": "Consulta"},
        kind="consultation",
        duration=minutes,
        granularity=minutes,
        horizon_days=HORIZON_DAYS,
    )


def _practitioner(number: int, branch_id: UUID, service_id: UUID, weekdays: list[int]) -> Practitioner:
    return Practitioner(
        practitioner_id=new_id(),
        name=f"Profissional {number}",
        service_ids=[service_id],
        working_hours=[
            WorkingHours(branch_id=branch_id, weekday=day, starts=OPENS, ends=CLOSES) for day in weekdays
        ],
        rooms={str(branch_id): f"sala {number}"},
    )


async def _make_staff(asks: Asks, network_id: str, login: Login) -> None:
    """The gateway learns of the network by an event."""
    command = CreateStaff(
        staff_id=new_id(),
        email=login.email,
        display_name="Recepção",
        password=login.password,
        roles=["reception", "manager"],
    )
    for _ in range(100):
        try:
            await asks.ask(command, caller=acting(network_id), timeout=TIMEOUT_SECONDS)
        except Refused as refusal:
            if refusal.refusal != "unknown-network":
                raise
        else:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"the gateway has not heard of {network_id}")

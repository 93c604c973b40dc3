"""patient-profile over the real bus and database: commands, queries, events, and the whole service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from common.clock import Clock
from common.contracts.patient_profile import FindPatients, GetCards, RegisterPatient
from common.database import Database
from common.ids import new_id
from common.rpc import Asks
from common.testing import Urls, caller, running
from patient_profile.app import create_app
from patient_profile.settings import Settings


@pytest.fixture
async def service(
    environment: Callable[..., None], urls: Urls, nats_server: Any, sealing_key: str, bus: Any
) -> AsyncIterator[Any]:
    environment(urls, nats_server.url, sealing_key=sealing_key)
    async with running(create_app(Settings())) as app:
        yield app


def registration(**more: Any) -> RegisterPatient:
    given = {
        "patient_id": new_id(),
        "full_name": "Ахметова Айгерим Нурлановна",
        "phone": "8 701 123 45 67",
        "country": "KZ",
        **more,
    }
    return RegisterPatient(**given)


async def test_two_hundred_registrations_of_one_person_make_one_patient(
    service: Any, asks: Asks, network_id: str, database: Database
):
    by = caller(network_id, "anonymous", (), purpose="booking")
    replies = await asyncio.gather(
        *(asks.ask(registration(provisional=True), caller=by, timeout=30) for _ in range(200))
    )
    assert len({reply.patient_id for reply in replies}) == 1
    assert [reply.created for reply in replies].count(True) == 1
    async with database.transaction(network_id) as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM patients"))).scalar_one() == 1

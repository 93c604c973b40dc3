"""Fixtures of the tests of booking."""

import pytest

from booking.handlers import Parts
from booking.tables.directory import Directories
from common.clock import Clock
from common.database import Database

from .clinic import Clinic, open_clinic


@pytest.fixture(scope="session")
def service_name() -> str:
    return "booking"


@pytest.fixture
def parts(database: Database, clock: Clock) -> Parts:
    return Parts(database=database, clock=clock, directories=Directories(), moves_limit=2)


@pytest.fixture
async def clinic(parts: Parts) -> Clinic:
    return await open_clinic(parts)

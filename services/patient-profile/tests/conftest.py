"""What the tests of patient-profile share."""

import os

import pytest

from common.clock import Clock
from common.database import Database
from common.encoding import to_text
from common.rpc import Asks
from common.sealed import Sealer
from patient_profile.handlers import Parts


@pytest.fixture(scope="session")
def service_name() -> str:
    return "patient_profile"


@pytest.fixture(scope="session")
def sealing_key() -> str:
    return to_text(os.urandom(32))


@pytest.fixture(scope="session")
def sealer(sealing_key: str) -> Sealer:
    return Sealer(sealing_key)


@pytest.fixture
def parts(database: Database, asks: Asks, clock: Clock, sealer: Sealer) -> Parts:
    """What handlers get, without a running service around it."""
    return Parts(database=database, asks=asks, clock=clock, sealer=sealer)

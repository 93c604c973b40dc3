"""`kill -9` of a real notifications process at every point of the send path, with the sandbox's ledger as the judge.

The full product of points and answers is in the service's own tests; here are real processes, HTTP and disks.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from devkit import databases
from devkit.bench.stage import NETWORK, open_network
from devkit.embedded import infrastructure
from devkit.embedded.child import launched
from devkit.embedded.ports import free
from devkit.home import Home, Running
from devkit.processes import Ports, PythonProcess, sandbox_process, service_processes
from devkit.supervisor import Supervisor
from tests.conftest import Clinic, System, eventually, somebody

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

DYING = Path(__file__).with_name("dying.py")
FAULTS: Mapping[str, list[dict[str, Any]]] = {
    "accepted": [],
    "429": [{"kind": "429", "count": 1, "retry_after": 1}],
    "500": [{"kind": "500", "count": 1}],
    "timeout before acceptance": [{"kind": "timeout_before", "count": 1}],
    "timeout after acceptance": [{"kind": "timeout_after", "count": 1}],
    "no status": [{"kind": "no_report"}],
    "late status": [{"kind": "late_report", "delay": 7200}],
    "repeated status": [{"kind": "duplicate_reports"}],
}
LOST = {"500", "timeout before acceptance", "timeout after acceptance"}
OPEN_AT_DEATH = {"after-the-attempts-commit", "before-the-call", "after-the-call", "while-recording"}
CASES = [
    ("after-claiming", "429"),
    ("after-the-attempts-commit", "accepted"),
    ("before-the-call", "no status"),
    ("after-the-call", "late status"),
    ("while-recording", "timeout after acceptance"),
    ("while-recording", "500"),
    ("before-the-event-is-published", "repeated status"),
    ("before-the-event-is-published", "timeout before acceptance"),
    ("while-applying-a-status", "repeated status"),
]


@dataclass
class Notifications:
    """The one process that the test starts and kills itself."""

    settings: PythonProcess
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, die_at: str = "", died: Path | None = None) -> None:
        """With a death ahead of it, or as the product has it."""
        command = [sys.executable, str(DYING)] if die_at else [sys.executable, "-m", self.settings.module]
        environment = dict(self.settings.environment())
        if die_at:
            environment |= {"DIE_AT": die_at, "DIED": str(died)}
        with self.settings.log.open("ab") as log:
            self.process = subprocess.Popen(launched(command), env=environment, stdout=log, stderr=log)

    async def ready(self) -> None:
        async def answers() -> bool:
            return await asyncio.to_thread(self.settings.ready)

        await eventually(answers, within=120)

    async def died(self) -> None:
        assert self.process is not None
        assert await asyncio.to_thread(self.process.wait, 120) == -signal.SIGKILL

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Stage:
    """The system around it."""

    clinic: Clinic
    notifications: Notifications
    running: Running
    service_id: str
    slots: list[dict[str, Any]]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        url = self.running.admin_url.rpartition("/")[0] + "/notifications"
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def run_out_of_leases(self) -> None:
        """As half a minute later: shorter leases would run out on whoever lives, too, where the machine is busy."""
        leased = await self.rows(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'leased_until'"
        )
        assert leased
        for one in leased:
            await self.rows(f"UPDATE {one['table_name']} SET leased_until = now() WHERE leased_until > now()")


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    if os.environ.get("VINCULO_GATEWAY_URL"):
        pytest.skip("what runs was given by URL, and is not ours to kill")
    with tempfile.TemporaryDirectory(prefix="vinculo faults ") as folder:
        home = Home(Path(folder) / "home")
        with home.locked():
            async with _around(home) as made:
                yield made


@asynccontextmanager
async def _around(home: Home) -> AsyncIterator[Stage]:
    servers, supervisor = infrastructure(home), Supervisor()
    gateway, sandbox = free(2)
    ports = Ports.drawn(gateway=gateway, sandbox=sandbox)
    home.ledger.parent.mkdir(mode=0o700, exist_ok=True)
    processes = service_processes(home, servers, ports)
    ours = next(one for one in processes if one.name == "notifications")
    notifications = Notifications(ours)
    clinic = Clinic(System(ports.gateway_url, ports.sandbox_url, None), NETWORK)
    try:
        await supervisor.start(servers.programs)
        await databases.make(home, servers)
        await supervisor.start(
            [sandbox_process(home, servers, ports)], [one for one in processes if one is not ours]
        )
        running = Running(
            supervisor.pid, ports.gateway_url, ports.sandbox_url, servers.nats_url, servers.admin_url
        )
        notifications.start()
        await notifications.ready()
        opened = await open_network(running, home.secrets.signing_key("gateway"))
        await clinic.settle()
        slots = await clinic.slots(
            service_id=str(opened.service_id), days=20, **{"from": f"{opened.first_day:%Y-%m-%d}"}
        )
        yield Stage(clinic, notifications, running, str(opened.service_id), slots)
    finally:
        notifications.kill()
        await clinic.close()
        await supervisor.stop()


@pytest.mark.parametrize(("point", "answer"), CASES)
async def test_kill_9_neither_repeats_nor_loses_a_message(stage: Stage, tmp_path: Path, point, answer):
    died, person = tmp_path / "died", somebody()
    stage.notifications.kill()
    for fault in FAULTS[answer]:
        order = {"channel": "whatsapp", "phone": person.phone, **fault}
        (await stage.clinic.phones.post("/faults", json=order)).raise_for_status()
    stage.notifications.start(die_at=point, died=died)
    await stage.notifications.ready()
    booked = await stage.clinic.book(stage.service_id, stage.slots.pop(), person)
    assert booked.status_code == 201, booked.text
    await stage.notifications.died()
    assert died.exists()
    await stage.run_out_of_leases()
    stage.notifications.start()
    await stage.notifications.ready()
    for minutes in (0, 40, 40):
        await stage.clinic.move_clock(timedelta(minutes=minutes))
    await _nothing_twice_nothing_lost(
        stage, booked.json()["appointment"]["id"], person.phone,
        unknown=int(answer in LOST or point in OPEN_AT_DEATH),
    )  # fmt: skip


async def _nothing_twice_nothing_lost(stage: Stage, appointment_id: str, phone: str, *, unknown: int) -> None:
    accepted = [one for one in await stage.clinic.ledger() if one.get("to") == phone and one.get("reference")]
    assert max(Counter(one["channel"] for one in accepted).values(), default=0) <= 1, accepted
    (message,) = await stage.rows(
        "SELECT message_id, outcome, reason, due_at FROM messages WHERE origin_id = $1 AND step = 'confirmation'",
        appointment_id,
    )
    attempts = await stage.rows(
        "SELECT attempt_id::text AS reference, outcome, in_flight FROM attempts WHERE message_id = $1",
        message["message_id"],
    )
    assert {one["reference"] for one in accepted} <= {one["reference"] for one in attempts}
    assert sum(one["outcome"] == "unknown" for one in attempts) <= unknown
    assert not any(one["outcome"] == "open" or one["in_flight"] for one in attempts)
    ended = {"accepted", "delivered", "read"} | ({"unknown"} if unknown else set())
    assert message["outcome"] in ended or message["reason"], message
    assert message["due_at"] is None
    assert await stage.rows("SELECT 1 FROM outbox WHERE published_at IS NULL") == []

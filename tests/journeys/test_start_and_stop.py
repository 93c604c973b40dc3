"""What a person meets who starts and stops Vínculo on a machine: busy ports, Ctrl-C, a second instance, old data."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from devkit.embedded.ports import free
from tests.conftest import Clinic, System, start_system, stop_system

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def made_at(home: Path) -> int:
    """When the database's server was made, which is what takes a first start its time."""
    return (home / "postgres" / "data" / "PG_VERSION").stat().st_mtime_ns


@pytest.fixture(scope="module", autouse=True)
def _here() -> None:
    if os.environ.get("VINCULO_GATEWAY_URL"):
        pytest.skip("what runs was given by URL, and is not ours to start and stop")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """In a folder whose name has spaces and letters beyond ASCII."""
    folder = Path(tempfile.mkdtemp(prefix="vínculo beside "))
    yield folder / "its home"
    shutil.rmtree(folder)


@dataclass
class Beside:
    """An instance beside the one that runs for all journeys."""

    process: subprocess.Popen[str]
    clinic: Clinic


@pytest.fixture
async def beside(system: System, home: Path) -> AsyncIterator[Beside]:
    process, started = start_system(home)
    assert started.gateway != system.gateway
    clinic = Clinic(started)
    yield Beside(process, clinic)
    await clinic.close()
    if process.poll() is None:
        stop_system(process)


def try_to_start(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devkit.cli", "up"],
        env={**os.environ, "VINCULO_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def processes_of(home: Path) -> list[str]:
    """Whatever works in this home, or was told of it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid == os.getpid():
                continue
            if str(home) in " ".join([process.cwd(), *process.cmdline(), *process.environ().values()]):
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.parametrize("busy", ["GATEWAY_PORT", "SANDBOX_PORT"])
def test_a_busy_port_is_a_one_line_error(tmp_path: Path, busy: str) -> None:
    ports = dict(zip(["GATEWAY_PORT", "SANDBOX_PORT"], map(str, free(2)), strict=True))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports[busy] = str(taken.getsockname()[1])
        done = try_to_start(tmp_path / "home", **ports)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert busy in lines[0]
    assert ports[busy] in lines[0]
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GATEWAY_PORT", "http"), ("GATEWAY_PORT", "70000"), ("VINCULO_CLOCK_START", "tomorrow")],
)
def test_a_setting_that_makes_no_sense_is_a_one_line_error(tmp_path: Path, variable: str, value: str) -> None:
    done = try_to_start(tmp_path / "home", **{variable: value})
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert variable in done.stderr
    assert value in done.stderr


async def test_a_second_instance_keeps_its_own_and_a_second_start_keeps_it_too_and_makes_no_server_anew(
    clinic: Clinic, beside: Beside, home: Path, people: Any
) -> None:
    first, second, process = clinic, beside.clinic, beside.process
    service = next(one for one in await second.directory("services") if one["kind"] == "consultation")
    slot = (await second.slots(service_id=service["service_id"], days=14))[-1]
    booked = await second.book(service["service_id"], slot, people("Айгуль Нурланова"))
    assert booked.status_code == 201, booked.text
    link = "/api/v1/links/" + booked.json()["manage_url"].rsplit("/", 1)[-1]
    assert (await second.http.get(link)).status_code == 200
    assert (await first.http.get(link)).status_code == 404, "the other instance knows nothing of it"

    # the same home twice is refused, and what runs there goes on
    ports = dict(zip(["GATEWAY_PORT", "SANDBOX_PORT"], map(str, free(2)), strict=True))
    refused = try_to_start(home, **ports)
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "in use" in refused.stderr
    assert (await second.http.get("/readyz")).status_code == 200

    # Ctrl-C leaves no process, and the instance beside does not notice
    assert len(processes_of(home)) >= 9
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 0
    assert process.stdout is not None
    assert "Traceback" not in process.stdout.read()
    process.stdout.close()
    assert processes_of(home) == []
    for url in (second.system.gateway, second.system.sandbox):
        with pytest.raises(httpx.ConnectError):
            await second.http.get(url)
    assert (await first.http.get("/readyz")).status_code == 200

    # and again on the same data
    made = made_at(home)
    again, restarted = start_system(home)
    assert made_at(home) == made
    third = Clinic(restarted)
    try:
        kept = await third.http.get(link)
        assert kept.status_code == 200
        assert kept.json()["appointment"]["starts_at"] == booked.json()["appointment"]["starts_at"]
        await third.login("manager")
    finally:
        await third.close()
        stop_system(again)
    assert processes_of(home) == []

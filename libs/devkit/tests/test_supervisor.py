"""The supervisor, with small programs of its own: it needs no service to be right."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from common.testing import PATIENCE
from devkit.embedded import infrastructure
from devkit.embedded.ports import free, is_free
from devkit.errors import CannotStart
from devkit.home import SERVICES, Home
from devkit.processes import Ports, PythonProcess, database_url, sandbox_process, service_processes
from devkit.supervisor import Supervisor

ANSWERS = """
import http.server, os, signal, sys, time

class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

def end(*_):
    with open(os.environ["ENDED"], "a") as ended:
        ended.write(os.environ["NAME"] + "\\n")
    os._exit(0)

signal.signal(signal.SIGTERM, end)
print("began", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""
FAILS = "raise SystemExit('the database is not there')"
DEAF = ANSWERS.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


class Fake(PythonProcess):
    def __init__(self, folder, name, code=ANSWERS):
        port = free(1)[0]
        environment = {"PORT": str(port), "NAME": name, "ENDED": str(folder / "ended")}
        super().__init__(name, "", port=port, log=folder / f"{name}.log", environment=environment)
        self._code = textwrap.dedent(code)

    def command(self):
        return [sys.executable, "-c", self._code]


@pytest.fixture
def said():
    return []


@pytest.fixture
async def supervisor(said):
    supervisor = Supervisor(say=said.append, patience=PATIENCE, grace=PATIENCE)
    yield supervisor
    await supervisor.stop()
    assert not [program.name for program in supervisor.programs if program.alive]


async def eventually(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


async def test_everyone_answers_after_the_start(supervisor, tmp_path):
    fakes = [Fake(tmp_path, name) for name in ("one", "two", "three")]

    await supervisor.start(fakes[:1], fakes[1:])

    assert all(fake.ready() for fake in fakes)
    assert supervisor.described()["two"] == {"pid": fakes[1].pid, "port": fakes[1].port}


async def test_the_last_group_stops_first(supervisor, tmp_path):
    await supervisor.start([Fake(tmp_path, "servers")])
    await supervisor.start([Fake(tmp_path, "sandbox")], [Fake(tmp_path, "services")])

    await supervisor.stop()

    assert (tmp_path / "ended").read_text().split() == ["services", "sandbox", "servers"]


async def test_a_killed_process_is_started_again_and_told_of(supervisor, said, tmp_path):
    fake = Fake(tmp_path, "booking")
    await supervisor.start([fake])
    killed = fake.pid

    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: fake.pid != killed and fake.ready())

    assert said == [f"booking was ended by signal 9; starting it again in 0.2 s (log: {fake.log})"]
    assert fake.log.read_text() == "began\nbegan\n"


async def test_a_process_that_keeps_crashing_is_started_ever_later(supervisor, said, tmp_path):
    fake = Fake(tmp_path, "booking")
    await supervisor.start([fake])
    fake._code = FAILS

    os.kill(fake.pid, signal.SIGKILL)
    await eventually(lambda: len(said) == 4)

    assert [line.split(" again in ")[1].split(" s ")[0] for line in said] == ["0.2", "0.4", "0.8", "1.6"]


async def test_one_that_ends_during_the_start_is_refused_with_its_last_words(supervisor, tmp_path):
    with pytest.raises(
        CannotStart, match=r"^recall ended with code 1: the database is not there "
    ) as refusal:
        await supervisor.start([Fake(tmp_path, "booking"), Fake(tmp_path, "recall", FAILS)])
    assert "\n" not in str(refusal.value)


async def test_one_that_does_not_listen_to_reason_is_killed_after_the_grace(said, tmp_path):
    deaf = Fake(tmp_path, "deaf", DEAF)
    supervisor = Supervisor(say=said.append, patience=PATIENCE, grace=1)
    await supervisor.start([deaf])

    await supervisor.stop()

    assert not deaf.alive
    assert said == ["deaf does not stop after 1 s; killing it"]


def test_a_stop_in_the_middle_of_a_start_leaves_nothing(tmp_path):
    fakes = [Fake(tmp_path, f"fake-{number}") for number in range(4)]

    async def begin_and_stop():
        supervisor = Supervisor(grace=1)
        start = asyncio.create_task(supervisor.start(fakes[:2], fakes[2:]))
        await asyncio.sleep(0.01)
        start.cancel()
        await supervisor.stop()

    asyncio.run(begin_and_stop())

    assert not [fake.name for fake in fakes if fake.alive]


# The whole of `vinculo up` with small programs in place of the services.
WHOLE = f"""
import asyncio, importlib, os, sys
from functools import partial
from pathlib import Path
from devkit import databases, running
from devkit.cli import main
from devkit.processes import PythonProcess

class Fake(PythonProcess):
    def command(self):
        return [sys.executable, "-c", {ANSWERS!r}]
    def environment(self):
        return {{**super().environment(), "PORT": str(self.port), "NAME": self.name, "ENDED": os.environ["ENDED"]}}

def fake(process):
    return Fake(process.name, process.module, port=process.port, log=process.log, environment={{}})

sandbox, services = running.sandbox_process, running.service_processes
running.sandbox_process = lambda *given: fake(sandbox(*given))
running.service_processes = lambda *given: [fake(process) for process in services(*given)]

# What it says is compared: on a slow disk, a server's last checkpoint may take longer than people wait.
running.Supervisor = partial(running.Supervisor, grace={PATIENCE})

async def nothing(home, servers):
    await asyncio.sleep(float(os.environ.get("MIGRATING", "0")))

databases.make = nothing
# Small programs answer no command, so there is nobody who could make the demo networks.
importlib.import_module("devkit.cli.up").furnishing = lambda home: running.unfurnished
main()
"""


class Whole:
    """`vinculo up` as a process, in a home whose path has a space."""

    def __init__(self, tmp_path):
        self.home = Home(tmp_path / "a home")
        self.ended = tmp_path / "ended"
        self.gateway, self.sandbox = free(2)

    def up(self, **environment):
        return subprocess.Popen(
            [sys.executable, "-c", WHOLE, "up"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "VINCULO_HOME": str(self.home.path),
                "GATEWAY_PORT": str(self.gateway),
                "SANDBOX_PORT": str(self.sandbox),
                "ENDED": str(self.ended),
                # The small programs import nothing that would be worth importing ahead.
                "VINCULO_NURSERY": "off",
                **environment,
            },
        )


@pytest.fixture
def whole(tmp_path):
    return Whole(tmp_path)


def descendants(process):
    return psutil.Process(process.pid).children(recursive=True)


def assert_gone(processes):
    deadline = time.monotonic() + PATIENCE
    while left := [found for found in processes if runs(found)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went between the two questions
        return False


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_says_ready_and_stops_all_at_a_signal(whole, number):
    with whole.up() as up:
        line = up.stdout.readline()
        running = whole.home.running()
        processes = descendants(up)
        up.send_signal(number)
        up.send_signal(signal.SIGINT)
        time.sleep(0.05)
        up.send_signal(signal.SIGINT)
        rest, errors = up.communicate(timeout=PATIENCE)

    assert (
        line == f"ready  gateway http://127.0.0.1:{whole.gateway}  sandbox http://127.0.0.1:{whole.sandbox}\n"
    )
    assert (up.returncode, rest, errors) == (0, "", "")
    assert list(running.processes) == ["postgres", "nats", "sandbox", *SERVICES]
    assert {found["pid"] for found in running.processes.values()} <= {process.pid for process in processes}
    assert_gone(processes)
    assert whole.ended.read_text().split()[-1] == "sandbox"
    with pytest.raises(CannotStart, match="nothing runs"):
        whole.home.running()


@pytest.mark.parametrize("after", [0.0, 0.3, 0.6, 1.0])
def test_a_signal_during_the_start_stops_all(whole, after):
    with whole.up(MIGRATING="30") as up:
        while not descendants(up):  # they come once it listens to signals
            assert up.poll() is None
            time.sleep(0.01)
        time.sleep(after)
        processes = descendants(up)
        up.terminate()
        told, errors = up.communicate(timeout=PATIENCE)

    assert (up.returncode, told, errors) == (0, "", "")
    assert_gone(processes)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux's")
def test_everything_dies_with_a_killed_supervisor_and_the_next_start_works(whole):
    with whole.up() as up:
        up.stdout.readline()
        processes = descendants(up)
        up.kill()
    assert len(processes) >= 2 + 1 + len(SERVICES)
    # The kernel kills them with it, yet not before: until then they keep the ports on which the next start insists.
    until(lambda: is_free(whole.gateway) and is_free(whole.sandbox))
    with whole.up() as again:
        line = again.stdout.readline()
        again.terminate()
    assert_gone(processes)

    assert line.startswith("ready ")


def test_a_killed_service_and_a_killed_postgres_come_back_and_are_found(whole):
    with whole.up() as up:
        up.stdout.readline()
        for name in ("booking", "postgres", "nats"):
            before = whole.home.running().pid(name)
            os.kill(before, signal.SIGKILL)
            until(lambda name=name, before=before: whole.home.running().pid(name) != before)
        up.terminate()
        _, errors = up.communicate(timeout=PATIENCE)

    assert [line.split(" was ")[0] for line in errors.splitlines()] == [
        "vinculo: booking",
        "vinculo: postgres",
        "vinculo: nats",
    ]


def refusal_of(up):
    told, errors = up.communicate(timeout=PATIENCE)
    assert up.returncode == 1
    assert told == ""
    assert len(errors.splitlines()) == 1
    return errors


def test_a_second_up_on_the_same_home_is_refused_in_one_line(whole):
    with whole.up() as up:
        up.stdout.readline()
        with whole.up() as second:
            refused = refusal_of(second)
        third = Whole(whole.home.path.parent / "another")
        with third.up() as beside:
            assert beside.stdout.readline().startswith("ready ")
            beside.terminate()
        up.terminate()

    assert refused == f"vinculo: {whole.home.path} is in use by process {up.pid}\n"


def test_a_busy_port_is_refused_in_one_line(whole):
    with whole.up() as up:
        up.stdout.readline()
        with whole.up(VINCULO_HOME=str(whole.home.path) + " 2") as second:
            refused = refusal_of(second)
        up.terminate()

    assert refused == (
        f"vinculo: port {whole.gateway} is busy: stop what uses it, or set GATEWAY_PORT to another port\n"
    )


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"GATEWAY_PORT": "http"}, "GATEWAY_PORT is no port: http"),
        ({"VINCULO_CLOCK_START": "yesterday"}, "VINCULO_CLOCK_START is no instant with an offset"),
        ({"VINCULO_CLOCK_START": "2026-01-01T10:00:00"}, "VINCULO_CLOCK_START is no instant with an offset"),
        ({"VINCULO_HOME": "/dev/null/home"}, "cannot use /dev/null/home as home: "),
        ({"VINCULO_NATS_BIN": "/nonexistent"}, "VINCULO_NATS_BIN is no program: /nonexistent"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(whole, environment, line):
    with whole.up(**environment) as up:
        assert refusal_of(up).startswith(f"vinculo: {line}")


def test_one_port_for_both_is_refused(whole):
    with whole.up(SANDBOX_PORT=str(whole.gateway)) as up:
        assert refusal_of(up) == f"vinculo: GATEWAY_PORT and SANDBOX_PORT are both {whole.gateway}\n"


def test_each_service_gets_its_own_secrets_and_no_others(tmp_path):
    home = Home(tmp_path)
    servers = infrastructure(
        home, {"VINCULO_POSTGRES_URL": "postgresql://db:5432/x", "VINCULO_NATS_URL": "nats://b"}
    )
    ports = Ports.drawn(gateway=8080, sandbox=8090)
    told = {process.name: process._environment for process in service_processes(home, servers, ports)}
    sandbox = sandbox_process(home, servers, ports)._environment

    assert list(told) == list(SERVICES)
    signing = [told[service][f"{service.upper()}_SIGNING_KEY"] for service in SERVICES]
    assert len(set(signing)) == len(SERVICES)
    for service in SERVICES:
        assert [
            key
            for other in SERVICES
            for key in told[other]
            if signing[SERVICES.index(service)] in told[other][key]
        ] == [f"{service.upper()}_SIGNING_KEY"]
        assert set(json.loads(told[service][f"{service.upper()}_TRUSTED_KEYS"])) == set(SERVICES)
    assert told["gateway"]["GATEWAY_LINK_KEY"] == told["notifications"]["NOTIFICATIONS_LINK_KEY"]
    assert sandbox["SANDBOX_WHATSAPP_APP_SECRET"] == told["gateway"]["GATEWAY_WHATSAPP_APP_SECRET"]
    assert sandbox["SANDBOX_SMS_AUTH_TOKEN"] == told["gateway"]["GATEWAY_SMS_AUTH_TOKEN"]
    owner = database_url(servers.admin_url, "booking", "owner", home.secrets.password("booking_owner"))
    assert owner.startswith("postgresql+asyncpg://booking_owner:")
    assert owner.endswith("@db:5432/booking")
    assert not any(home.secrets.password("booking_owner") in text for text in told["booking"].values())

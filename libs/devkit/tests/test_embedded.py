"""The embedded servers, with real ones: what they hold survives, and what they start ends with them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import asyncpg
import nats
import psutil
import pytest

from common.testing import PATIENCE
from devkit.embedded import EmbeddedNats, EmbeddedPostgres, infrastructure
from devkit.embedded.child import Identity, launched
from devkit.embedded.ports import RANGE, chosen, free, is_free
from devkit.errors import CannotStart
from devkit.home import Home


def make_postgres(folder, **changes):
    options = {
        "port": free(1)[0],
        "password": "it's a secret",
        "log": folder / "postgres.log",
        "durable": False,
    }
    return EmbeddedPostgres(folder / "postgres", **{**options, **changes})


def make_nats(folder, **changes):
    options = {"port": free(1)[0], "password": 'q"uote', "log": folder / "nats.log"}
    return EmbeddedNats(folder / "nats", **{**options, **changes})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a home with spaces"


@pytest.fixture
def postgres(folder):
    server = make_postgres(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stream_server(folder):
    server = make_nats(folder)
    server.start()
    yield server
    server.stop()


async def query(server, statement):
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user="postgres", password=server.password, database="postgres"
    )
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def until_gone(pids):
    deadline = time.monotonic() + PATIENCE
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_postgres_comes_back_after_a_kill_with_its_data(postgres):
    await query(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.kill()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await query(postgres, "SELECT 1")

    postgres.start()

    assert await query(postgres, "SELECT answer FROM kept") == 42


async def test_postgres_comes_back_when_only_its_first_process_was_killed_amid_a_query(postgres):
    await query(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    sleeper = asyncio.create_task(query(postgres, "SELECT pg_sleep(600)"))
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while await query(postgres, asleep) == 0:
        assert not sleeper.done()
    os.kill(postgres.pid, signal.SIGKILL)
    postgres.process.wait(PATIENCE)

    postgres.start()

    assert await query(postgres, "SELECT answer FROM kept") == 42
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
        await sleeper


def test_postgres_starts_over_a_pid_file_whose_number_now_belongs_to_another(postgres):
    pid_file = postgres.data / "postmaster.pid"
    postgres.kill()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))

        postgres.start()

        assert asyncio.run(query(postgres, "SELECT 1")) == 1
    finally:
        stranger.kill()
        stranger.wait()


async def test_postgres_asks_for_the_password_and_takes_a_new_one(postgres, folder):
    wrong = make_postgres(folder, port=postgres.port, password="guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(wrong, "SELECT 1")

    postgres.stop()
    changed = make_postgres(folder, password="changed")
    changed.start()
    try:
        assert await query(changed, "SELECT 1") == 1
    finally:
        changed.stop()


async def test_postgres_sorts_and_encodes_the_same_everywhere(postgres):
    assert await query(postgres, "SHOW server_encoding") == "UTF8"
    assert await query(postgres, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
    assert await query(postgres, "SELECT upper('жүрек ação')") == "ЖҮРЕК AÇÃO"


async def test_only_tests_may_do_without_durability(folder, postgres):
    assert await query(postgres, "SHOW fsync") == "off"
    durable = make_postgres(folder / "durable", durable=True)
    durable.start()
    try:
        assert (
            await query(durable, "SELECT current_setting('fsync') || current_setting('synchronous_commit')")
            == "onon"
        )
    finally:
        durable.stop()


async def test_two_cold_starts_at_once_share_one_template(folder, monkeypatch):
    cache = folder / "cache"
    cache.mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    servers = [make_postgres(folder / name) for name in ("one", "two")]

    await asyncio.gather(*(asyncio.to_thread(server.prepare) for server in servers))

    assert len([found for found in (cache / "vinculo").iterdir() if found.is_dir()]) == 1
    for server in servers:
        server.start()
        try:
            assert await query(server, "SELECT 1") == 1
        finally:
            server.stop()


def test_data_of_another_version_is_refused_in_one_line(folder):
    server = make_postgres(folder)
    server.prepare()
    (server.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(CannotStart, match="written by PostgreSQL 9, the program is"):
        server.start()


def test_a_folder_without_the_programs_is_refused_in_one_line(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("VINCULO_POSTGRES_BIN", str(tmp_path))

    with pytest.raises(CannotStart, match="VINCULO_POSTGRES_BIN has no program postgres"):
        make_postgres(folder).start()


async def test_jetstream_comes_back_after_a_kill_with_its_messages(stream_server):
    async def connected():
        return await nats.connect(
            f"nats://127.0.0.1:{stream_server.port}", user="vinculo", password=stream_server.password
        )

    client = await connected()
    await client.jetstream(timeout=PATIENCE).add_stream(name="KEPT", subjects=["kept.>"])
    for number in range(10):
        await client.jetstream(timeout=PATIENCE).publish("kept.number", str(number).encode())
    await client.close()
    stream_server.kill()
    stream_server.start()

    client = await connected()
    state = (await client.jetstream(timeout=PATIENCE).stream_info("KEPT")).state
    await client.close()

    assert state.messages == 10


def test_nats_refuses_strangers(stream_server):
    with socket.create_connection(("127.0.0.1", stream_server.port), timeout=PATIENCE) as stranger:
        stranger.sendall(b"CONNECT {}\r\nPING\r\n")
        said = b""
        while answer := stranger.recv(4096):
            said += answer

    assert b"-ERR 'Authorization Violation'" in said


def test_a_busy_port_is_one_line():
    [port] = free(1)  # of those that no outgoing connection takes once it is let go
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        with pytest.raises(CannotStart, match=f"^port {port} is busy: .* GATEWAY_PORT"):
            chosen("GATEWAY_PORT", str(port))
    assert chosen("GATEWAY_PORT", str(port)) == port


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(CannotStart, match="is no port"):
        chosen("SANDBOX_PORT", text)


def test_free_ports_are_different_and_free():
    ports = free(20)

    assert len(set(ports)) == 20
    assert all(port in RANGE and is_free(port) for port in ports)


def test_what_has_an_owner_is_not_given_again_though_nobody_listens_there_yet(monkeypatch):
    monkeypatch.setattr("devkit.embedded.ports.RANGE", range(21000, 21040))
    monkeypatch.setattr("devkit.embedded.ports._given", set())
    monkeypatch.setattr("devkit.embedded.ports.is_free", lambda _: True)
    gateway = chosen("GATEWAY_PORT", "21007")

    inner = [*free(19), *free(20)]

    assert sorted([gateway, *inner]) == list(range(21000, 21040))
    with pytest.raises(CannotStart, match="no 1 free ports"):
        free(1)


def test_a_server_that_cannot_listen_says_so_in_one_line(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = make_postgres(folder, port=taken.getsockname()[1])

        with pytest.raises(CannotStart, match="postgres ended with code 1") as refusal:
            server.start()
    assert "\n" not in str(refusal.value)
    assert not server.alive


def test_servers_by_url_are_not_started(tmp_path):
    home = Home(tmp_path)

    given = infrastructure(
        home, {"VINCULO_POSTGRES_URL": "postgresql://db/", "VINCULO_NATS_URL": "nats://bus"}
    )
    mixed = infrastructure(home, {"VINCULO_NATS_URL": "nats://bus"})

    assert (given.admin_url, given.nats_url, given.programs) == ("postgresql://db/", "nats://bus", ())
    assert [program.name for program in mixed.programs] == ["postgres"]
    assert (given.owns_postgres, mixed.owns_postgres) == (False, True)


OWNER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from devkit.embedded import EmbeddedNats, EmbeddedPostgres
    from devkit.embedded.ports import free

    folder = Path(sys.argv[1])
    one, two = free(2)
    postgres = EmbeddedPostgres(folder / "postgres", port=one, password="x", log=folder / "log", durable=False)
    nats = EmbeddedNats(folder / "nats", port=two, password="x", log=folder / "log")
    postgres.start()
    nats.start()
    print("up", flush=True)
    time.sleep(120)
""")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux's")
def test_nothing_is_left_when_the_parent_is_killed(folder):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"
        children = psutil.Process(owner.pid).children(recursive=True)
        names = {child.name() for child in children}

        owner.kill()
    until_gone([child.pid for child in children])
    again = make_postgres(folder, password="x")
    again.start()
    again.stop()

    assert {"postgres", "nats-server"} <= names


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")


@needs_root
async def test_as_root_postgres_runs_as_nobody_even_in_a_folder_closed_to_it(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = make_postgres(closed)
    server.start()
    try:
        nobody = Identity.when_root()
        assert nobody is not None
        assert psutil.Process(server.pid).uids().real == nobody.uid
        assert await query(server, "SELECT 1") == 1
        assert closed.stat().st_uid == 0
    finally:
        server.stop()


@needs_root
def test_an_ordinary_user_starts_it_too(tmp_path):
    """By becoming nobody, with no more than the right to read this checkout, which may lie under /root."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    code = OWNER.replace("time.sleep(120)", "postgres.stop()\nnats.stop()")

    done = subprocess.run(
        launched(
            [sys.executable, "-c", code, str(theirs / "x y")],
            identity=Identity(65534, 65534),
            touches=[Path(sys.executable), Path(sys.prefix) / "bin", Path(__file__), theirs / "x y"],
        ),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": "/nonexistent", "XDG_CACHE_HOME": str(theirs)},
        cwd="/",
    )

    assert (done.stdout, done.stderr) == ("up\n", "")
    assert (theirs / "x y" / "postgres" / "data" / "PG_VERSION").stat().st_uid == 65534

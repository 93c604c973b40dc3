"""Programs as direct children: they die with us, write to a log file, and are never a shell."""

import contextlib
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from devkit.errors import CannotStart

LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Identity:
    """The unprivileged user that a program runs as when we are root."""

    uid: int
    gid: int

    @classmethod
    def when_root(cls) -> Self | None:
        """Nobody, when we are root; None when we already are an ordinary user."""
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:
            return cls(65534, 65534)
        return cls(entry.pw_uid, entry.pw_gid)

    def reaches(self, path: Path) -> bool:
        """Whether every folder on the way to this path lets the user pass."""
        for folder in path.resolve().parents:
            found = folder.stat()
            bit = stat.S_IXUSR if found.st_uid == self.uid else stat.S_IXOTH
            if not found.st_mode & bit:
                return False
        return True

    def own(self, path: Path) -> None:
        """Give this folder and everything in it to the user."""
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)  # noqa: PTH118


def launched(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    niceness: int = 0,
    identity: Identity | None = None,
    touches: Sequence[Path] = (),
) -> list[str]:
    """The command line that runs `command` as a child of this process.

    `touches` are the paths it must reach under its identity. The kernel sends the death signal when the *thread*
    that started the child ends, so children are started by a thread that lives as long as the program.
    """
    line = [sys.executable, "-I", "-S", str(LAUNCHER), "--parent", str(os.getpid())]
    line += ["--death-signal", str(int(death_signal))]
    if niceness:
        line += ["--niceness", str(niceness)]
    if identity is not None:
        line += ["--user", str(identity.uid), "--group", str(identity.gid)]
        if not all(identity.reaches(path) for path in touches):
            line.append("--reach")
    return [*line, "--", *map(str, command)]


def last_line(log: Path) -> str:
    """The last line that says something, for a one-line error."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:300] if lines else ""


class Process(Protocol):
    """What we need of a running process: a part of `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Block until it has ended."""

    def send_signal(self, number: int, /) -> None:
        """Signal it, unless it has ended."""


class Program(ABC):
    """A program that can be started, stopped, killed, and started again.

    `prepare` may take its time and may run in another thread; `launch` only forks.
    """

    name: str
    port: int
    log: Path
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    niceness = 0
    """How far it steps back where the processors are busy, as `nice` counts."""
    process: Process | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Its command line, of absolute paths."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers now; may take some milliseconds, never waits."""

    @abstractmethod
    def prepare(self) -> None:
        """Make everything that must be on disk before it starts; harmless when repeated."""

    def environment(self) -> Mapping[str, str]:
        """Its environment; ours unless it says otherwise."""
        return os.environ

    def identity(self) -> Identity | None:
        """Who it runs as, when not as us."""
        return None

    def touches(self) -> Sequence[Path]:
        """The paths it must reach under its identity."""
        return ()

    def launch(self) -> None:
        """Start it and return at once."""
        self.spawn(stdin=subprocess.DEVNULL)

    def spawn(self, *, stdin: int, stdout: int | None = None) -> "subprocess.Popen[bytes]":
        """Start its command as a child of ours; what is not piped elsewhere goes to its log."""
        line = launched(
            self.command(),
            death_signal=self.death_signal,
            niceness=self.niceness,
            identity=self.identity(),
            touches=self.touches(),
        )
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own keeps the terminal's Ctrl-C away: we decide the order in which things stop.
            process = subprocess.Popen(
                line,
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                env=dict(self.environment()),
                start_new_session=True,
            )
        self.process = process
        return process

    @property
    def pid(self) -> int:
        """Its process id; only while it has been launched."""
        if self.process is None:
            raise CannotStart(f"{self.name} is not running")
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def ended(self) -> str:
        """How it ended, in words."""
        code = self.process.poll() if self.process is not None else None
        if code is None:
            return "runs"
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def wait_ready(self, timeout: float = 30) -> None:
        """Block until it answers; refuse with the last line of its log when it ends or does not answer."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            if not self.alive:
                raise CannotStart(f"{self.name} {self.ended()}: {last_line(self.log)} (log: {self.log})")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} does not answer after {timeout:.0f} s (log: {self.log})")
            time.sleep(0.01)

    def start(self) -> None:
        """Prepare, launch and wait until it answers; does nothing when it already runs."""
        if self.alive:
            return
        self.prepare()
        self.launch()
        try:
            self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is anyone to hear it."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def close(self) -> None:  # noqa: B027 - most have nothing to do here
        """Let go of what was held to talk to it, once it has ended."""

    def stop(self, grace: float = 10) -> None:
        """Ask it to end in order; insist after the grace."""
        if self.process is None:
            return
        self.signal(self.stop_signal)
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
        self.close()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL), for tests of faults."""
        if self.process is None:
            return
        self.signal(signal.SIGKILL)
        self.process.wait(10)

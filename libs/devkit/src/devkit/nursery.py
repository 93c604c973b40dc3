"""One process that has imported what every service needs, and forks into each of them.

The imports are nearly all of a service's start: two seconds of a core for each of seven processes. Done once, they
leave a start and a restart of tenths of a second, and pages of memory that all share. For development and tests
only; production starts each service by itself (`python -m booking.app`), and so does this where there is no fork
with a death signal (any system but Linux), or with VINCULO_NURSERY=off.

It talks in lines of JSON: asked on standard input for a module to run, it answers on standard output with the
number of the process, and later with how that process ended.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devkit.embedded.child import Program
from devkit.embedded.launch import die_with, give_way
from devkit.errors import CannotStart

# What services import, and nothing of one service. One that is missing is left to whoever needs it.
PRELOADED = (
    "common.contracts",
    "common.contracts.booking",
    "common.contracts.consents",
    "common.contracts.directory",
    "common.contracts.gateway",
    "common.contracts.notifications",
    "common.contracts.patient_profile",
    "common.contracts.recall",
    "common.links",
    "common.sealed",
    "common.service",
    "httpx",
    "jinja2",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)
REPLY_SECONDS = 30.0


def available(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether services are forked on this machine."""
    return sys.platform.startswith("linux") and environment.get("VINCULO_NURSERY") != "off"


class Nursery(Program):
    """The supervisor's side: a program among others, through which others are launched."""

    name = "nursery"
    port = 0

    def __init__(self, log: Path) -> None:
        self.log = log
        self._popen: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._ready = False
        self._ended: dict[int, int] = {}
        self._born: list[int] = []

    def command(self) -> Sequence[str | Path]:
        """The last word is there for its length: children write their own command line over this one."""
        return [sys.executable, "-m", "devkit.nursery", "six-services-and-the-sandbox"]

    def prepare(self) -> None:
        """Nothing of it is on disk."""

    def launch(self) -> None:
        """Start it with pipes to us; its children's ends are known by the end of the last one too."""
        self.close()
        self._unread, self._ready = b"", False
        self._ended.clear()
        self._popen = self.spawn(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._popen.stdout is not None
        os.set_blocking(self._popen.stdout.fileno(), False)

    def close(self) -> None:
        """Let go of the pipes."""
        for pipe in (self._popen.stdin, self._popen.stdout) if self._popen else ():
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def ready(self) -> bool:
        """When its imports are done."""
        self._read()
        return self._ready

    def _read(self) -> None:
        if self._popen is None or self._popen.stdout is None or self._popen.stdout.closed:
            return
        with contextlib.suppress(BlockingIOError):
            while some := os.read(self._popen.stdout.fileno(), 65536):
                self._unread += some
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "ended" in said:
                self._ended[said["ended"]] = said["status"]
            elif "born" in said:
                # The system gives numbers again: how an earlier child of this one ended says nothing of the new.
                self._ended.pop(said["born"], None)
                self._born.append(said["born"])
            else:
                self._ready = True

    def bear(self, module: str, *, environment: Mapping[str, str], log: Path, niceness: int = 0) -> "Forked":
        """Fork into this module; from the supervisor's own thread only."""
        mother = self._popen
        if (
            mother is None
            or mother.stdin is None
            or mother.stdout is None
            or not self.alive
            or not self.ready()
        ):
            raise CannotStart("the nursery is not running")
        request = {
            "module": module,
            "environment": dict(environment),
            "log": str(log),
            "niceness": niceness,
        }
        try:
            mother.stdin.write(json.dumps(request).encode() + b"\n")
            mother.stdin.flush()
        except OSError as error:
            raise CannotStart("the nursery is not running") from error
        deadline = time.monotonic() + REPLY_SECONDS
        while not self._born:
            select.select([mother.stdout], [], [], 0.1)
            self._read()
            if mother.poll() is not None or time.monotonic() > deadline:
                raise CannotStart("the nursery does not answer")
        return Forked(self, self._born.pop(), mother)

    def status_of(self, pid: int) -> int | None:
        """How a child ended; None while it runs."""
        self._read()
        return self._ended.get(pid)


class Forked:
    """A process born in the nursery, as far as a `Program` needs one."""

    def __init__(self, nursery: Nursery, pid: int, mother: "subprocess.Popen[bytes]") -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery
        self._mother = mother

    def poll(self) -> int | None:
        """As of `Popen`. It cannot outlive its mother."""
        if self.returncode is None:
            if self._mother.poll() is not None:
                self.returncode = -int(signal.SIGKILL)
            else:
                self.returncode = self._nursery.status_of(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """As of `Popen`."""
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        """As of `Popen`."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _rename(command: Sequence[str]) -> None:
    """Let `ps` and `pgrep -f` show what runs here, by writing over the command line that we were started with."""
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - pathlib adds nothing here
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    line = b"\0".join(part.encode() for part in command)[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, line, len(line))


def _become(request: Mapping[str, Any], mother: int) -> None:
    """In the child: everything that a fresh process would have of its own, then the module."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with(mother, signal.SIGKILL)
    if request["niceness"]:
        give_way(request["niceness"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(request["environment"])
    with contextlib.suppress(OSError, ValueError, IndexError):
        _rename([sys.executable, "-m", request["module"]])
    sys.argv = [request["module"]]
    gc.enable()
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


def _bury() -> None:
    """Tell of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            _say(ended=found[0], status=os.waitstatus_to_exitcode(found[1]))


def main() -> None:
    """Import, say so, and fork whenever asked, until the supervisor closes the pipe."""
    gc.disable()
    for module in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    # What is here now lives as long as we do; the collector's marks would copy its pages in every child.
    gc.freeze()
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    mother = os.getpid()
    unread = b""
    _say(ready=True)
    while True:
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable:
            os.read(wake, 4096)
            _bury()
        if 0 not in readable:
            continue
        if not (some := os.read(0, 65536)):
            return
        *lines, unread = (unread + some).split(b"\n")
        for line in lines:
            child = os.fork()
            if child == 0:
                _become(json.loads(line), mother)
                return
            _say(born=child)


if __name__ == "__main__":
    main()

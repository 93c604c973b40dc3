"""Starts programs, waits until they answer, starts crashed ones again, and stops all in order."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from devkit.embedded.child import Program, last_line
from devkit.errors import CannotStart

Answer = TypeVar("Answer")

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
CALM = 60.0
"""Seconds after which a process that runs is no longer thought of as crashing again and again."""


def say(text: str) -> None:
    """Tell whoever watches the terminal; the log files have the rest."""
    print(f"vinculo: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Lives in the main thread: its children die with the thread that started them.

    Groups are stopped in the reverse of the order in which they were launched.
    """

    def __init__(
        self,
        *,
        changed: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = say,
        patience: float = 120,
        grace: float = 10,
    ) -> None:
        self._changed = changed
        self._say = say
        self._patience = patience
        self._grace = grace
        self._groups: list[list[Program]] = []
        self._watches: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="supervisor")

    @property
    def programs(self) -> list[Program]:
        """Everything that was launched, in order."""
        return [program for group in self._groups for program in group]

    @property
    def pid(self) -> int:
        """Our own process: ending it in whatever way ends everything."""
        return os.getpid()

    def described(self) -> dict[str, dict[str, int]]:
        """By name: process id, and the port it listens on, where it does."""
        return {
            program.name: {"pid": program.pid} | ({"port": program.port} if program.port else {})
            for program in self.programs
        }

    async def _aside(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def start(self, *groups: Sequence[Program]) -> None:
        """Launch all groups at once and return when everyone answers; refuses when one ends instead.

        From then on whoever ends is started again.
        """
        programs = [program for group in groups for program in group]
        await asyncio.gather(*(self._aside(program.prepare) for program in programs))
        if self._stopping:
            return
        for group in groups:
            self._groups.append([])
            for program in group:
                program.launch()
                self._groups[-1].append(program)
        self._changed()
        await asyncio.gather(*(self._until_ready(program) for program in programs))

    async def _until_ready(self, program: Program) -> None:
        deadline = time.monotonic() + self._patience
        pause = 0.02
        while not await self._aside(program.ready):
            if not program.alive:
                raise CannotStart(
                    f"{program.name} {program.ended()}: {last_line(program.log)} (log: {program.log})"
                )
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"{program.name} is not ready after {self._patience:g} s (log: {program.log})"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        watch = asyncio.create_task(self._keep(program))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _keep(self, program: Program) -> None:
        """Start it again whenever it ends, at once after a single crash, ever later when it keeps crashing."""
        delay = FIRST_DELAY
        launched = time.monotonic()
        while not self._stopping:
            if program.alive:
                await asyncio.sleep(0.1)
                continue
            if time.monotonic() - launched > CALM:
                delay = FIRST_DELAY
            self._say(
                f"{program.name} {program.ended()}; starting it again in {delay:g} s (log: {program.log})"
            )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            launched = time.monotonic()
            try:
                await self._aside(program.prepare)
                if self._stopping:
                    return
                program.launch()
            except (CannotStart, OSError) as error:
                self._say(f"{program.name} cannot be started again: {error}")
            else:
                self._changed()

    async def stop(self) -> None:
        """End every group in order and return when no process is left."""
        self._stopping = True
        for watch in list(self._watches):
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for group in reversed(self._groups):
            await asyncio.gather(*(self._end(program) for program in group))
            for program in group:
                program.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _end(self, program: Program) -> None:
        program.signal(program.stop_signal)
        if await self._gone(program, self._grace):
            return
        self._say(f"{program.name} does not stop after {self._grace:g} s; killing it")
        # A group's strongest member first: PostgreSQL takes its backends along on its own death signal.
        program.signal(program.death_signal)
        if not await self._gone(program, 2):
            program.signal(signal.SIGKILL)
            await self._gone(program, 10)

    async def _gone(self, program: Program, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while program.alive:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True

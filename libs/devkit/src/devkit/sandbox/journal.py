"""Append-only files of JSON lines. A line is on the disk before anyone is told that it happened."""

import asyncio
import os
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import orjson

from common.waiting import rung

NOTES_LINGER = 0.02
"""Seconds."""


class Journal:
    """Lines are written and synced in groups, so that waiting for the disk costs many callers one wait."""

    def __init__(self, path: Path, *, numbered: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._numbered = numbered
        self._starts = array("Q")
        self._size = 0
        self._waiting: list[tuple[Mapping[str, Any], asyncio.Future[int] | None]] = []
        self._wake = asyncio.Event()
        self._wake_by_caller = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    def __len__(self) -> int:
        return len(self._starts)

    def load(self) -> Iterator[dict[str, Any]]:
        """Every line in order. A line torn by a crash was acknowledged to nobody, and is cut off."""
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._starts.append(self._size)
                self._size += len(line)
                yield orjson.loads(line)
        os.ftruncate(self._file, self._size)

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write_groups(), name="journal")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._wake.set()
        self._wake_by_caller.set()
        if self._writer:
            await self._writer
        os.close(self._file)

    async def append(self, record: Mapping[str, Any]) -> int:
        """The line's number (1, 2, 3…), once it is on the disk."""
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, written))
        self._wake.set()
        self._wake_by_caller.set()
        return await written

    def note(self, record: Mapping[str, Any]) -> None:
        """Write it soon; nobody waits for it."""
        self._waiting.append((record, None))
        self._wake.set()

    def read(self, after: int, limit: int) -> list[dict[str, Any]]:
        count = min(limit, len(self._starts) - after)
        if count <= 0:
            return []
        start = self._starts[after]
        end = self._starts[after + count] if after + count < len(self._starts) else self._size
        return [orjson.loads(line) for line in os.pread(self._file, end - start, start).splitlines()]

    async def _write_groups(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            if not self._closing and all(written is None for _, written in self._waiting):
                # Nobody waits for these: more of them will share the write.
                await rung(self._wake_by_caller, within=NOTES_LINGER)
            self._wake_by_caller.clear()
            lines, waiting = self._take()
            try:
                await asyncio.to_thread(self._write, lines)
            except OSError as error:
                os.ftruncate(self._file, self._size)
                for written in waiting:
                    if written is not None and not written.done():
                        written.set_exception(error)
            else:
                self._tell(lines, waiting)

    def _take(self) -> tuple[list[bytes], list[asyncio.Future[int] | None]]:
        group, self._waiting = self._waiting, []
        first = len(self._starts) + 1
        lines = [
            orjson.dumps({"seq": first + index, **record} if self._numbered else record) + b"\n"
            for index, (record, _) in enumerate(group)
        ]
        return lines, [written for _, written in group]

    def _write(self, lines: list[bytes]) -> None:
        data = memoryview(b"".join(lines))
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)

    def _tell(self, lines: list[bytes], waiting: list[asyncio.Future[int] | None]) -> None:
        for line, written in zip(lines, waiting, strict=True):
            self._starts.append(self._size)
            self._size += len(line)
            if written is not None and not written.done():
                written.set_result(len(self._starts))

"""The thinnest client there can be, so that the machine's time goes to the server: one connection, one request at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Client:
    """A kept connection, with a session's token where there is one."""

    def __init__(self, url: str, token: str = "") -> None:
        self._address = urlsplit(url)
        self._session = f"Authorization: Bearer {token}\r\n" if token else ""
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body."""
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {self._address.netloc}\r\nContent-Type: application/json\r\n"
            f"{self._session}Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)


async def at_once(
    clients: int, url: str, work: Iterable[bytes], do: Callable[[Client, bytes], Awaitable[None]]
) -> None:
    """Do all the work, this many at a time, each over a connection of its own."""
    left: Iterator[bytes] = iter(work)

    async def one() -> None:
        async with Client(url) as client:
            for piece in left:
                await do(client, piece)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(one())

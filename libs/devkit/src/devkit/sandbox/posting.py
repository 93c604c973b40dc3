"""POST over HTTP/1.1 on kept connections: nothing but what webhooks need.

httpx costs 2–3 ms of CPU a POST with 32 in flight (its pool looks at every connection each time); SMS takes two
POSTs a message.
"""

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Origin = tuple[str, str, int]

BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


class Unreachable(Exception):  # noqa: N818 - an outage of the other side, which is tried again
    pass


class Poster:
    def __init__(self, *, patience: float = 15) -> None:
        self._patience = patience
        self._idle: dict[Origin, list[Connection]] = {}

    async def post(self, url: str, headers: Mapping[str, str], content: bytes) -> int:
        """The status of the answer; raises Unreachable when there is none."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Unreachable("not an address")
        origin = (parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join([*lines, "", ""]).encode() + content
        try:
            async with asyncio.timeout(self._patience):
                return await self._exchange(origin, request)
        except TimeoutError as error:
            raise Unreachable("no answer in time") from error
        except BROKEN as error:
            raise Unreachable(type(error).__name__) from error

    async def close(self) -> None:
        for _, writer in [connection for idle in self._idle.values() for connection in idle]:
            writer.close()
        self._idle.clear()

    async def _exchange(self, origin: Origin, request: bytes) -> int:
        idle = self._idle.setdefault(origin, [])
        while idle:
            connection = idle.pop()
            try:
                return await self._on(connection, origin, request)
            except BROKEN:
                # The other side closed it while it was idle. Providers, too, may tell the same thing twice.
                continue
        return await self._on(await _open(origin), origin, request)

    async def _on(self, connection: Connection, origin: Origin, request: bytes) -> int:
        reader, writer = connection
        kept = False
        try:
            writer.write(request)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            fields = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            length = fields.get("content-length")
            if length is not None and fields.get("connection", "").lower() != "close":
                await reader.readexactly(int(length))
                kept = True
                self._idle[origin].append(connection)
            return status
        finally:
            if not kept:
                writer.close()


async def _open(origin: Origin) -> Connection:
    scheme, host, port = origin
    return await asyncio.open_connection(
        host, port, ssl=ssl.create_default_context() if scheme == "https" else None
    )

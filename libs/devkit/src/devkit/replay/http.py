"""HTTP/1.1 over kept connections, as little of it as many thousand requests to one server on this machine need.

The load must not take the processors from what it measures: a request costs a tenth of what a general client takes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import httptools
import orjson

CHUNK = 65536


class Lost(Exception):  # noqa: N818
    """The connection broke, or no answer came in time."""


@dataclass(frozen=True)
class Answer:
    """A response, read whole."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body; an empty one is an empty object."""
        return orjson.loads(self.body) if self.body else {}


class Sends(Protocol):
    """Whoever can send a request."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        within: float = 60,
    ) -> Answer:
        """The answer, or `Lost`."""


class _Response:
    """What httptools' parser calls."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.body = b""
        self.done = False
        self.keep = False

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = True
        self.keep = self.parser.should_keep_alive()  # afterwards the parser has begun the next message


class Client:
    """Keeps as many connections as were needed at the same time."""

    def __init__(self, base_url: str) -> None:
        server = urlsplit(base_url)
        self._host, self._port = server.hostname or "", server.port or 80
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        within: float = 60,
    ) -> Answer:
        """The answer, or `Lost`."""
        body = b"" if json is None else orjson.dumps(json)
        lines = [
            f"{method} {path}{'?' + urlencode(query) if query else ''} HTTP/1.1",
            f"host: {self._host}:{self._port}",
            f"content-length: {len(body)}",
            "content-type: application/json",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            async with asyncio.timeout(within):
                return await self._exchange(request)
        except (OSError, TimeoutError, EOFError, httptools.HttpParserError) as error:
            raise Lost(type(error).__name__) from error

    async def _exchange(self, request: bytes) -> Answer:
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        )
        response = _Response()
        try:
            writer.write(request)
            while not response.done:
                data = await reader.read(CHUNK)
                if not data:
                    raise EOFError
                response.parser.feed_data(data)
        except BaseException:
            writer.close()
            raise
        if response.keep:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return Answer(response.parser.get_status_code(), response.body)

    async def close(self) -> None:
        """Let go of every connection."""
        while self._idle:
            _, writer = self._idle.pop()
            writer.close()


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[Client]:
    """Open for the length of the block."""
    opened = Client(base_url)
    try:
        yield opened
    finally:
        await opened.close()

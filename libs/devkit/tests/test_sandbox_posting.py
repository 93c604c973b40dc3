"""Posting webhooks on kept connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from common.testing import PATIENCE
from devkit.sandbox.posting import Poster, Unreachable

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def answering(
    *answers: bytes, close: bool = False
) -> AsyncIterator[tuple[str, list[bytes], list[int]]]:
    """A server that gives these answers in turn; what it was asked, and on which connection."""
    asked: list[bytes] = []
    connections: list[int] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(set(connections)) + 1
        try:
            while left:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                asked.append(head + await reader.readexactly(length))
                connections.append(number)
                writer.write(left.pop(0))
                await writer.drain()
                if close:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked, connections
    finally:
        server.close()


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    poster = Poster(patience=PATIENCE)
    yield poster
    await poster.close()


async def test_a_connection_is_kept_for_the_next_post(poster: Poster):
    async with answering(OK, OK) as (url, asked, connections):
        assert await poster.post(f"{url}/a?ref=1", {"X-Signed": "s"}, b"one") == 200
        assert await poster.post(f"{url}/b", {}, b"two") == 200

    assert connections == [1, 1]
    assert asked[0].startswith(b"POST /a?ref=1 HTTP/1.1\r\n")
    assert asked[0].endswith(b"X-Signed: s\r\n\r\none")


async def test_a_connection_that_the_other_side_closed_is_replaced(poster: Poster):
    async with answering(OK, OK, close=True) as (url, _, connections):
        assert await poster.post(url, {}, b"one") == 200
        assert await poster.post(url, {}, b"two") == 200

    assert connections == [1, 2]


async def test_an_answer_of_unknown_length_ends_its_connection(poster: Poster):
    chunked = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    async with answering(chunked, OK) as (url, _, connections):
        assert await poster.post(url, {}, b"one") == 503
        assert await poster.post(url, {}, b"two") == 200

    assert connections == [1, 2]


async def test_silence_nonsense_and_nobody_are_unreachable(poster: Poster):
    for answer in (b"", b"SMTP at your service\r\n\r\n"):
        async with answering(answer) as (url, _, _):
            with pytest.raises(Unreachable):
                await poster.post(url, {}, b"one")
    for nobody in (url, "carrier-pigeon://roof", "http://"):
        with pytest.raises(Unreachable):
            await poster.post(nobody, {}, b"one")

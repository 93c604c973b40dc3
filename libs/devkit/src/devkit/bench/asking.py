"""A question and its answer through `common.rpc`, beside plain nats-py carrying the same bytes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

import nats
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.msg import Msg

from common.bus import Bus
from common.caller import Caller, Signer, Verifier
from common.contracts.messages import Message, Query
from common.encoding import to_text
from common.rpc import Answers, Asks, Server
from devkit.asking import GATEWAY, acting
from devkit.bench.results import Result
from devkit.bench.stage import NETWORK, Stage

ALONE, TOGETHER, AT_ONCE = 500, 3000, 32
ROUNDS = 3


class Said(Message):
    """What comes back."""

    text: str


class Say(Query[Said]):
    """What is asked: about as long as an ordinary question."""

    subject: ClassVar[str] = "bench.query.say.v1"
    text: str = "x" * 200


async def measure(stage: Stage) -> list[Result]:
    """Round trips one after the other, and many at once; asked and answered in this process."""
    url = stage.running.nats_url
    rounds = [(await _ours(url), await _plain(url)) for _ in range(ROUNDS)]
    # The best of each: whatever else this machine does only ever makes a round slower.
    ours_alone, plain_alone = (min(one[side][0] for one in rounds) for side in (0, 1))
    ours, plain = (max(one[side][1] for one in rounds) for side in (0, 1))
    return [
        Result(
            "request and reply, one by one", ours_alone * 1e6, "µs", plain_alone * 1e6, "plain nats-py",
        ),
        Result(
            f"request and reply, {AT_ONCE} at once", ours, "per second", plain, "plain nats-py",
        ),
    ]  # fmt: skip


async def _timed(ask: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    for _ in range(200):
        await ask()
    started = time.perf_counter()
    for _ in range(ALONE):
        await ask()
    alone = (time.perf_counter() - started) / ALONE
    left = iter(range(TOGETHER))

    async def one() -> None:
        for _ in left:
            await ask()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return alone, TOGETHER / (time.perf_counter() - started)


async def _ours(url: str) -> tuple[float, float]:
    key = Ed25519PrivateKey.generate()
    verifier = Verifier({GATEWAY: to_text(key.public_key().public_bytes_raw())})
    answers = Answers[None]()

    @answers.to(Say)
    async def say(question: Say, _caller: Caller, _parts: None) -> Said:
        return Said(text=question.text)

    asking, answering = Bus(url, "bench-asks"), Bus(url, "bench-answers")
    await asyncio.gather(asking.connect(), answering.connect())
    server = Server(answering, verifier, answers, None)
    await server.start()
    await asyncio.sleep(0.2)
    asks, caller = Asks(asking, Signer(GATEWAY, to_text(key.private_bytes_raw()))), acting(NETWORK)
    try:
        return await _timed(lambda: asks.ask(Say(), caller=caller))
    finally:
        await server.stop()
        await asking.close()
        await answering.close()


async def _plain(url: str) -> tuple[float, float]:
    asking, answering = await asyncio.gather(nats.connect(url), nats.connect(url))
    body = Say().model_dump_json().encode()

    async def say(message: Msg) -> None:
        await message.respond(message.data)

    await answering.subscribe("bench.plain", cb=say)
    # A flush's ping may overtake the subscription in nats-py.
    await asyncio.sleep(0.2)
    try:
        return await _timed(lambda: asking.request("bench.plain", body, timeout=5))
    finally:
        await asking.close()
        await answering.close()

"""The one place that asks and answers: request/reply on plain nats-py, thin on purpose.

Measured beside FastStream's RPC it is six times faster for the 360 view. A subscription's callback is awaited one
message at a time by nats-py, so each request becomes a bounded task of its own; a refusal travels in the headers
that NATS services use for errors; nobody listening becomes `Unavailable` at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import nats.errors
import orjson
import structlog
from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from common import telemetry
from common.bus import Bus
from common.caller import Caller, Signer, Verifier
from common.contracts.messages import Message, Request
from common.database import lost_connection
from common.errors import Refused, Unavailable, unavailability

Parts = TypeVar("Parts")
Answer = TypeVar("Answer", bound=Message)

CONTEXT = "Vinculo-Context"
DEADLINE = "Vinculo-Deadline"
ERROR_CODE = "Nats-Service-Error-Code"
ERROR = "Nats-Service-Error"
UNAVAILABLE = "unavailable"
DEFAULT_TIMEOUT = 3.0


@dataclass(frozen=True)
class Written(Generic[Answer]):
    """An answer that is its message's JSON already: of a list too long to make a value of each line."""

    body: bytes


class Asks:
    """Asks other services, as a signed caller. `patience` is for how many seconds, where a question does not say."""

    def __init__(self, bus: Bus, signer: Signer, *, patience: float = DEFAULT_TIMEOUT) -> None:
        self._bus = bus
        self._signer = signer
        self._patience = patience

    async def ask(
        self,
        request: Request[Answer],
        *,
        caller: Caller,
        timeout: float | None = None,  # noqa: ASYNC109 - the owner is told of it too
    ) -> Answer:
        """The owner's answer. Raises `Refused` with the owner's code, or `Unavailable`."""
        answer = await self.ask_bytes(request, caller=caller, timeout=timeout)
        return type(request).reply_type().model_validate_json(answer)

    async def ask_bytes(
        self,
        request: Request[Answer],
        *,
        caller: Caller,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> bytes:
        """The owner's answer as it came, for whoever only passes it on (a long list of slots)."""
        owner = request.owner()
        seconds = self._patience if timeout is None else timeout
        headers = {CONTEXT: self._signer.sign(caller), DEADLINE: str(time.time() + seconds)}
        with telemetry.span(request.subject, SpanKind.CLIENT):
            traceparent = telemetry.traceparent()
            if traceparent:
                headers["traceparent"] = traceparent
            try:
                async with asyncio.timeout(seconds):
                    client = await self._bus.client()
                    if not client.is_connected:
                        raise Unavailable(owner, "bus disconnected")
                    reply = await client.request(
                        request.subject, request.model_dump_json().encode(), timeout=seconds, headers=headers
                    )
            except nats.errors.NoRespondersError as error:
                raise Unavailable(owner, "nobody answers") from error
            except (TimeoutError, nats.errors.Error, OSError) as error:
                raise Unavailable(owner, "no answer in time") from error
        return _read(owner, reply)


def _read(owner: str, reply: Msg) -> bytes:
    code = (reply.headers or {}).get(ERROR_CODE)
    if code is None:
        return reply.data
    problem = orjson.loads(reply.data) if reply.data else {}
    if code == UNAVAILABLE:
        raise Unavailable(problem.get("who", owner), problem.get("why", "unavailable"))
    raise Refused(problem.get("detail", ""), code=code, **problem.get("extra", {}))


@dataclass(frozen=True)
class _Route(Generic[Parts]):
    request: type[Request[Any]]
    answer: Callable[[Any, Caller, Parts], Awaitable[Message | Written[Any]]]


class Answers(Generic[Parts]):
    """What a service answers: a table from message class to function.

    ```python
    answers = Answers[Parts]()

    @answers.to(FindFreeSlots)
    async def find_free_slots(query: FindFreeSlots, caller: Caller, parts: Parts) -> FreeSlots: ...
    ```
    """

    def __init__(self) -> None:
        self.routes: dict[str, _Route[Parts]] = {}

    def to(
        self, request: type[Request[Answer]]
    ) -> Callable[
        [Callable[[Any, Caller, Parts], Awaitable[Answer]]], Callable[[Any, Caller, Parts], Awaitable[Answer]]
    ]:
        """Register the function that answers this class of request."""

        def register(
            answer: Callable[[Any, Caller, Parts], Awaitable[Answer]],
        ) -> Callable[[Any, Caller, Parts], Awaitable[Answer]]:
            self._register(request, answer)
            return answer

        return register

    def in_writing_to(
        self, request: type[Request[Answer]]
    ) -> Callable[
        [Callable[[Any, Caller, Parts], Awaitable[Written[Answer]]]],
        Callable[[Any, Caller, Parts], Awaitable[Written[Answer]]],
    ]:
        """Register a function that writes its answer itself."""

        def register(
            answer: Callable[[Any, Caller, Parts], Awaitable[Written[Answer]]],
        ) -> Callable[[Any, Caller, Parts], Awaitable[Written[Answer]]]:
            self._register(request, answer)
            return answer

        return register

    def _register(self, request: type[Request[Any]], answer: Any) -> None:
        if request.subject in self.routes:
            raise ValueError(f"{request.subject} is answered twice")
        self.routes[request.subject] = _Route(request, answer)


class Server(Generic[Parts]):
    """Answers requests of one service: bounded concurrency, drained at the end."""

    def __init__(
        self, bus: Bus, verifier: Verifier, answers: Answers[Parts], parts: Parts, *, limit: int = 64
    ) -> None:
        self._bus = bus
        self._verifier = verifier
        self._answers = answers
        self._parts = parts
        self._limit = asyncio.Semaphore(limit)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions: list[Any] = []
        self.answered = 0

    @property
    def in_flight(self) -> int:
        """Requests being answered."""
        return len(self._tasks)

    async def start(self) -> None:
        """Subscribe to every subject, in the owner's queue group."""
        client = await self._bus.client()
        for subject, route in self._answers.routes.items():
            subscription = await client.subscribe(
                subject, queue=route.request.owner(), cb=self._receiver(route), pending_msgs_limit=65536
            )
            self._subscriptions.append(subscription)
        await self._bus.flush()

    async def stop(self) -> None:
        """Take nothing more, and finish what is in flight."""
        try:
            await self._unsubscribe()
        except (nats.errors.Error, TimeoutError):
            telemetry.log().warning("subscriptions already gone")
        for subscription in self._subscriptions:
            try:
                await subscription.drain()
            except (nats.errors.Error, TimeoutError):
                telemetry.log().warning("subscription already gone")
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _unsubscribe(self) -> None:
        """Before draining: a drain forgets its subscription at the pong that may come before the last requests."""
        if not self._subscriptions:
            return
        client = await self._bus.client()
        if client.is_connected:
            for subscription in self._subscriptions:
                await client._send_unsubscribe(subscription._id)  # noqa: SLF001 - public only together with forgetting
            await self._bus.flush()

    def _receiver(self, route: _Route[Parts]) -> Callable[[Msg], Awaitable[None]]:
        async def receive(message: Msg) -> None:
            await self._limit.acquire()
            task = asyncio.create_task(self._handle(route, message))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

        return receive

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._limit.release()
        self.answered += 1

    async def _handle(self, route: _Route[Parts], message: Msg) -> None:
        headers = message.headers or {}
        started = time.perf_counter()
        outcome = "ok"
        if float(headers.get(DEADLINE, "inf")) < time.time():
            return  # nobody waits for this answer any more
        with telemetry.following(headers), telemetry.span(route.request.subject, SpanKind.SERVER):
            try:
                caller = self._verifier.verify(headers.get(CONTEXT, ""))
                structlog.contextvars.bind_contextvars(network=caller.network_id)
                request = route.request.model_validate_json(message.data)
                answer = await route.answer(request, caller, self._parts)
                await message.respond(
                    answer.body if isinstance(answer, Written) else answer.model_dump_json().encode()
                )
            except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer
                outcome = await _respond_error(message, route.request.subject, error)
            finally:
                structlog.contextvars.unbind_contextvars("network")
                telemetry.REQUESTS.labels(subject=route.request.subject, outcome=outcome).observe(
                    time.perf_counter() - started
                )


async def _respond_error(message: Msg, subject: str, error: Exception) -> str:
    body: dict[str, Any]
    if isinstance(error, Refused):
        code, body = error.refusal, {"detail": error.detail, "extra": error.extra}
    elif (away := unavailability(error)) is not None:
        code, body = UNAVAILABLE, {"who": away.who, "why": away.why}
    elif isinstance(error, ValidationError):
        problems = [
            {"at": list(item["loc"]), "problem": item["msg"]} for item in error.errors(include_input=False)
        ]
        code, body = (
            "malformed",
            {"detail": "The request is not of its message's form", "extra": {"problems": problems}},
        )
    elif lost_connection(error):
        code, body = UNAVAILABLE, {"who": "database", "why": "connection lost"}
    else:
        telemetry.log().error("answer failed", subject=subject, error=telemetry.where(error))
        code, body = "internal-error", {"detail": "This is our mistake", "extra": {}}
    headers = {ERROR_CODE: code, ERROR: code}
    try:
        # `respond` cannot carry headers, which is where an error has to be
        await message._client.publish(message.reply, orjson.dumps(body, default=str), headers=headers)  # noqa: SLF001
    except nats.errors.Error:
        telemetry.log().warning("answer could not be sent", subject=subject)
    return code

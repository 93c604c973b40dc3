"""What a service reads: its durable readers, each with the function that applies what it reads."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from common import telemetry
from common.contracts.messages import Event

Parts = TypeVar("Parts")
Happened = TypeVar("Happened", bound=Event)


@dataclass(frozen=True)
class Heard(Generic[Happened]):
    """An event, and the trace that it came by."""

    event: Happened
    trace: str | None


@dataclass(frozen=True)
class Reader(Generic[Parts]):
    """One durable reader and the function that applies what it reads."""

    durable: str
    events: dict[str, type[Event]]
    apply: Callable[[Any, Parts], Awaitable[None]]
    apply_together: Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]] | None = None

    @property
    def owner(self) -> str:
        """The service whose stream it reads."""
        return next(iter(self.events.values())).owner()


class Readers(Generic[Parts]):
    """What a service reads.

    ```python
    readers = Readers[Parts]()

    @readers.of(AppointmentBooked, AppointmentCancelled, durable="notifications-chains")
    async def follow_appointment(event: AppointmentEvent, parts: Parts) -> None:
        reach = await parts.asks.ask(...)
        async with parts.database.applying(event, "notifications-chains") as tx:
            await operations.plan(tx, event, reach)
    ```
    """

    def __init__(self) -> None:
        self.readers: list[Reader[Parts]] = []

    def of(
        self, *events: type[Event], durable: str
    ) -> Callable[[Callable[[Any, Parts], Awaitable[None]]], Callable[[Any, Parts], Awaitable[None]]]:
        """Register the function that applies these events of one owner, under a literal durable name."""
        if len({event.owner() for event in events}) != 1:
            raise ValueError(f"{durable}: one durable reads one owner's stream")

        def register(
            apply: Callable[[Any, Parts], Awaitable[None]],
        ) -> Callable[[Any, Parts], Awaitable[None]]:
            self.readers.append(Reader(durable, {event.subject: event for event in events}, apply))
            return apply

        return register

    def together(
        self, *events: type[Event], durable: str
    ) -> Callable[
        [Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]]],
        Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]],
    ]:
        """Register the function that applies many of these events, all of one network, in one transaction.

        For readers that every booking sets to work. Where it raises, each event is applied by itself.
        """

        def register(
            apply: Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]],
        ) -> Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]]:
            async def apply_one(event: Event, parts: Parts) -> None:
                await apply([Heard(event, telemetry.traceparent())], parts)

            self.of(*events, durable=durable)(apply_one)
            self.readers[-1] = replace(self.readers[-1], apply_together=apply)
            return apply

        return register

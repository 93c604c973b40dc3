"""The invented carrier behind every provider: accepts, keeps, brings to the phone, and reports back."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol, Self

from devkit.sandbox.clock import DevelopmentClock
from devkit.sandbox.courier import Callback, Courier, Wire
from devkit.sandbox.faults import Fault, Faults, reports_of
from devkit.sandbox.journal import Journal
from devkit.sandbox.messages import WAITING, Message, Report, instant
from devkit.sandbox.metrics import Metrics
from devkit.sandbox.phones import Phones


class Provider(Wire, Protocol):
    """What a channel must know of its provider, beside the wire."""

    delivery: tuple[str, ...]
    """What is reported about a message that arrives, and what about one that does not."""
    failure: tuple[tuple[str, int | None], ...]
    tells_reading: bool

    def report_url(self, message: Message) -> str | None: ...
    def report(self, message: Message, report: Report, at: datetime) -> Any: ...
    def inbound_url(self, message: Message) -> str | None: ...
    def inbound_id(self, address: str) -> str: ...
    def inbound(self, message: Message, answered: Message | None) -> Any: ...
    def lane(self, message: Message) -> str: ...


class TellsNothing:
    """What a provider that says nothing of its customer's own messages has in common with others like it."""

    delivery: tuple[str, ...] = ()
    failure: tuple[tuple[str, int | None], ...] = ()
    tells_reading = False

    def report_url(self, message: Message) -> str | None:
        del message
        return None

    def report(self, message: Message, report: Report, at: datetime) -> Any:
        raise AssertionError(f"{message.channel} has no address for {report.status} at {at}")


@dataclass(frozen=True, slots=True)
class Files:
    ledger: Path
    journal: Path


class Carrier:
    def __init__(
        self,
        clock: DevelopmentClock,
        providers: dict[str, Provider],
        files: Files,
        *,
        read_at_once: bool = False,
    ) -> None:
        self.clock = clock
        self.providers = providers
        self.metrics = Metrics()
        self.phones = Phones()
        self.faults = Faults()
        self.ledger = Journal(files.ledger, numbered=True)
        self.journal = Journal(files.journal)
        self.courier = Courier(clock, providers, self.metrics)
        self.keypads: dict[str, Callable[[str, str], Awaitable[Message]]] = {}
        """Channels on which a reply is a key pressed during a call: what a phone presses, and the call it goes to."""
        self.on_restored: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.on_heard: dict[str, Callable[[Message], None]] = {}
        self._read_at_once = read_at_once
        self._late: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._at_work = 0
        self._stack = AsyncExitStack()
        self.activity = 0

    async def __aenter__(self) -> Self:
        self._restore()
        await self._stack.enter_async_context(self.ledger)
        await self._stack.enter_async_context(self.journal)
        await self._stack.enter_async_context(self.courier)
        late = asyncio.create_task(self._tell_when_due(), name="late reports")
        self._stack.push_async_callback(_stop, late)
        self._resume()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    @property
    def phone_channels(self) -> list[str]:
        """What a phone has; a mailbox only receives."""
        return [channel for channel in self.providers if channel != "email"]

    async def accept(self, message: Message) -> Message:
        """As usual for its channel, but for the faults that strike it."""
        faults = self.faults.report_faults(message.channel, message.address, message.account)
        for fault in faults:
            self.metrics.struck.labels(message.channel, fault.kind).inc()
        provider = self.providers[message.channel]
        delivery = [Report(status) for status in provider.delivery]
        failure = [Report(status, code=code) for status, code in provider.failure]
        if self._read_at_once and provider.tells_reading:
            delivery.append(Report("read"))
        return await self.accept_as(message, delivery, failure, faults)

    async def accept_as(
        self, message: Message, delivery: list[Report], failure: list[Report], faults: list[Fault]
    ) -> Message:
        """Returns when the message is in the ledger for good and on the phone."""
        lost = any(fault.kind == "undelivered" for fault in faults)
        # The provider's own state, whatever it reports: a look-up tells the truth even when no report ever comes.
        ending = failure if lost else delivery
        silent = "undelivered" if lost else "delivered"
        message.status = ending[-1].status if ending else silent
        message.reports = reports_of(delivery, failure, faults, self.clock.now(), message.expiry)
        if any(fault.kind == "phone_off" for fault in faults) and message.reports:
            message.status = WAITING
        with self.working():
            message.seq = await self.ledger.append(message.kept())
            self.phones.add(message)
            self.metrics.accepted.labels(message.channel).inc()
            for report in message.reports:
                self._tell(message, report)
        return message

    async def hear(self, message: Message) -> Awaitable[bool]:
        """The patient wrote or pressed something: it is on its way, and the answer tells whether it was taken."""
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if notice := self.on_heard.get(message.channel):
            notice(message)
        with self.working():
            await self.journal.append({"kind": "inbound", "message": message.kept()})
            self.phones.add(message)
            self._bring(message, taken)
        return taken

    def read(self, message: Message) -> bool:
        """The patient has seen it; whether that is news to be told: once, of what arrived, where the wire has it."""
        provider = self.providers.get(message.channel)
        received = not message.by_patient and message.status in {"sent", "delivered"}
        if provider is None or not provider.tells_reading or not received:
            return False
        self.tell_more(message, Report("read"))
        return True

    def status(self) -> dict[str, Any]:
        """What `dev.status` asks of every process."""
        now = self.clock.now()
        later = [due for due, *_ in self._late if due > now]
        return {
            "name": "sandbox",
            "next_due": instant(min(later)) if later else None,
            "due_now": len(self._late) - len(later),
            "in_flight": self._at_work,
            "unpublished": 0,
            "unread": 0,
            "callbacks": self.courier.outstanding,
            "activity": self.activity + self.courier.done,
            "blocked": self.courier.troubles(),
        }

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something is under way: nobody moves the clock meanwhile."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            self.activity += 1

    def _tell(self, message: Message, report: Report) -> None:
        provider = self.providers[message.channel]
        url = provider.report_url(message)
        if report.due is not None and report.due > self.clock.now():
            self.later(report.due, partial(self._tell, message, report))
        elif url is None:
            message.told(report)
        else:
            item = provider.report(message, report, self.clock.now())
            self.courier.send(
                Callback(
                    message.channel, provider.lane(message), url, item, lambda _: self._told(message, report)
                )
            )

    def later(self, due: datetime, act: Callable[[], None]) -> None:
        """Do this when the development clock stands there."""
        heapq.heappush(self._late, (due, next(self._order), act))
        self.clock.look_again()

    def tell_more(self, message: Message, report: Report) -> None:
        """Something new about a message that was accepted long ago."""
        message.status = report.status
        message.reports.append(report)
        self.journal.note({"kind": "planned", "id": message.id, "report": report.kept()})
        self.phones.touch()
        self._tell(message, report)

    def _told(self, message: Message, report: Report) -> None:
        message.told(report)
        self.phones.touch()
        index = next(index for index, each in enumerate(message.reports) if each is report)
        self.journal.note({"kind": "told", "id": message.id, "index": index})

    def _bring(self, message: Message, taken: asyncio.Future[bool] | None = None) -> None:
        provider = self.providers[message.channel]
        url = provider.inbound_url(message)

        def settled(was_taken: bool) -> None:
            message.status = "delivered" if was_taken else "refused"
            self.journal.note({"kind": "heard", "id": message.id, "taken": was_taken})
            self.phones.touch()
            if taken is not None and not taken.done():
                taken.set_result(was_taken)

        if url is None:
            settled(False)
        else:
            answered = self.phones.find(message.answers) if message.answers else None
            item = provider.inbound(message, answered)
            self.courier.send(Callback(message.channel, provider.lane(message), url, item, settled))

    async def _tell_when_due(self) -> None:
        while True:
            while self._late and self._late[0][0] <= self.clock.now():
                heapq.heappop(self._late)[2]()
            await self.clock.until(self._late[0][0] if self._late else None)

    def _restore(self) -> None:
        journal = list(self.journal.load())
        heard = (record["message"] for record in journal if record["kind"] == "inbound")
        for kept in heapq.merge(self.ledger.load(), heard, key=lambda each: str(each["recorded_at"])):
            self.phones.add(Message.restored(kept))
        for record in journal:
            match record["kind"]:
                case "planned" if message := self.phones.find(record["id"]):
                    message.reports.append(Report.restored(record["report"]))
                    message.status = record["report"]["status"]
                case "told" if message := self.phones.find(record["id"]):
                    message.told(message.reports[record["index"]])
                case "heard" if message := self.phones.find(record["id"]):
                    message.status = "delivered" if record["taken"] else "refused"
                case kind if restore := self.on_restored.get(kind):
                    restore(record)

    def _resume(self) -> None:
        """What was under way when the process died goes out now: late, and perhaps a second time."""
        for message in self.phones.everything():
            if message.by_patient and message.status == "accepted":
                self._bring(message)
            for report in message.reports:
                if not report.told:
                    self._tell(message, report)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

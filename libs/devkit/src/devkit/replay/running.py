"""The replay itself: hour by hour book what was booked then, and at the end of each day say who came."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from devkit.replay import people
from devkit.replay.agenda import CLOSES, Agenda, FreeSlot
from devkit.replay.desk import Desk, Failed, Taken
from devkit.replay.reading import ZONE, Reading, Row, until_after

Item = TypeVar("Item")

DAY_FULL = "no free slot left on its day"
AFTERWARDS = timedelta(days=1)
"""How long the clock goes on after the last day, so that what follows a visit goes out."""


@dataclass
class Outcome:
    """What became of the file."""

    booked: dict[str, UUID] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    booking_seconds: float = 0.0
    closing_seconds: float = 0.0
    clock_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """All three."""
        return self.booking_seconds + self.closing_seconds + self.clock_seconds


class Replay:
    """Books, lets time pass and closes visits, `at_once` requests at the same time."""

    def __init__(
        self, desk: Desk, reading: Reading, *, at_once: int, progress: Callable[[datetime, Outcome], None]
    ) -> None:
        self._desk = desk
        self._reading = reading
        self._at_once = at_once
        self._progress = progress
        self._agendas: dict[date, Agenda] = {}
        self._expected: dict[date, list[tuple[Row, UUID]]] = {}
        self.outcome = Outcome(skipped=Counter(reading.skipped))

    async def run(self) -> Outcome:
        """From the first appointment made to the day after the last visit."""
        closings = [(_closing(day), day) for day in self._reading.days]
        for hour, rows in self._reading.hours:
            while closings and closings[0][0] <= hour:
                await self._end_day(*closings.pop(0))
            await self._move(hour)
            started = time.monotonic()
            await self._open_agendas({row.day for row in rows})
            await self._all(rows, self._book)
            self.outcome.booking_seconds += time.monotonic() - started
            self._progress(hour, self.outcome)
        for closing, day in closings:
            await self._end_day(closing, day)
        if self._reading.days:
            await self._move(_closing(self._reading.days[-1]) + AFTERWARDS)
        return self.outcome

    async def _move(self, to: datetime) -> None:
        started = time.monotonic()
        await self._desk.move_clock(to)
        self.outcome.clock_seconds += time.monotonic() - started

    async def _end_day(self, closing: datetime, day: date) -> None:
        await self._move(closing)
        started = time.monotonic()
        await self._all(self._expected.pop(day, []), self._close)
        self._agendas.pop(day, None)
        self.outcome.closing_seconds += time.monotonic() - started
        self._progress(closing, self.outcome)

    async def _open_agendas(self, days: Iterable[date]) -> None:
        for day in sorted(days):
            if day not in self._agendas:
                self._agendas[day] = Agenda.of(await self._desk.slots(day))

    async def _book(self, row: Row) -> None:
        agenda = self._agendas[row.day]
        not_before = until_after(row.hour)
        while slot := agenda.take(row.patient, not_before=not_before):
            try:
                appointment_id = await self._desk.book(
                    slot,
                    name=people.name(row.patient, female=row.female),
                    phone=people.phone(row.patient),
                    key=f"replay-{row.appointment}-{slot.starts_at.isoformat()}-{slot.practitioner_id}",
                )
            except Taken as taken:
                self._learn(agenda, slot, taken.alternatives, row)
            except Failed as failed:
                agenda.give_back(slot)
                if failed.code == "patient-busy":
                    continue  # our picture keeps the patient busy at this time, and looks for another
                agenda.release(row.patient, slot.starts_at)
                self.outcome.skipped[f"refused: {failed.code}"] += 1
                return
            else:
                self.outcome.booked[row.appointment] = appointment_id
                self._expected.setdefault(row.day, []).append((row, appointment_id))
                return
        self.outcome.skipped[DAY_FULL] += 1

    @staticmethod
    def _learn(agenda: Agenda, slot: FreeSlot, alternatives: list[FreeSlot], row: Row) -> None:
        """Our picture was wrong about this slot; what is offered instead is free, if we did not know."""
        agenda.release(row.patient, slot.starts_at)
        for other in alternatives:
            local = other.starts_at.astimezone(ZONE)
            if local.date() == row.day and not agenda.knows(FreeSlot(local, other.practitioner_id)):
                agenda.give_back(FreeSlot(local, other.practitioner_id))

    async def _close(self, expected: tuple[Row, UUID]) -> None:
        row, appointment_id = expected
        await self._desk.close_visit(appointment_id, came=not row.stayed_away)
        self.outcome.closed += 1

    async def _all(self, items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
        """In order, but `at_once` of them at the same time."""
        waiting = iter(items)

        async def worker() -> None:
            for item in waiting:
                await work(item)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(worker())


def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSES, ZONE)

"""Our own picture of the free slots, so that each day is asked for once; and how many practitioners it takes."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from devkit.replay.reading import ZONE, Row, until_after

OPENS, CLOSES = time(7), time(21, 30)
"""Local; the latest row is made after eight in the evening for the same day."""

DURATION = timedelta(minutes=30)


@dataclass(frozen=True, order=True)
class FreeSlot:
    """A time with one practitioner."""

    starts_at: datetime
    practitioner_id: UUID


def starts(day: date) -> list[datetime]:
    """Every start of a day, as one practitioner's grid has them."""
    opens = datetime.combine(day, OPENS, ZONE)
    count = (datetime.combine(day, CLOSES) - datetime.combine(day, OPENS)) // DURATION
    return [opens + DURATION * number for number in range(count)]


@dataclass
class Agenda:
    """Free slots of one day by start, and when each patient is busy on it."""

    free: dict[datetime, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    _order: list[datetime] = field(default_factory=list)
    _busy: set[tuple[str, datetime]] = field(default_factory=set)
    _known: set[FreeSlot] = field(default_factory=set)

    @classmethod
    def of(cls, slots: Iterable[FreeSlot]) -> "Agenda":
        """From what the service offered."""
        agenda = cls()
        for slot in slots:
            agenda.give_back(slot)
        for practitioners in agenda.free.values():
            practitioners.sort(reverse=True)
        return agenda

    def take(self, patient: str, *, not_before: datetime) -> FreeSlot | None:
        """The first free slot at which this patient is free, too; None where the day is full."""
        for start in self._order:
            if start >= not_before and self.free[start] and (patient, start) not in self._busy:
                self._busy.add((patient, start))
                return FreeSlot(start, self.free[start].pop())
        return None

    def give_back(self, slot: FreeSlot) -> None:
        """It is free."""
        if slot.starts_at not in self.free:
            insort(self._order, slot.starts_at)
        self.free[slot.starts_at].append(slot.practitioner_id)
        self._known.add(slot)

    def knows(self, slot: FreeSlot) -> bool:
        """Whether it was ever in this picture."""
        return slot in self._known

    def release(self, patient: str, start: datetime) -> None:
        """The patient is not there at this time after all."""
        self._busy.discard((patient, start))


def _fits(rows: Sequence[Row], practitioners: int) -> bool:
    grid = [
        FreeSlot(start, UUID(int=number)) for start in starts(rows[0].day) for number in range(practitioners)
    ]
    agenda = Agenda.of(grid)
    return all(agenda.take(row.patient, not_before=until_after(row.hour)) for row in rows)


def practitioners_needed(rows: Iterable[Row]) -> int:
    """The fewest with whom every row finds a slot on its day that had not begun when it was made."""
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    needed = 1
    for of_day in by_day.values():
        needed = max(needed, -(-len(of_day) // len(starts(of_day[0].day))))
        while not _fits(of_day, needed):
            needed += 1
    return needed

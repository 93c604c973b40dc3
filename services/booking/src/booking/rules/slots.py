"""Which slots are free, and which of them to propose first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from booking.rules import availability
from booking.rules.availability import Span
from booking.rules.booking import latest_day, local_date
from booking.rules.catalogue import Catalogue
from common.contracts.booking import Slot
from common.contracts.directory import Branch, Practitioner, Service

MOST_SLOTS = 5000
"""As many as fit into one reply on the bus (1 MB); the earliest ones are given, and it is said that there are more."""

Visit = tuple[datetime, datetime]
"""From (included) until (excluded)."""


@dataclass(frozen=True)
class Taken:
    """What is taken already, buffers included, in seconds."""

    practitioners: Mapping[UUID, Sequence[Span]] = field(default_factory=dict)
    rooms: Mapping[UUID, Sequence[Span]] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """What is looked for: a service, on `days` days from `first` (today at each branch when not given)."""

    service: Service
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    first: date | None = None
    days: int = 7

    def dates(self, branch: Branch, now: datetime) -> tuple[date, int]:
        """The days to look at on the branch's calendar: none before today, none beyond the horizon."""
        today = local_date(now, branch)
        wanted = self.first or today
        last = min(wanted + timedelta(days=self.days - 1), latest_day(self.service, today))
        begin = max(wanted, today)
        return begin, max(0, (last - begin).days + 1)


def reach(search: Search, catalogue: Catalogue, *, now: datetime) -> Span | None:
    """The time from and until which the schedule has to be known, or None when no day is left."""
    spans = []
    for branch, _ in catalogue.offers(
        search.service, branch_id=search.branch_id, practitioner_id=search.practitioner_id
    ):
        first, count = search.dates(branch, now)
        if count:
            spans.append(
                (
                    availability.local_day(branch.zone, first)[0],
                    availability.local_day(branch.zone, first + timedelta(days=count))[1],
                )
            )
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None


@dataclass(frozen=True)
class Free:
    """What a search found: thousands of slots as numbers, until somebody needs them as values or as text."""

    length: int
    """Of each visit, in seconds."""
    places: Sequence[tuple[UUID, UUID]]
    """Practitioners at branches."""
    found: Sequence[tuple[int, int]]
    """A start, and which of the places; in order of time, then practitioner."""
    truncated: bool = False
    """Whether there are more, all of them later."""

    def slots(self) -> list[Slot]:
        """As values."""
        return [
            Slot(
                starts_at=availability.instant(at),
                ends_at=availability.instant(at + self.length),
                branch_id=self.places[place][1],
                practitioner_id=self.places[place][0],
            )
            for at, place in self.found
        ]

    def written(self) -> bytes:
        """As the JSON of `FreeSlots`, of which each start and each place is put into words once."""
        where = [
            f'"branch_id":"{branch_id}","practitioner_id":"{practitioner_id}"}}'
            for practitioner_id, branch_id in self.places
        ]
        when = {
            at: f'{{"starts_at":"{_utc(at)}","ends_at":"{_utc(at + self.length)}",'
            for at in {at for at, _ in self.found}
        }
        found = ",".join([when[at] + where[place] for at, place in self.found])
        return f'{{"slots":[{found}],"truncated":{"true" if self.truncated else "false"}}}'.encode()


@lru_cache(maxsize=65536)
def _utc(at: int) -> str:
    return availability.instant(at).isoformat()[:19] + "Z"


def find(search: Search, catalogue: Catalogue, taken: Taken, *, now: datetime) -> Free:
    """Free slots, the earliest `MOST_SLOTS` of them."""
    offers = sorted(
        catalogue.offers(search.service, branch_id=search.branch_id, practitioner_id=search.practitioner_id),
        key=lambda offer: (offer[1].practitioner_id, offer[0].branch_id),
    )
    # One number for start and place sorts many times faster than what it stands for.
    many = max(1, len(offers))
    found = sorted(
        at * many + place
        for place, (branch, practitioner) in enumerate(offers)
        for at in _starts(search, branch, practitioner, catalogue, taken, now=now)
    )
    return Free(
        length=search.service.duration * 60,
        places=[(practitioner.practitioner_id, branch.branch_id) for branch, practitioner in offers],
        found=[divmod(one, many) for one in found[:MOST_SLOTS]],
        truncated=len(found) > MOST_SLOTS,
    )


def _starts(
    search: Search,
    branch: Branch,
    practitioner: Practitioner,
    catalogue: Catalogue,
    taken: Taken,
    *,
    now: datetime,
) -> list[int]:
    service = search.service
    first, count = search.dates(branch, now)
    if not count:
        return []
    by_day = [
        catalogue.working_on(branch, practitioner, day) for day in availability.days_from(first, count + 1)
    ]
    lengths = {
        "duration": service.duration * 60,
        "before": service.buffer_before * 60,
        "after": service.buffer_after * 60,
    }
    blocked = availability.blocked_starts(
        taken.practitioners.get(practitioner.practitioner_id, ()), **lengths
    )
    if service.room_kind is not None:
        rooms = [
            availability.blocked_starts(taken.rooms.get(room.room_id, ()), **lengths)
            for room in catalogue.rooms_for(service, branch.branch_id)
        ]
        blocked = availability.merged([*blocked, *availability.blocked_everywhere(rooms)])
    earliest = now + timedelta(minutes=service.minimum_notice)
    return availability.starts(
        [span for day in by_day[:-1] for span in day],
        fits=availability.merged(span for day in by_day for span in day),
        blocked=blocked,
        duration=service.duration * 60,
        granularity=service.granularity * 60,
        earliest=availability.seconds(earliest) + (1 if earliest.microsecond else 0),
        latest=2**62,
    )


def ranked(
    slots: Iterable[Slot],
    *,
    practitioner_id: UUID,
    branch_id: UUID,
    instead_of: datetime,
    engaged: Sequence[Visit] = (),
) -> list[Slot]:
    """Proposals, best first: the same practitioner, then the same branch, then the soonest.

    The time that is being replaced is left out, and those at which the patient is `engaged`.
    """
    return sorted(
        (
            slot
            for slot in slots
            if (slot.starts_at != instead_of or slot.practitioner_id != practitioner_id)
            and not any(start < slot.ends_at and slot.starts_at < end for start, end in engaged)
        ),
        key=lambda slot: (
            slot.practitioner_id != practitioner_id,
            slot.branch_id != branch_id,
            slot.starts_at,
            slot.practitioner_id,
        ),
    )

"""Who waits for a freed slot, and what may become of an entry."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.rules import availability
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import IllegalTransition, WaitlistWindow
from common.contracts.booking import Slot, WaitlistOffer, WaitlistStatus
from common.contracts.booking import WaitlistEntry as EntryTold
from common.contracts.directory import Branch, Service

GRACE = timedelta(minutes=1)
"""A hold outlives its offer by this, so that the slot goes to the next in one step and is never free between."""


@dataclass(frozen=True)
class Freed:
    """Time of a practitioner that somebody has given back."""

    practitioner_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Entry:
    """One wish to be told of a freed slot."""

    network_id: str
    entry_id: UUID
    version: int
    status: WaitlistStatus
    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None
    practitioner_id: UUID | None
    from_date: date
    to_date: date
    from_time: time
    to_time: time | None
    joined_at: datetime
    over_at: datetime
    """When the last of its days has ended."""
    offer: WaitlistOffer | None = None
    appointment_id: UUID | None = None
    passed: tuple[str, ...] = ()
    """Slots that were offered before, so that none is offered twice."""

    @property
    def due_at(self) -> datetime | None:
        """When something has to happen to it by itself."""
        if self.status == "offered" and self.offer is not None:
            return self.offer.expires_at
        return self.over_at if self.status == "waiting" else None

    def told(self) -> EntryTold:
        """As others may know it."""
        names = EntryTold.model_fields
        return EntryTold(**{name: getattr(self, name) for name in names})


def check(entry: Entry, catalogue: Catalogue, *, now: datetime) -> None:
    """Refuse a wish that cannot come true."""
    service = catalogue.service(entry.service_id)
    if entry.branch_id is not None:
        catalogue.branch(entry.branch_id)
    if entry.practitioner_id is not None:
        catalogue.practitioner(entry.practitioner_id)
    catalogue.expect_offered([service], branch_id=entry.branch_id, practitioner_id=entry.practitioner_id)
    ends_early = entry.to_time is not None and entry.to_time <= entry.from_time
    if entry.to_date < entry.from_date or ends_early or entry.over_at <= now:
        first = min(
            local_date(now, branch)
            for branch in catalogue.branches.values()
            if entry.branch_id in {None, branch.branch_id}
        )
        raise WaitlistWindow(
            "These days or times are over, or end before they start", first_date=first.isoformat()
        )


def over_at(to_date: date, branches: Iterable[Branch]) -> datetime:
    """The end of a day at the last of the branches where it ends."""
    return availability.instant(max(availability.local_day(one.zone, to_date)[1] for one in branches))


def key(slot: Slot) -> str:
    """A slot's name among those that were offered before."""
    return f"{slot.practitioner_id} {slot.starts_at.timestamp():.0f}"


def wants(entry: Entry, slot: Slot, branch: Branch, service: Service) -> bool:
    """Whether this slot is one the entry waits for, and is not time it was offered before."""
    at = slot.starts_at.astimezone(ZoneInfo(branch.zone))
    return (
        entry.branch_id in {None, branch.branch_id}
        and entry.from_date <= at.date() <= entry.to_date
        and at.time() >= entry.from_time
        and (entry.to_time is None or at.time() < entry.to_time)
        and not _passed(entry, slot, service)
    )


def _passed(entry: Entry, slot: Slot, service: Service) -> bool:
    """Whether a slot that was offered before would take some of the same time, buffers and all: what nobody took comes
    back beside its neighbours, and would be offered half an hour later again and again."""
    taking = 60 * (service.buffer_before + service.duration + service.buffer_after)
    for passed in entry.passed:
        practitioner_id, at = passed.split()
        if (
            practitioner_id == str(slot.practitioner_id)
            and abs(int(at) - slot.starts_at.timestamp()) < taking
        ):
            return True
    return False


def offer(entry: Entry, slot: Slot, offer_id: UUID, *, now: datetime, lasts: timedelta) -> Entry:
    """Offer a slot, until the offer expires or the visit would start."""
    _expect(entry, "waiting")
    expires_at = min(now + lasts, slot.starts_at)
    return replace(
        entry,
        status="offered",
        version=entry.version + 1,
        offer=WaitlistOffer(offer_id=offer_id, slot=slot, expires_at=expires_at),
        passed=(*entry.passed, key(slot)),
    )


def wait_on(entry: Entry) -> Entry:
    """The offer has ended; the entry waits for another."""
    _expect(entry, "offered")
    return replace(entry, status="waiting", version=entry.version + 1, offer=None)


def lose(entry: Entry) -> Entry:
    """The clinic has no longer what it offered; the patient did not pass on it, and is offered it again if it is
    ever free again."""
    return replace(wait_on(entry), passed=entry.passed[:-1])


def fill(entry: Entry) -> Entry:
    """The offer was accepted."""
    _expect(entry, "offered")
    assert entry.offer is not None
    return replace(
        entry, status="booked", version=entry.version + 1, appointment_id=entry.offer.offer_id, offer=None
    )


def leave(entry: Entry, status: WaitlistStatus = "left") -> Entry:
    """Wait no longer."""
    _expect(entry, "waiting", "offered")
    return replace(entry, status=status, version=entry.version + 1, offer=None)


def _expect(entry: Entry, *statuses: WaitlistStatus) -> None:
    if entry.status not in statuses:
        raise IllegalTransition(f"This is not possible: the entry is {entry.status}", status=entry.status)

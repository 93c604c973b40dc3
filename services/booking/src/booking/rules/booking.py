"""Whether a visit may be put where somebody wants it, as far as that can be known without looking at the schedule.

Whether the time is still free is not asked here: the database decides it while inserting.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.rules import availability
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import OffTheGrid, OutsideWorkingTime, SlotInThePast, TooFarAhead, TooSoon
from common.contracts.directory import Branch, Practitioner, Service

WALK_IN_GRACE = timedelta(minutes=15)
"""Whoever is let in at once is often typed in a few minutes later."""


@dataclass(frozen=True)
class Place:
    """A visit of a service by a practitioner at a branch from an instant."""

    service: Service
    branch: Branch
    practitioner: Practitioner
    starts_at: datetime

    @property
    def duration(self) -> timedelta:
        """Without its buffers."""
        return timedelta(minutes=self.service.duration)

    @property
    def ends_at(self) -> datetime:
        """Without the buffer after it."""
        return self.starts_at + self.duration


def notice(service: Service) -> timedelta:
    """How long before the visit patients can still cancel or move it by themselves."""
    return timedelta(minutes=service.cancellation_notice)


def latest_day(service: Service, today: date) -> date:
    """The last day that can be booked."""
    return today + timedelta(days=service.horizon_days)


def local_date(at: datetime, branch: Branch) -> date:
    """The date that the branch's calendar shows."""
    return at.astimezone(ZoneInfo(branch.zone)).date()


def check_place(
    place: Place,
    catalogue: Catalogue,
    *,
    now: datetime,
    walk_in: bool = False,
    at_short_notice: bool = False,
    far_ahead: bool = False,
) -> None:
    """Refuse a place that cannot be booked whoever has it.

    A walk-in is bound by neither the grid nor the minimum notice, and may have started a moment ago; whom the
    clinic displaced is not bound by the notice either. The visits of a series may lie beyond the horizon.
    """
    catalogue.expect_offered(
        [place.service],
        branch_id=place.branch.branch_id,
        practitioner_id=place.practitioner.practitioner_id,
    )
    if place.starts_at < (now - WALK_IN_GRACE if walk_in else now):
        raise SlotInThePast("This time has gone by")
    if not (walk_in or at_short_notice):
        _check_notice(place, now=now)
    if not far_ahead:
        _check_horizon(place, now=now)
    windows = _windows(place, catalogue)
    start, end = availability.seconds(place.starts_at), availability.seconds(place.ends_at)
    if not availability.inside(availability.merged(windows), start, end):
        raise OutsideWorkingTime("The practitioner does not work there at this time")
    if not walk_in and (
        place.starts_at.microsecond
        or not availability.on_the_grid(windows, start, place.service.granularity * 60)
    ):
        raise OffTheGrid(
            f"Visits start every {place.service.granularity} minutes", granularity=place.service.granularity
        )


def _check_notice(place: Place, *, now: datetime) -> None:
    earliest = now + timedelta(minutes=place.service.minimum_notice)
    if place.starts_at < earliest:
        raise TooSoon(
            f"Book at least {place.service.minimum_notice} minutes ahead", earliest=earliest.isoformat()
        )


def _check_horizon(place: Place, *, now: datetime) -> None:
    today = local_date(now, place.branch)
    if local_date(place.starts_at, place.branch) > latest_day(place.service, today):
        raise TooFarAhead(
            f"Book at most {place.service.horizon_days} days ahead", horizon_days=place.service.horizon_days
        )


def _windows(place: Place, catalogue: Catalogue) -> list[availability.Span]:
    """Working time on the visit's day, the day before and the day after: a visit may cross midnight."""
    day = local_date(place.starts_at, place.branch)
    return [
        span
        for around in availability.days_from(day - timedelta(days=1), 3)
        for span in catalogue.working_on(place.branch, place.practitioner, around)
    ]

"""What an absence takes out of the schedule."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from booking.rules import availability
from booking.rules.appointment import Appointment
from booking.rules.availability import Span
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from common.contracts.booking import AbsenceRange

OFFERS = 3
"""Alternatives that are held for each patient."""

BEGUN = frozenset({"arrived", "fulfilled"})
"""Visits that stay where they are, whoever is away."""


def span_of(away: AbsenceRange) -> Span:
    """An absence in whole seconds."""
    return availability.seconds(away.starts_at), availability.seconds(away.ends_at)


def who_is_away(away: AbsenceRange, catalogue: Catalogue) -> list[UUID]:
    """The practitioner; or, where a branch is closed, everybody who works there. Sorted."""
    if away.practitioner_id is not None:
        return [catalogue.practitioner(away.practitioner_id).practitioner_id]
    assert away.branch_id is not None
    return at_branch(away.branch_id, catalogue)


def at_branch(branch_id: UUID, catalogue: Catalogue) -> list[UUID]:
    """Everybody who works there, sorted."""
    branch = catalogue.branch(branch_id)
    return sorted(
        one.practitioner_id
        for one in catalogue.practitioners.values()
        if catalogue.hours_at(one, branch.branch_id)
    )


def concerns(away: AbsenceRange, branch_id: UUID | None, there: Collection[UUID] | None) -> bool:
    """Whether a branch is closed, or one of those who work `there` is away; None: wherever it is."""
    return there is None or away.branch_id == branch_id or away.practitioner_id in there


def is_shown(away: AbsenceRange, agendas: Collection[UUID] | None) -> bool:
    """Closed branches are known to everybody, who is away only to those who see that agenda (None: every agenda)."""
    return away.practitioner_id is None or agendas is None or away.practitioner_id in agendas


def elsewhere(away: AbsenceRange, catalogue: Catalogue, practitioner_id: UUID) -> list[Span]:
    """When somebody works at other branches than the one that is closed."""
    if away.branch_id is None:
        return []
    practitioner = catalogue.practitioner(practitioner_id)
    others = {rule.branch_id for rule in practitioner.working_hours} - {away.branch_id}
    spans: list[Span] = []
    for branch in (catalogue.branch(one) for one in others):
        first = local_date(away.starts_at, branch) - timedelta(days=1)
        number = (away.ends_at - away.starts_at).days + 4
        rules = catalogue.hours_at(practitioner, branch.branch_id)
        for day in availability.days_from(first, number):
            spans += availability.working_on(rules, branch.hours, branch.zone, day)
    return availability.merged(spans)


def is_affected(appointment: Appointment, away: AbsenceRange) -> bool:
    """Whether its visit lies in the absence (a buffer alone does not matter)."""
    return (
        appointment.starts_at < away.ends_at
        and appointment.ends_at > away.starts_at
        and away.branch_id in {None, appointment.branch_id}
    )


def to_block(
    away: AbsenceRange, catalogue: Catalogue, practitioner_id: UUID, stays: Iterable[Span]
) -> list[Span]:
    """The time to take out, in pieces of a day at most: not where somebody works elsewhere, nor what `stays`."""
    gone = availability.merged([*elsewhere(away, catalogue, practitioner_id), *stays])
    left = availability.without([span_of(away)], gone)
    return availability.pieces(left, availability.DAY)


def away_spans(
    away: AbsenceRange, catalogue: Catalogue, practitioner_ids: Sequence[UUID]
) -> dict[UUID, Sequence[Span]]:
    """The time of each that would be gone, for looking for alternatives before it is."""
    return {one: to_block(away, catalogue, one, ()) for one in practitioner_ids}

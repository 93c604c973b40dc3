"""Planning: which messages a visit needs, and when each of them goes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contracts.notifications import MessageClass
from notifications.rules.decide import decide
from notifications.rules.values import Chain, Facts, Moment, Reason, Step, Verdict

COLLIDE = timedelta(minutes=15)
"""Closer than this, two messages are one."""

EVENING = time(18)
RANK = ("moved", "confirmation", "confirm-request", "details", "short")
"""Which text leads where several steps become one message."""


@dataclass(frozen=True)
class Visit:
    """What a chain is planned around. `visited_at` is set once it took place."""

    booked_at: datetime
    starts_at: datetime
    zone: str
    visited_at: datetime | None = None


@dataclass(frozen=True)
class Planned:
    """A step with its instants and what was decided about it. `parts` are the templates that it says."""

    step: Step
    target_at: datetime
    earliest_at: datetime
    latest_at: datetime
    verdict: Verdict
    parts: tuple[str, ...]
    asks: bool
    merged_into: str | None = None

    @property
    def due_at(self) -> datetime | None:
        """When it goes out; None where it does not."""
        return self.verdict.send_at if self.verdict.action != "drop" else None


def resolve(moment: Moment, visit: Visit) -> datetime:
    """The instant that a moment means for this visit."""
    match moment.anchor:
        case "booking":
            return visit.booked_at + moment.offset
        case "start":
            return visit.starts_at + moment.offset
        case "visit":
            return (visit.visited_at or visit.starts_at) + moment.offset
        case "evening-before":
            return _day_before(visit, EVENING)
        case "eve":
            return _day_before(visit, moment.at or EVENING)


def _day_before(visit: Visit, at: time) -> datetime:
    zone = ZoneInfo(visit.zone)
    day = visit.starts_at.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, at, zone).astimezone(UTC)


def steps_of(chain: Chain, *, after_visit: bool) -> list[Step]:
    """The steps before a visit, or those after it."""
    return [step for step in chain.steps if (step.target.anchor == "visit") == after_visit]


def plan(
    steps: Sequence[Step], visit: Visit, facts_of: Callable[[Step, datetime, datetime, datetime], Facts], *,
    now: datetime,
) -> list[Planned]:  # fmt: skip
    """Every step, decided; what collides is merged, what is dropped keeps its reason."""
    planned = []
    for step in steps:
        target, earliest, latest = (
            resolve(each, visit) for each in (step.target, step.earliest, step.latest)
        )
        verdict = decide(facts_of(step, target, earliest, latest), now=now)
        planned.append(Planned(step, target, earliest, latest, verdict, (step.template,), step.asks))
    return _merged(planned)


def _merged(planned: list[Planned]) -> list[Planned]:
    """Messages that would go out at the same moment become one, which says and asks what they all did."""
    kept: list[Planned] = []
    gone: list[Planned] = []
    for one in sorted((each for each in planned if each.due_at), key=lambda each: (each.due_at, _rank(each))):
        into = next((each for each in kept if _collide(each, one)), None)
        if into is None:
            kept.append(one)
            continue
        kept.remove(into)
        lead, other = sorted((into, one), key=_rank)
        due = min(into.due_at or one.target_at, one.due_at or one.target_at)
        kept.append(
            replace(
                lead, parts=(*lead.parts, *other.parts), asks=lead.asks or other.asks,
                latest_at=max(lead.latest_at, other.latest_at),
                verdict=replace(lead.verdict, send_at=due),
            )
        )  # fmt: skip
        gone.append(_dropped(other, lead.step.name))
    dropped = [each for each in planned if each.due_at is None]
    return [*sorted(kept, key=lambda each: each.due_at or each.target_at), *gone, *dropped]


def _collide(first: Planned, second: Planned) -> bool:
    if first.due_at is None or second.due_at is None:
        return False
    return abs(first.due_at - second.due_at) < COLLIDE and second.earliest_at <= first.due_at


def _rank(planned: Planned) -> int:
    return RANK.index(planned.step.template) if planned.step.template in RANK else len(RANK)


def _dropped(planned: Planned, into: str) -> Planned:
    reason = Reason("merge", "merged", {"into": into})
    verdict = replace(
        planned.verdict, action="drop", channel=None, send_at=None, reasons=(*planned.verdict.reasons, reason)
    )
    return replace(planned, verdict=verdict, merged_into=into)


def single(name: str, message_class: MessageClass, budget: timedelta, *, asks: bool = False) -> Step:
    """A message of its own, outside any chain: a notice, an answer, an invitation."""
    now = Moment("booking")
    return Step(name, name, message_class, now, now, Moment("start"), budget, asks=asks)

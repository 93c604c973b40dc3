"""Planning: which messages a visit needs, and when each of them goes out."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contracts.notifications import MessageClass
from common.errors import Refused
from notifications.rules.decide import decide
from notifications.rules.values import Chain, Facts, Flow, Mode, Moment, Reason, Step, Verdict

COLLIDE = timedelta(minutes=15)
"""Closer than this, two messages are one."""

EVENING = time(18)
REQUEST = "confirm-request"
"""The text that does nothing but ask whether the patient comes."""

RANK = ("moved", "confirmation", "welcome", REQUEST, "details", "short")
"""Which text leads where several steps become one message."""


@dataclass(frozen=True)
class Visit:
    """What a chain is planned around. `visited_at` is set once it took place."""

    booked_at: datetime
    starts_at: datetime
    zone: str
    visited_at: datetime | None = None


@dataclass(frozen=True)
class Aim:
    """A step with the instants that it means for one visit."""

    step: Step
    target_at: datetime
    earliest_at: datetime
    latest_at: datetime


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


def only_asks(parts: Collection[str]) -> bool:
    """Whether asking is all that these templates do: nothing is left of them once the patient has confirmed."""
    return set(parts) == {REQUEST}


def once_confirmed(steps: Sequence[Step]) -> list[Step]:
    """Whoever has confirmed is not asked again, and told all the rest."""
    return [replace(step, asks=False) for step in steps if not (step.asks and only_asks([step.template]))]


def at_first_contact(steps: Sequence[Step]) -> list[Step]:
    """In the words for whoever has never had a visit booked here before."""
    return [replace(step, template=step.first_contact or step.template) for step in steps]


def aims(steps: Sequence[Step], visit: Visit) -> list[Aim]:
    """Each step with the instants that it means for this visit."""
    return [
        Aim(step, *(resolve(each, visit) for each in (step.target, step.earliest, step.latest)))
        for step in steps
    ]


def plan(aimed: Sequence[Aim], facts_of: Callable[[Aim], Facts], *, now: datetime) -> list[Planned]:
    """Every step, decided; what collides is merged, what is dropped keeps its reason."""
    return _merged(
        [
            Planned(
                aim.step, aim.target_at, aim.earliest_at, aim.latest_at, decide(facts_of(aim), now=now),
                (aim.step.template,), aim.step.asks,
            )
            for aim in aimed
        ]
    )  # fmt: skip


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
        planned.verdict,
        action="drop",
        channel=None,
        channels=(),
        send_at=None,
        reasons=(*planned.verdict.reasons, reason),
    )
    return replace(planned, verdict=verdict, merged_into=into)


def single(
    name: str, message_class: MessageClass, budget: timedelta, *, asks: bool = False, orientation: bool = False,
    mode: Mode = "fallback",
) -> Step:  # fmt: skip
    """A message of its own, outside any chain: a notice, an answer, an invitation."""
    now = Moment("booking")
    return Step(name, name, message_class, now, now, Moment("start"), budget, asks, orientation, mode)


def chosen(flows: Sequence[Flow], kind: str | None, tags: Collection[str], preset: Chain) -> Chain:
    """The chain for a visit: that of the first flow which fits its kind of service and its patient, else the preset."""
    for flow in flows:
        if (not flow.kinds or kind in flow.kinds) and (not flow.tags or not flow.tags.isdisjoint(tags)):
            return flow.chain
    return preset


class MalformedFlow(Refused):
    """A chain that would send what nobody wrote, or when it is of no use."""

    code = "malformed-policy"


SAMPLE = datetime(2027, 3, 10, 12, tzinfo=UTC)


def check(flow: Flow, templates: Collection[str]) -> None:
    """Raises `MalformedFlow` naming the step: its text exists, its range holds its target, and it is never after the
    visit unless it is told relative to that."""
    names = [step.name for step in flow.chain.steps]
    for step in flow.chain.steps:
        why = _wrong(step, templates) or ("named twice" if names.count(step.name) > 1 else None)
        if why is not None:
            raise MalformedFlow("This chain makes no sense", where=f"{flow.chain.name}/{step.name}", why=why)


def _wrong(step: Step, templates: Collection[str]) -> str | None:
    for template in (step.template, step.first_contact):
        if template is not None and template not in templates:
            return f"there is no text {template}"
    after = {moment.anchor == "visit" for moment in (step.target, step.earliest, step.latest)}
    if len(after) > 1:
        return "partly before the visit and partly after it"
    (aim,) = aims([step], Visit(SAMPLE - timedelta(days=60), SAMPLE, "UTC"))
    if not aim.earliest_at <= aim.target_at <= aim.latest_at:
        return "its target lies outside its range"
    if after == {True}:
        return (
            None
            if aim.earliest_at >= SAMPLE and not step.asks
            else "after the visit, and yet before it or asking"
        )
    return "after the visit has started" if aim.latest_at > SAMPLE else None

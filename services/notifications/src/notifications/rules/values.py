"""The values that rules are given and give back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from common.contracts.directory import Locale
from common.contracts.notifications import MessageClass
from common.contracts.patient_profile import Channel

Anchor = Literal["booking", "start", "evening-before", "eve", "visit"]
Mode = Literal["fallback", "all"]
"""One channel after another until it is delivered, or several on purpose."""

WhenClosed = Literal["later", "earlier"]
"""Where a target is closed: the next open instant first, or the last one before it."""

PolicyLayer = Literal["law", "operator", "custom", "network", "branch"]
About = Literal["visit", "cancellation", "displacement", "offer", "joining"]
"""What a message tells of a visit: that it stands, that it is off, that it needs another time, or that it is offered."""


@dataclass(frozen=True)
class Moment:
    """An instant told relative to a booking, a start (`T-48h`), the eve of the visit or the visit itself (`V+7d`)."""

    anchor: Anchor
    offset: timedelta = timedelta(0)
    at: time | None = None


@dataclass(frozen=True)
class Step:
    """One touch of a chain, as the preset says it. `asks` means: with Confirm / Move / Cancel."""

    name: str
    template: str
    message_class: MessageClass
    target: Moment
    earliest: Moment
    latest: Moment
    budget: timedelta
    asks: bool = False
    orientation: bool = False
    """Preparation and advice, which a patient may refuse without refusing reminders."""
    mode: Mode = "fallback"
    when_closed: WhenClosed = "later"
    first_contact: str | None = None
    """The template instead, for whoever has never had a visit booked here before."""


@dataclass(frozen=True)
class Chain:
    """A network's sequence of touches around one visit."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Flow:
    """A chain for some visits: of these kinds of service, or of patients with one of these tags; empty means any."""

    chain: Chain
    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hours:
    """Open on these days of the week (1 is Monday) between these local times; 00:00 closes at the day's end."""

    days: frozenset[int]
    between: tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Entry:
    """One dated, sourced line of a policy pack: where it applies, contact is allowed only inside its hours.

    `zone` is set where the rule counts hours in a zone of its own. `confidence`: L law, O operator, C custom, T tried.
    """

    id: str
    layer: PolicyLayer
    classes: frozenset[str]
    channels: frozenset[str] | None
    open: tuple[Hours, ...]
    holidays: bool
    """Whether public holidays are open like other days."""
    source: str
    confidence: Literal["L", "O", "C", "T"]
    source_url: str | None = None
    valid_from: date = date.min
    valid_to: date = date.max
    zone: str | None = None
    mourning: bool = True
    """Whether days of mourning are open like other days."""


@dataclass(frozen=True)
class Cap:
    """Closed while `limit` touches of its classes and channels, or refusals on whatever channel, lie in the last `days`."""

    id: str
    layer: PolicyLayer
    classes: frozenset[str]
    channels: frozenset[str] | None
    counts: Literal["touches", "refusals"]
    limit: int
    days: int
    source: str
    confidence: Literal["L", "O", "C", "T"]
    source_url: str | None = None
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True)
class Day:
    """What the calendar says of a date. `estimated` lunar days may fall a day earlier or later."""

    name: str
    holiday: bool
    mourning: bool
    estimated: bool = False


@dataclass(frozen=True)
class Layer:
    """What a network or a branch adds to its country's pack: only ever stricter, but for the dates it confirms."""

    scope: Literal["network", "branch"]
    version: int
    entries: tuple[Entry, ...] = ()
    caps: tuple[Cap, ...] = ()
    confirmed: tuple[tuple[str, date], ...] = ()
    """Days of the lunar calendar whose date is certain now, by their English names."""


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything a jurisdiction says about contacting patients; `day` says what is special about a date, if anything.

    `digest` is the SHA-256 of the file's canonical content; `added` names the layers on top of it.
    """

    name: str
    version: str
    digest: str
    channels: tuple[Channel, ...]
    abroad: frozenset[Channel]
    entries: tuple[Entry, ...]
    caps: tuple[Cap, ...]
    day: Callable[[date], Day | None]
    added: tuple[str, ...] = ()

    @property
    def policy_version(self) -> str:
        """What a verdict quotes: `kz-2026-11`, with the network's and the branch's own versions behind it."""
        return "+".join((f"{self.name}-{self.version}", *self.added))

    def holiday(self, day: date) -> str | None:
        """The name of a public holiday."""
        found = self.day(day)
        return found.name if found is not None and found.holiday else None

    def mourning(self, day: date) -> str | None:
        """The name of a day of mourning."""
        found = self.day(day)
        return found.name if found is not None and found.mourning else None


@dataclass(frozen=True)
class Reason:
    """One step of a decision, in the order it was taken."""

    rule: str
    result: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    source_urls: tuple[str, ...] = ()
    """Where laws and operators' rules that it rests on can be read."""


@dataclass(frozen=True)
class ChannelFacts:
    """One channel for one patient at one moment."""

    channel: Channel
    reachable: bool
    ended: str | None = None
    """How an attempt on it ended, where there was one."""
    permission: str | None = None
    """`allowed`, or why not; None where it has not been asked for yet."""
    permission_ids: tuple[UUID, ...] = ()
    paused: bool = False
    held: bool = False
    """A person has taken this conversation over: nothing but what was just asked for comes between."""
    cost: int | None = None
    """What it costs in the network's minor units, where that is known."""


@dataclass(frozen=True)
class Touch:
    """A message that went out or a call that was placed earlier, or a refusal: what caps count."""

    at: datetime
    message_class: MessageClass
    channels: frozenset[str]
    refused: bool = False
    of: UUID | None = None
    """The message that it was."""


@dataclass(frozen=True)
class Quiet:
    """A patient's own quiet hours, local to them: closed from `begins` to `ends`, over midnight where it is earlier."""

    begins: time
    ends: time


@dataclass(frozen=True)
class AppointmentFacts:
    """How the visit stands with its owner."""

    status: str
    version: int
    starts_at: datetime


@dataclass(frozen=True)
class Facts:
    """Everything a decision about one message rests on."""

    message_class: MessageClass
    template: str
    asks: bool
    orientation: bool
    asked_at: datetime
    target_at: datetime
    earliest_at: datetime
    latest_at: datetime
    starts_at: datetime | None
    """Nothing is sent at or after this."""
    zone: str
    zone_of: Literal["patient", "branch"]
    channels: tuple[ChannelFacts, ...]
    pack: Pack
    appointment: AppointmentFacts | None = None
    planned_for: datetime | None = None
    """The start that it was planned for: another one at the owner means that it is out of date."""
    about: About = "visit"
    accepts_reminders: bool = True
    accepts_orientations: bool = True
    deceased: bool = False
    known: bool = True
    quiet: Quiet | None = None
    provisional: bool = False
    paused: bool = False
    mode: Mode = "fallback"
    when_closed: WhenClosed = "later"
    touches: tuple[Touch, ...] = ()
    may_cost: int | None = None
    """The most it may cost, by the network's settings and what is spent."""
    told_in: UUID | None = None
    """Another message of the same day says it too."""


@dataclass(frozen=True)
class Verdict:
    """Send on this channel, wait until then, or drop; with the reasons in order.

    `channels` are all those that it goes out on: one, unless the step says `all`.
    """

    action: Literal["send", "wait", "drop"]
    decided_at: datetime
    reasons: tuple[Reason, ...]
    policy_version: str
    channel: Channel | None = None
    send_at: datetime | None = None
    channels: tuple[Channel, ...] = ()
    digest: str | None = None
    """SHA-256 of the pack that decided."""

    @property
    def because(self) -> str:
        """The code of the last reason, which settled it."""
        return self.reasons[-1].result


@dataclass(frozen=True)
class Reader:
    """Whom a text addresses."""

    locale: Locale
    given_name: str = ""
    patronymic: str = ""
    family_name: str = ""
    full_name: str = ""
    sex: Literal["female", "male", "unknown"] = "unknown"

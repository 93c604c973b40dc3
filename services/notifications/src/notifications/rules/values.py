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


@dataclass(frozen=True)
class Chain:
    """A network's sequence of touches around one visit."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Hours:
    """Open on these days of the week (1 is Monday) between these local times."""

    days: frozenset[int]
    between: tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Entry:
    """One dated, sourced line of a policy pack: where it applies, contact is allowed only inside its hours.

    `zone` is set where the rule counts hours in a zone of its own. `confidence`: L law, O operator, C custom, T tried.
    """

    id: str
    layer: Literal["law", "operator", "custom", "network", "branch"]
    classes: frozenset[str]
    channels: frozenset[str] | None
    open: tuple[Hours, ...]
    holidays: bool
    """Whether public holidays are open like other days."""
    source: str
    confidence: Literal["L", "O", "C", "T"]
    valid_from: date = date.min
    valid_to: date = date.max
    zone: str | None = None


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything a jurisdiction says about contacting patients; `holiday` names a public holiday or answers None."""

    name: str
    version: str
    channels: tuple[Channel, ...]
    abroad: frozenset[Channel]
    entries: tuple[Entry, ...]
    holiday: Callable[[date], str | None]

    @property
    def policy_version(self) -> str:
        """What a verdict quotes."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Reason:
    """One step of a decision, in the order it was taken."""

    rule: str
    result: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None


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
    about_cancellation: bool = False
    accepts_reminders: bool = True
    accepts_orientations: bool = True
    deceased: bool = False
    known: bool = True
    quiet: Quiet | None = None
    provisional: bool = False
    paused: bool = False


@dataclass(frozen=True)
class Verdict:
    """Send on this channel, wait until then, or drop; with the reasons in order."""

    action: Literal["send", "wait", "drop"]
    decided_at: datetime
    reasons: tuple[Reason, ...]
    policy_version: str
    channel: Channel | None = None
    send_at: datetime | None = None

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

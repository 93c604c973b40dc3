"""When and how a network or a branch wants its patients written to, on top of what its country's law and custom say.

A policy only narrows: a window is closed where any layer closes it, a cap stops where any layer's does. The flows and
the confirmed days are a network's own.
"""

from datetime import date, time
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from common.contracts.messages import Command, Message, Query
from common.contracts.notifications.messages import MessageClass, Reason
from common.contracts.patient_profile import Channel

PolicyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$")]
SourceUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s\"<>]+$", max_length=500)]
BoundClass = Literal["service", "marketing"]
"""The classes that windows and caps bind; what the patient has just asked for is answered at any hour."""


class PolicyHours(Message):
    """Open on these days of the week (1 is Monday) between these local times; closing at 00:00 is the day's end."""

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1, max_length=7)
    hours: list[tuple[time, time]] = Field(min_length=1, max_length=6)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if any(closes != time(0) and opens >= closes for opens, closes in self.hours):
            raise ValueError("hours open before they close")
        return self


class PolicyBound(Message):
    """What every line of a policy says: which messages it binds, from when to when, and where it comes from."""

    id: PolicyId
    classes: list[BoundClass] = Field(min_length=1)
    channels: list[Channel] | None = None
    """None binds every channel."""
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = Field(min_length=1, max_length=300)
    source_url: SourceUrl | None = None
    """Where the source can be read."""

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from lies after valid_to")
        return self


class PolicyWindow(PolicyBound):
    """Contact is allowed only inside these hours; where `holidays` or `mourning` is false, never on such days."""

    open: list[PolicyHours] = Field(min_length=1, max_length=10)
    holidays: bool = True
    mourning: bool = True


class PolicyCap(PolicyBound):
    """No more once `limit` touches (or refusals) lie in the last `days`. A message on several channels is one touch, and
    so is a call that nobody took; a refusal of invitations counts whatever channel it came by."""

    counts: Literal["touches", "refusals"] = "touches"
    limit: int = Field(ge=1, le=1000)
    days: int = Field(ge=1, le=366)


class PolicyStep(Message):
    """One touch of a chain. Moments: `booking`, `T` (the start) and `V` (the visit took place) with an offset
    (`T-48h`, `V+7d`), `evening-before` (18:00), `eve HH:MM`. It goes out between `earliest` and `latest`.

    `asks` means: with Confirm / Move / Cancel. `mode` `all` uses every channel at once, on purpose. Where its target is
    closed it goes out at the next open instant, or (`when_closed` `earlier`) at the last one before. `first_contact` is
    the text instead of `template` for whoever has never had a visit booked here before.
    """

    step: PolicyId
    template: PolicyId
    message_class: MessageClass = "service"
    target: str = Field(max_length=20)
    earliest: str = Field(max_length=20)
    latest: str = Field(max_length=20)
    budget_minutes: int = Field(default=120, ge=5, le=2880)
    asks: bool = False
    orientation: bool = False
    mode: Literal["fallback", "all"] = "fallback"
    when_closed: Literal["later", "earlier"] = "later"
    first_contact: PolicyId | None = None


class PolicyFlow(Message):
    """A chain of its own for some kinds of service or patients with one of these tags; without both, for every visit.

    The first flow that fits is taken: the branch's before the network's, and the preset where none does.
    """

    name: PolicyId
    service_kinds: list[str] = Field(default_factory=list, max_length=50)
    tags: list[str] = Field(default_factory=list, max_length=50)
    steps: list[PolicyStep] = Field(min_length=1, max_length=20)


class ConfirmedDay(Message):
    """A day of the lunar calendar whose date is certain now, by its English name ("Ashura")."""

    name: str = Field(min_length=1, max_length=100)
    date: date


class Policy(Message):
    """Everything that one network, or one of its branches, says. `most_per_message` and `most_per_month` (marketing)
    are in the network's minor units; `family_messaging` lets visits of a family on one phone be told in one message.
    """

    windows: list[PolicyWindow] = Field(default_factory=list, max_length=50)
    caps: list[PolicyCap] = Field(default_factory=list, max_length=50)
    flows: list[PolicyFlow] = Field(default_factory=list, max_length=30)
    confirmed_days: list[ConfirmedDay] = Field(default_factory=list, max_length=100)
    family_messaging: bool = False
    most_per_message: int | None = Field(default=None, ge=0)
    most_per_month: int | None = Field(default=None, ge=0)


class PolicySaved(Message):
    """The version that verdicts quote from now on; `replanned` chains are made anew, the others stay as planned."""

    version: int
    replanned: int


class PutPolicy(Command[PolicySaved]):
    """Replace the policy of the network, or (`branch_id`) of one branch, which cannot set what is for the network
    alone (confirmed days, family messaging, costs). With `replan`, chains already planned are made anew too.

    Refused: `malformed-policy` (extra `where`, `why`), `version-conflict`, `unknown-branch`.
    """

    subject: ClassVar[str] = "notifications.command.policy.put.v1"
    branch_id: UUID | None = None
    policy: Policy
    if_version: int | None = None
    replan: bool = False


class PolicyView(Message):
    """The policy in force of the network (`branch_id` None) or a branch."""

    branch_id: UUID | None
    version: int
    policy: Policy
    changed_at: AwareDatetime
    changed_by: str


class PackCap(Message):
    """How many touches or refusals in how many days."""

    counts: Literal["touches", "refusals"]
    limit: int
    days: int


class PackLine(Message):
    """One window or cap of the country's pack. `confidence`: L law, O operator, C custom, T tried.

    A window has its hours (`open`, counted in `zone` where that is not the place's); a cap has none, and its `cap`.
    """

    id: str
    layer: str
    classes: list[str]
    channels: list[str] | None
    valid_from: date | None
    valid_to: date | None
    source: str
    source_url: str | None = None
    confidence: str
    open: list[PolicyHours] = Field(default_factory=list)
    holidays: bool = True
    mourning: bool = True
    zone: str | None = None
    cap: PackCap | None = None


class PackView(Message):
    """The country's pack; `digest` is the SHA-256 of its content."""

    name: str
    version: str
    digest: str
    lines: list[PackLine]


class Policies(Message):
    """The layers in force, the country's first, and the steps of the preset chain."""

    pack: PackView
    preset: PolicyFlow
    policies: list[PolicyView]


class DescribePolicies(Query[Policies]):
    """What decides when and how this network's patients are written to."""

    subject: ClassVar[str] = "notifications.query.policies.describe.v1"


class RehearsedStep(Message):
    """One step of the chain of a visit that nobody has booked. `due_at` is None where it would not go out."""

    step: str
    template: str
    message_class: MessageClass
    asks: bool
    target_at: AwareDatetime
    due_at: AwareDatetime | None
    channel: Channel | None
    merged_into: str | None
    reasons: list[Reason]


class Rehearsal(Message):
    """The steps by when they go out; those that do not come last. `policy_version` is what verdicts would quote."""

    steps: list[RehearsedStep]
    policy_version: str


class RehearseVisit(Query[Rehearsal]):
    """When the messages of a visit at `starts_at`, booked now, would go out; nothing is written.

    With `policy` as if it stood in place of the network's own, or of the branch's (`of_branch`). `channel`: for
    somebody who is reached by that channel alone. Refused: `malformed-policy`, `unknown-branch`.
    """

    subject: ClassVar[str] = "notifications.query.visit.rehearse.v1"
    branch_id: UUID
    starts_at: AwareDatetime
    service_kind: str | None = Field(default=None, max_length=60)
    channel: Channel | None = None
    policy: Policy | None = None
    of_branch: bool = False

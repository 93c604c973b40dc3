"""The wording of messages: a network words what it sends in its own way, in versions that never change."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from common.contracts.directory import Line, Locale, Texts
from common.contracts.messages import Command, Message, Money, Query
from common.contracts.notifications.messages import MessageClass
from common.contracts.patient_profile import Channel

TemplateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,40}$")]
TextLine = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
NameShape = Literal["full", "no-patronymic", "no-gender", "one-word"]
"""How much is known of a patient's name."""


class TemplateText(Message):
    """One locale's wording, line by line in ICU MessageFormat; a line whose placeholder is unknown is left out.

    `sms` is the short wording; without it the lines are sent as an SMS too.
    """

    lines: list[TextLine] = Field(min_length=1, max_length=20)
    sms: list[TextLine] = Field(default_factory=list, max_length=20)


class TemplateBody(Message):
    """A template in several locales. A fallback says which other locale (or the built-in text) stands for one."""

    texts: dict[Locale, TemplateText] = Field(min_length=1)
    fallbacks: dict[Locale, Locale | Literal["built-in"]] = Field(default_factory=dict)


class TemplateFinding(Message):
    """What stands in the way of publishing: `place` is a line (`sms[1]`), `source` the law or rule.

    What is `waivable` may be published when somebody answers for it by name and with a reason.
    """

    code: str
    locale: Locale | None
    place: str
    detail: str
    source: str
    waivable: bool


class Waiver(Message):
    """Somebody answers for every finding of this code in the version: who, and why it is right here."""

    code: str = Field(max_length=60)
    approver: Line
    reason: Line


class TemplateVersion(Message):
    """A published wording: it never changes. `from_number` is the older version that it brought back."""

    number: int
    published_at: AwareDatetime
    published_by: str
    body: TemplateBody
    waivers: list[Waiver]
    from_number: int | None = None


class TemplateSummary(Message):
    """One template: its version in force (None is the built-in text) with the languages that it words itself, and
    whether a draft waits."""

    name: str
    message_class: MessageClass
    number: int | None
    has_draft: bool
    worded: list[Locale] = Field(default_factory=list)


class Templates(Message):
    """All templates that a network can word."""

    templates: list[TemplateSummary]


class ListTemplates(Query[Templates]):
    """For the network, or for one branch."""

    subject: ClassVar[str] = "notifications.query.templates.list.v1"
    branch_id: UUID | None = None


class TemplateView(Message):
    """Everything about one template. `says` are the facts that it has to tell; versions are newest first."""

    name: str
    message_class: MessageClass
    says: list[str]
    placeholders: list[str]
    built_in: dict[Locale, TemplateText]
    draft: TemplateBody | None
    draft_version: int
    findings: list[TemplateFinding]
    versions: list[TemplateVersion]


class GetTemplate(Query[TemplateView]):
    """Refused: `unknown-template`."""

    subject: ClassVar[str] = "notifications.query.template.get.v1"
    name: TemplateName
    branch_id: UUID | None = None


class TemplateDrafted(Message):
    """The draft as it is now held, and what would stand in the way of publishing it."""

    version: int
    findings: list[TemplateFinding]


class PutTemplateDraft(Command[TemplateDrafted]):
    """Write or replace the draft. Refused: `unknown-template`, `unknown-branch`, `version-conflict`."""

    subject: ClassVar[str] = "notifications.command.template.draft.v1"
    name: TemplateName
    branch_id: UUID | None = None
    body: TemplateBody
    if_version: int | None = None


class TemplatePublished(Message):
    """The wording in force from now on."""

    number: int


class PublishTemplate(Command[TemplatePublished]):
    """Publish the draft, or an older version anew (`number`): that is how a change is rolled back.

    Refused: `template-refused` with `findings`, `unknown-template`, `unknown-draft`, `unknown-version`.
    """

    subject: ClassVar[str] = "notifications.command.template.publish.v1"
    name: TemplateName
    branch_id: UUID | None = None
    number: int | None = None
    waivers: list[Waiver] = Field(default_factory=list, max_length=20)


class TemplatePreview(Message):
    """What a reader would get; the price and segments of an SMS."""

    lines: list[str]
    buttons: list[str]
    version: str
    alphabet: Literal["gsm-7", "ucs-2"] | None = None
    units: int | None = None
    segments: int | None = None
    price: Money | None = None


class PreviewTemplate(Query[TemplatePreview]):
    """By sample facts: `text` as given, else the wording in force. Refused: `unknown-template`, `broken-syntax`."""

    subject: ClassVar[str] = "notifications.query.template.preview.v1"
    name: TemplateName
    branch_id: UUID | None = None
    locale: Locale
    shape: NameShape = "full"
    channel: Channel = "whatsapp"
    text: TemplateText | None = None


class ProposedNameForms(Message):
    """Locale -> the form; a locale without a proposal is missing. A person looks at it before it is stored."""

    dative: Texts
    speciality_dative: Texts


class ProposeNameForms(Query[ProposedNameForms]):
    """A practitioner's name and speciality in the cases that texts need ("to whom")."""

    subject: ClassVar[str] = "notifications.query.name-forms.propose.v1"
    display: Texts
    speciality: Texts = Field(default_factory=dict)

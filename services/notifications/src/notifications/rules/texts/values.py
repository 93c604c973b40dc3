"""What a text is made of, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from common.contracts.directory import Branch, Locale, Practitioner, Service
from common.contracts.messages import Money

Form = Literal["full", "sms"]
"""`sms` takes the short wording of a template where there is one: every segment costs."""


@dataclass(frozen=True, eq=False)
class Texts:
    """One locale's texts and ways of saying things."""

    locale: Locale
    greeting: Mapping[str, str]
    name_style: str
    honorific: Mapping[str, str]
    moments: Mapping[str, str]
    address: Mapping[str, str]
    short_address: Mapping[str, str]
    online: str
    """What stands where the address would, for a visit without one."""
    to_whom: str | None
    doctor: str
    visit: Mapping[str, str]
    buttons: Mapping[str, str]
    choices: Mapping[str, str]
    """What the answers of a chat's questions are called."""
    bring: Mapping[str, Mapping[str, str]]
    """Template -> country -> what to bring along."""
    lines: Mapping[str, tuple[str, ...]]
    sms: Mapping[str, tuple[str, ...]]
    """Short wordings; a template without one is sent as it is."""
    digits: str = ""
    """The ten digits of this script where they are not 0 to 9."""
    right_to_left: bool = False
    document_calendar: str = ""
    """The calendar that papers are dated in (an ICU name), where it is not the everyday one."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Template -> version of the network's own wording; what is not named here is built in."""

    def reworded(self, name: str, lines: tuple[str, ...], sms: tuple[str, ...], version: str) -> "Texts":
        """With one template in other words; its short wording is theirs too, or none."""
        short = {key: held for key, held in self.sms.items() if key != name}
        return replace(
            self,
            lines={**self.lines, name: lines},
            sms={**short, name: sms} if sms else short,
            versions={**self.versions, name: version},
        )


@dataclass(frozen=True)
class Visit:
    """One of several visits that a text lists."""

    starts_at: datetime
    service: Service | None = None
    practitioner: Practitioner | None = None
    person: str = ""
    """Whose visit it is, where a text is about a family."""


@dataclass(frozen=True)
class Matter:
    """What a text outside any visit is about. `due_at` is said in the patient's own `zone`: pills are taken at home."""

    medicine: str = ""
    dose: str = ""
    topic: str = ""
    due_at: datetime | None = None
    zone: str = "UTC"


@dataclass(frozen=True)
class Subject:
    """What a text is about."""

    clinic: str
    zone: str
    branch: Branch | None = None
    practitioner: Practitioner | None = None
    service: Service | None = None
    starts_at: datetime | None = None
    previous_starts_at: datetime | None = None
    link: str = ""
    join_link: str = ""
    """Where an online visit is joined; empty until the patient has confirmed it."""
    book_link: str = ""
    options: tuple[datetime, ...] = ()
    country: str = ""
    until: datetime | None = None
    """How long an offer stands."""
    visits: tuple[Visit, ...] = ()
    choices: tuple[str, ...] = ()
    """What can be chosen from, by number, where it is not instants."""
    price: Money | None = None
    matter: Matter = Matter()

    @property
    def online(self) -> bool:
        """Whether nobody has to come for any of what it is about."""
        services = [one.service for one in self.visits] or [self.service]
        return all(service is not None and service.virtual for service in services)


@dataclass(frozen=True)
class Button:
    """A quick reply: what it says, and what comes back."""

    title: str
    payload: str


@dataclass(frozen=True)
class Text:
    """A composed message, as lines; `buttons` where the channel has them."""

    lines: tuple[str, ...]
    locale: Locale
    buttons: tuple[Button, ...] = field(default=())
    version: str = "built-in"
    """Which wording of the leading template this is."""
    menu: str = ""
    """What a channel calls a list of more answers than it has room for as buttons."""

    @property
    def body(self) -> str:
        """All of it as one text."""
        return "\n".join(self.lines)


def said(forms: Mapping[str, str], locale: str) -> str:
    """A text in this language, or in any that there is."""
    return forms.get(locale) or next(iter(forms.values()), "")

"""A wording shown by sample facts: what a reader would get, and what an SMS of it costs."""

from dataclasses import dataclass

from common.contracts.directory import Country, Locale
from common.contracts.patient_profile import Channel
from notifications.operations.wordings.leaving import as_leaves
from notifications.rules.linter import Wording
from notifications.rules.sms import Charge
from notifications.rules.texts import Text, Texts, compose
from notifications.rules.texts.icu import BrokenPatternError
from notifications.templates import texts
from notifications.templates.samples import Shape, sample


@dataclass(frozen=True)
class Shown:
    """A sample message; its charge where it goes by SMS."""

    text: Text
    charge: Charge | None


def shown(spoken: Texts, name: str, country: Country, *, shape: Shape, channel: Channel) -> Shown:
    """The message as it would leave by a channel of this country. Raises `BrokenPatternError`."""
    facts = sample(spoken.locale)
    by_sms = channel == "sms"
    text = compose(
        spoken, [name], facts.subject, facts.readers[shape], now=facts.evening if name.startswith("short") else facts.now,
        asks=name == "confirm-request", by_buttons=not by_sms, form="sms" if by_sms else "full",
    )  # fmt: skip
    return Shown(*as_leaves(text, country, channel, facts.now.date()))


def sms_of(name: str, country: Country, locale: Locale, wording: Wording) -> str | None:
    """The longest sample of a draft as it would leave by SMS; None where its lines cannot be read."""
    spoken = texts(locale).reworded(name, wording.lines, wording.sms, "draft")
    try:
        return shown(spoken, name, country, shape="full", channel="sms").text.body
    except (BrokenPatternError, KeyError):
        return None

"""The last step before a text leaves: the letters that the channel carries, and what it costs."""

from dataclasses import replace
from datetime import date

from common.contracts.directory import Country
from common.contracts.patient_profile import Channel
from notifications.rules.sms import Charge, as_sent, charge
from notifications.rules.texts import Text
from notifications.templates.checks import tariff


def as_leaves(text: Text, country: Country, channel: Channel, on: date) -> tuple[Text, Charge | None]:
    """An SMS in the cheaper alphabet where it can be, with its charge: exactly this is counted, sent and billed."""
    if channel != "sms":
        return text, None
    terms = tariff(country)
    body = as_sent(text.body, simplified=text.locale in terms.transliterated)
    return replace(text, lines=tuple(body.split("\n"))), charge(body, terms, on)

"""Amounts as this language writes them, the currency always said."""

from common.contracts.messages import Money
from notifications.rules.texts.icu import format_message

MINOR_UNITS = 100
"""Of every currency of the six countries, after ISO 4217."""


def money(locale: str, price: Money) -> str:
    """Without empty cents; in Persian the word "rial" is written out, because prices are also told in toman."""
    whole = price.amount % MINOR_UNITS == 0
    style = "unit-width-full-name" if locale == "fa" else "unit-width-narrow"
    precision = "precision-integer" if whole else ".00"
    pattern = f"{{amount, number, ::currency/{price.currency} {style} {precision}}}"
    return format_message(locale, pattern, {"amount": price.amount / MINOR_UNITS})

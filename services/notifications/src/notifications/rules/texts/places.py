"""Where to come."""

import re

from common.contracts.directory import Branch, Practitioner
from notifications.rules.texts.direction import native
from notifications.rules.texts.icu import format_message
from notifications.rules.texts.values import Texts

LABELLED = re.compile(r"(?:\d[\w\-/]{0,4}|[^\W\d_])$")
"""A bare number or letter gets its label ("3 этаж"); anything longer already says what it is."""


def address(texts: Texts, branch: Branch, practitioner: Practitioner | None, *, short: bool = False) -> str:
    """City (not in the short form), street, entrance, floor and room; the practitioner's own room goes first."""
    labels = texts.short_address if short else texts.address
    place = branch.address
    named = [("entrance", place.entrance), ("floor", place.floor), ("room", room(branch, practitioner))]
    rest = [
        format_message(texts.locale, labels[kind], {"value": native(texts, value)})
        if LABELLED.match(value)
        else native(texts, value)
        for kind, value in named
        if value
    ]
    street = [native(texts, each) for each in ([place.street] if short else [place.city, place.street])]
    return labels["join"].join([*street, *rest])


def room(branch: Branch, practitioner: Practitioner | None) -> str:
    """The practitioner's own room at this branch, else the branch's."""
    return (practitioner.rooms.get(str(branch.branch_id), "") if practitioner else "") or branch.address.room

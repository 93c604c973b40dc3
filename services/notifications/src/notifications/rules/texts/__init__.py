"""Texts for patients: who is addressed how, when and where the visit is, and what is asked."""

from notifications.rules.texts.compose import compose
from notifications.rules.texts.moments import moment
from notifications.rules.texts.people import greeting
from notifications.rules.texts.placeholders import PLACEHOLDERS
from notifications.rules.texts.places import address
from notifications.rules.texts.values import Button, Form, Matter, Subject, Text, Texts, Visit, said

__all__ = [
    "PLACEHOLDERS",
    "Button",
    "Form",
    "Matter",
    "Subject",
    "Text",
    "Texts",
    "Visit",
    "address",
    "compose",
    "greeting",
    "moment",
    "said",
]

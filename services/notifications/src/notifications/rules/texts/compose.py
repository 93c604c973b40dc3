"""Composing a text at its real moment."""

from collections.abc import Sequence
from datetime import datetime

from notifications.rules.texts.direction import dialled, native
from notifications.rules.texts.icu import arguments, every_argument, format_message
from notifications.rules.texts.placeholders import Known, Told
from notifications.rules.texts.values import Button, Form, Subject, Text, Texts
from notifications.rules.values import Reader

ANSWERS = ("confirm", "move", "cancel")
OFFERS = {
    "waitlist-offer": (("yes", "accept"), ("no", "decline")),
    "medication": (("taken", "taken"),),
}
"""Texts that are answered otherwise than by coming to a visit: the names of their answers, and what comes back."""

TURN = "chat-"
"""Turns of a conversation: the clinic signs its messages, not every sentence of a talk."""


def compose(
    texts: Texts,
    parts: Sequence[str],
    subject: Subject,
    reader: Reader,
    *,
    now: datetime,
    asks: bool = False,
    by_buttons: bool = True,
    links: bool = True,
    payload: str = "",
    form: Form = "full",
) -> Text:
    """The text of these parts: the first leads, the others add what only they say.

    Without buttons a question says how to answer; without links (no smartphone) the branch's phone stands instead.
    """
    known = Known(Told(texts, subject, reader, tuple(parts), now, links))
    wanted = _wanted(parts, asks, by_buttons, online=subject.online)
    lines = [line for name in wanted for line in spoken(texts, name, known, form)]
    if not parts[0].startswith(TURN):
        lines += _closing(texts, subject, lines, links=links)
    buttons = _buttons(texts, parts[0], payload, asks=asks) if by_buttons else ()
    return Text(tuple(lines), texts.locale, buttons, texts.versions.get(parts[0], "built-in"))


def _buttons(texts: Texts, template: str, payload: str, *, asks: bool) -> tuple[Button, ...]:
    """The quick answers of a text that has its own, or of a question whether the patient comes."""
    if template in OFFERS:
        return tuple(Button(texts.choices[word], f"{intent}:{payload}") for word, intent in OFFERS[template])
    return tuple(Button(texts.buttons[word], f"{word}:{payload}") for word in ANSWERS) if asks else ()


def _closing(texts: Texts, subject: Subject, lines: Sequence[str], *, links: bool) -> list[str]:
    """The branch's phone where there are no links, and who writes: its signature, else the clinic if nothing says it."""
    if subject.branch is None:
        return []
    phone = "" if links else dialled(texts, subject.branch.phone)
    clinic = native(texts, subject.clinic)
    unsaid = "" if any(clinic in line for line in lines) else clinic
    return [line for line in (phone, native(texts, subject.branch.signature) or unsaid) if line]


def _wanted(parts: Sequence[str], asks: bool, by_buttons: bool, *, online: bool) -> list[str]:
    wanted = [parts[0]]
    if "details" in parts:
        wanted.append("preparation")
    if asks:
        question = "ask-online" if online else "ask"
        wanted += [question] if by_buttons else [question, "ask-reply"]
    return wanted


def wording(texts: Texts, name: str, form: Form) -> tuple[str, ...]:
    """The lines of a template as this form has them."""
    return texts.sms.get(name, texts.lines[name]) if form == "sms" else texts.lines[name]


def spoken(texts: Texts, name: str, known: Known, form: Form) -> list[str]:
    """The lines of a template, those left out whose placeholder has no value."""
    found: list[str] = []
    for line in wording(texts, name, form):
        if all(known[each.name] for each in arguments(line)):
            values = {each.name: known[each.name] for each in every_argument(line)}
            found.extend(format_message(texts.locale, line, values).split("\n"))
    return found

"""One turn of the dialogue: what was said, and what follows from it."""

import re
from collections.abc import Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts.booking import AppointmentState
from notifications.rules import understand, words
from notifications.rules.dialogue import answered, asking, catalogue, choosing
from notifications.rules.dialogue.values import (
    Choice,
    Facts,
    Line,
    Said,
    Say,
    State,
    Turn,
    Wanted,
    Wish,
)
from notifications.rules.when import when

PAYLOAD = re.compile(r"chat:(?P<question>[\w-]{1,40}):(?P<place>\d{1,2})$")
MOST_MISSES = 2
PHONE = re.compile(r"\+?\d[\d\s().-]{5,18}\d")
NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,5}$")
NOT_A_NAME = ("back", "no", "hello", "operator", "book", "visits", "move", "cancel", "confirm")


def payload(question: str, place: int) -> str:
    """What the button of a choice sends back; the question's name tells an older question's buttons apart."""
    return f"chat:{question}:{place}"


def hear(state: State | None, said: Said, facts: Facts) -> Turn:
    """One message of the patient. Nothing is changed by what is not understood; after the second a person goes on."""
    if said.payload is not None and (button := PAYLOAD.match(said.payload)):
        return _pressed(state, said, facts, button["question"], int(button["place"]))
    if said.contact is not None:
        return _recognised(state, said, facts)
    alarm = alarming(said.text)
    if alarm is not None or understand.spoken(said.text, ("operator",)):
        return Turn(state, handover=alarm or choosing.OPERATOR)
    if understand.spoken(said.text, ("back", "hello")):
        return asking.menu(said)
    turn = _in_step(state, said, facts) if state is not None else None
    turn = turn or _wish(state, said, facts)
    return turn or _missed(state, said, facts)


def alarming(text: str) -> str | None:
    """Why a person has to go on at once: anger, or words that no machine should answer."""
    return next((f"words of {kind}" for kind in ("anger", "care") if words.mentions(text, kind)), None)


def begin_move(appointment: AppointmentState, said: Said, facts: Facts) -> Turn:
    """A patient who asked to move one visit is shown other times for it at once."""
    state = State(wish="move", visits=(appointment,))
    return asking.proceed(choosing.about(state, appointment), said, facts)


def begin_booking(service_id: UUID, said: Said, facts: Facts) -> Turn:
    """A patient who takes an invitation is asked what is missing; for what, too, where that cannot be booked here."""
    offered = any(one.service_id == service_id for one in catalogue.services(facts))
    return asking.proceed(State(wish="book", service_id=service_id if offered else None), said, facts)


def _recognised(state: State | None, said: Said, facts: Facts) -> Turn:
    """They shared their own phone: what they wished for goes on, as whoever has it."""
    if state is None or state.wish is None:
        return asking.menu(said)
    return asking.proceed(state.model_copy(update={"phone": said.contact, "misses": 0}), said, facts)


def _pressed(state: State | None, said: Said, facts: Facts, question: str, place: int) -> Turn:
    if state is None:
        return asking.menu(said, note="chat-old-button")
    if question != state.question or place >= len(state.choices):
        return _again(state, "chat-old-button", facts)
    return choosing.picked(state, state.choices[place], said, facts)


def _in_step(state: State, said: Said, facts: Facts) -> Turn | None:
    """What the words mean as an answer to the question that stands."""
    place = understand.chosen(said.text, len(state.choices))
    if place is not None:
        return choosing.picked(state, state.choices[place], said, facts)
    if state.step == "person":
        return _introduced(state, said, facts)
    for choice in state.choices:
        if _says(said.text, choice):
            return choosing.picked(state, choice, said, facts)
    if state.step == "visit":
        return _visit_named(state, said, facts)
    if state.step == "whom":
        who = catalogue.named(said.text, [(one, [one.name]) for one in facts.known])
        return choosing.proceed(state, said, facts, patient_id=who.patient_id) if who else None
    if state.wish == "book" or (state.wish == "move" and state.step in {"slot", "day"}):
        told = _absorbed(state, said.text, facts)
        if told != state:
            return asking.proceed(told, said, facts)
    return None


WORDS_OF: Mapping[str, str] = {
    "more": "more", "other-day": "other-day", "any": "any", "yes": "yes", "no": "no", "move": "move",
    "cancel": "cancel", "visits": "visits",
}  # fmt: skip


def _says(text: str, choice: Choice) -> bool:
    kind = WORDS_OF.get(choice.kind)
    return kind is not None and understand.spoken(text, (kind,)) is not None


def _wish(state: State | None, said: Said, facts: Facts) -> Turn | None:
    """What somebody wants who answers no question: the more certain words first."""
    if state is not None and state.step in {"person", "sure"}:
        return None
    wishes: tuple[Wish, ...] = ("visits", "cancel", "move", "book")
    wish = next((one for one in wishes if words.mentions(said.text, one)), None)
    asked = _absorbed(State(wish="book"), said.text, facts)
    if wish is None and asked.service_id is not None:
        wish = "book"
    if wish is None:
        return None
    return asking.proceed(asked if wish == "book" else State(wish=wish), said, facts)


def _missed(state: State | None, said: Said, facts: Facts) -> Turn:
    misses = (state.misses if state else 0) + 1
    if misses >= MOST_MISSES:
        return Turn(state, handover="not understood twice", understood=False)
    if state is None:
        turn = asking.menu(said, misses=misses, line="chat-not-understood")
        return Turn(turn.state, turn.says, understood=False)
    turn = _again(state.model_copy(update={"misses": misses}), "chat-not-understood", facts)
    return Turn(turn.state, turn.says, understood=False)


def _again(state: State, note: Line, facts: Facts) -> Turn:
    """The question that stands, once more, under its own name: its buttons stay good."""
    lines: Mapping[str, Line] = {
        "menu": "chat-greeting", "service": "chat-service", "branch": "chat-branch", "practitioner": "chat-practitioner",
        "whom": "chat-whom", "person": asking.introduction(state, facts), "phone": "chat-share-phone", "day": "chat-day", "slot": "chat-time", "visit": answered.listing(state), "deed": "chat-visit",
        "sure": "chat-cancel-sure", "agree": "chat-agree",
    }  # fmt: skip
    appointment = next((one for one in state.visits if one.appointment_id == state.appointment_id), None)
    return Turn(state, (Say(note), Say(lines[state.step], appointment)))


def _absorbed(state: State, text: str, facts: Facts) -> State:
    """Everything that words tell about a wish to book: what, where, with whom, when."""
    found: dict[str, object] = {}
    if state.wish == "book":
        service = catalogue.named(
            text, [(one, catalogue.names_of_service(one)) for one in catalogue.services(facts)]
        )
        if service is not None and (state.service_id is None or state.step == "service"):
            found["service_id"] = service.service_id
        knowing = state.model_copy(update=found)
        branch = catalogue.named(
            text, [(one, catalogue.names_of_branch(one)) for one in catalogue.branches(knowing, facts)]
        )
        if branch is not None:
            found["branch_id"] = branch.branch_id
        practitioner = catalogue.named(
            text,
            [(one, catalogue.names_of_practitioner(one)) for one in catalogue.practitioners(knowing, facts)],
        )
        if practitioner is not None:
            found |= {"practitioner_id": practitioner.practitioner_id, "anybody": False}
        elif state.step == "practitioner" and understand.spoken(text, ("any",)):
            found["anybody"] = True
    wish = when(text, _today(state, facts))
    if wish is not None:
        found["wanted"] = Wanted(
            first=wish.first or (state.wanted.first if state.wanted and wish.exact else None),
            last=wish.last or (state.wanted.last if state.wanted and wish.exact else None),
            from_minute=wish.from_minute, to_minute=wish.to_minute, exact=wish.exact,
        )  # fmt: skip
    if not found or all(getattr(state, name) == value for name, value in found.items()):
        return state
    return state.model_copy(update={**found, "passed": 0, "misses": 0, "slot": None})


def _today(state: State, facts: Facts) -> date:
    branch = next((one for one in facts.branches if one.branch_id == state.branch_id), facts.branches[0])
    return facts.now.astimezone(ZoneInfo(branch.zone)).date()


def _introduced(state: State, said: Said, facts: Facts) -> Turn | None:
    """A name, a phone, or both in one message."""
    phone = state.phone
    if not phone and (typed := PHONE.search(words.folded(said.text))):
        phone = typed.group()
    name = " ".join(re.sub(r"[+\d().,;:]+|\s-\s", " ", said.text).split())
    is_name = bool(NAME.match(name)) and len(name) >= 2 and not understand.spoken(name, NOT_A_NAME)
    if "?" in said.text or not (is_name or phone != state.phone):
        return None
    told = state.model_copy(
        update={
            "phone": phone,
            "full_name": name if is_name else state.full_name,
            "misses": 0,
        }
    )
    return asking.proceed(told, said, facts)


def _visit_named(state: State, said: Said, facts: Facts) -> Turn | None:
    """A visit by its day: "завтрашний", "12 ноября", "пятница"."""
    wish = when(said.text, _today(state, facts))
    if wish is None:
        return None
    fitting = []
    for one in state.visits:
        zone = next(each.zone for each in facts.branches if each.branch_id == one.branch_id)
        at = one.starts_at.astimezone(ZoneInfo(zone))
        if wish.admits(at.date(), at.hour * 60 + at.minute):
            fitting.append(one)
    if len(fitting) != 1:
        return None
    return asking.proceed(choosing.about(state, fitting[0]), said, facts)

"""One turn of the dialogue: what was said, or what an owner answered, and what follows from it."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from common.contracts.booking import AppointmentState
from notifications.rules import understand, words
from notifications.rules.dialogue import asking, catalogue
from notifications.rules.dialogue.values import (
    Agree,
    Cancel,
    Choice,
    Done,
    Facts,
    Got,
    Line,
    Move,
    Need,
    NotDone,
    Said,
    Say,
    State,
    Times,
    Turn,
    Visits,
    Wanted,
    Wish,
)
from notifications.rules.when import when

PAYLOAD = re.compile(r"chat:(?P<question>[\w-]{1,40}):(?P<place>\d{1,2})$")
MOST_MISSES = 2
OPERATOR = "asked for a person"
PHONE = re.compile(r"\+?\d[\d\s().-]{5,18}\d")
NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,5}$")
NOT_A_NAME = ("back", "no", "hello", "operator", "book", "visits", "move", "cancel", "confirm")
TRY_AGAIN = frozenset(
    {"slot-taken", "slot-in-the-past", "too-soon", "outside-working-time", "off-the-grid", "too-far-ahead"}
)
TOO_LATE = frozenset({"too-late-to-cancel", "too-late-to-move"})


def payload(question: str, place: int) -> str:
    """What the button of a choice sends back; the question's name tells an older question's buttons apart."""
    return f"chat:{question}:{place}"


def hear(state: State | None, said: Said, facts: Facts) -> Turn:
    """One message of the patient. Nothing is changed by what is not understood; after the second a person goes on."""
    if said.payload is not None and (button := PAYLOAD.match(said.payload)):
        return _pressed(state, said, facts, button["question"], int(button["place"]))
    alarm = alarming(said.text)
    if alarm is not None or understand.spoken(said.text, ("operator",)):
        return Turn(state, handover=alarm or OPERATOR)
    if understand.spoken(said.text, ("back", "hello")):
        return asking.menu(said)
    turn = _in_step(state, said, facts) if state is not None else None
    turn = turn or _wish(state, said, facts)
    return turn or _missed(state, said)


def alarming(text: str) -> str | None:
    """Why a person has to go on at once: anger, or words that no machine should answer."""
    return next((f"words of {kind}" for kind in ("anger", "care") if words.mentions(text, kind)), None)


def begin_move(appointment: AppointmentState, said: Said, facts: Facts) -> Turn:
    """A patient who asked to move one visit is shown other times for it at once."""
    state = State(wish="move", visits=(appointment,))
    return asking.proceed(_about(state, appointment), said, facts)


def got(state: State, need: Need, answer: Got, said: Said, facts: Facts) -> Turn:
    """What an owner answered to what it was asked for."""
    match answer:
        case Times(slots=slots):
            return asking.offer(state, said, facts, slots)
        case Visits(visits=visits):
            return _visits(state, said, facts, visits)
        case Done():
            return _done(need, answer, said)
        case NotDone():
            return _not_done(state, answer, said, facts)


# --- what was said ----------------------------------------------------------------------------------------


def _pressed(state: State | None, said: Said, facts: Facts, question: str, place: int) -> Turn:
    if state is None:
        return asking.menu(said, note="chat-old-button")
    if question != state.question or place >= len(state.choices):
        return _again(state, "chat-old-button")
    return _picked(state, state.choices[place], said, facts)


def _in_step(state: State, said: Said, facts: Facts) -> Turn | None:
    """What the words mean as an answer to the question that stands."""
    place = understand.chosen(said.text, len(state.choices))
    if place is not None:
        return _picked(state, state.choices[place], said, facts)
    if state.step == "person":
        return _introduced(state, said, facts)
    for choice in state.choices:
        if _says(said.text, choice):
            return _picked(state, choice, said, facts)
    if state.step == "visit":
        return _visit_named(state, said, facts)
    if state.step == "whom":
        who = catalogue.named(said.text, [(one, [one.name]) for one in facts.known])
        return _proceed(state, said, facts, patient_id=who.patient_id) if who else None
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


def _missed(state: State | None, said: Said) -> Turn:
    misses = (state.misses if state else 0) + 1
    if misses >= MOST_MISSES:
        return Turn(state, handover="not understood twice", understood=False)
    if state is None:
        turn = asking.menu(said, misses=misses, line="chat-not-understood")
        return Turn(turn.state, turn.says, understood=False)
    turn = _again(state.model_copy(update={"misses": misses}), "chat-not-understood")
    return Turn(turn.state, turn.says, understood=False)


def _again(state: State, note: Line) -> Turn:
    """The question that stands, once more, under its own name: its buttons stay good."""
    lines: Mapping[str, Line] = {
        "menu": "chat-greeting", "service": "chat-service", "branch": "chat-branch", "practitioner": "chat-practitioner",
        "whom": "chat-whom", "day": "chat-day", "slot": "chat-time", "visit": _listing(state), "deed": "chat-visit",
        "sure": "chat-cancel-sure", "agree": "chat-agree",
    }  # fmt: skip
    if state.step == "person":
        line: Line = (
            "chat-name" if state.phone else "chat-phone" if state.full_name else "chat-name-and-phone"
        )
    else:
        line = lines[state.step]
    appointment = next((one for one in state.visits if one.appointment_id == state.appointment_id), None)
    return Turn(state, (Say(note), Say(line, appointment)))


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
    phone = said.contact or ""
    if not phone and not state.phone and (typed := PHONE.search(words.folded(said.text))):
        phone = typed.group()
    name = " ".join(re.sub(r"[+\d().,;:]+|\s-\s", " ", said.text).split())
    is_name = bool(NAME.match(name)) and len(name) >= 2 and not understand.spoken(name, NOT_A_NAME)
    if "?" in said.text or not (phone or is_name):
        return None
    told = state.model_copy(
        update={
            "phone": phone or state.phone,
            "full_name": (name if is_name and not said.contact else "") or state.full_name,
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
    return asking.proceed(_about(state, fitting[0]), said, facts)


# --- a choice ---------------------------------------------------------------------------------------------


FILLS: Mapping[str, str] = {
    "service": "service_id", "branch": "branch_id", "practitioner": "practitioner_id", "patient": "patient_id",
    "any": "anybody", "somebody-else": "somebody_else",
}  # fmt: skip
"""Which gap of the wish a choice fills."""


def _picked(state: State, choice: Choice, said: Said, facts: Facts) -> Turn:
    state = state.model_copy(update={"misses": 0})
    if choice.kind in FILLS:
        return _proceed(state, said, facts, **{FILLS[choice.kind]: choice.thing_id or True})
    match choice.kind:
        case "slot":
            return _slot_picked(state, choice, said, facts)
        case "more":
            step = asking.OFFERED if state.step == "slot" else asking.PAGE
            return asking.proceed(state.model_copy(update={"passed": state.passed + step}), said, facts)
        case "other-day":
            return asking.ask(state.model_copy(update={"passed": 0}), said, "day", "chat-day", ())
        case "visit":
            visit = next(one for one in state.visits if one.appointment_id == choice.thing_id)
            return asking.proceed(_about(state, visit), said, facts)
        case "book" | "visits":
            return asking.proceed(State(wish=choice.kind), said, facts)
        case "move" | "cancel":
            return asking.proceed(state.model_copy(update={"wish": choice.kind}), said, facts)
        case "operator":
            return Turn(state, handover=OPERATOR)
        case _:
            return _answered(state, agrees=choice.kind == "yes")


def _proceed(state: State, said: Said, facts: Facts, **known: object) -> Turn:
    return asking.proceed(state.model_copy(update={**known, "passed": 0}), said, facts)


def _slot_picked(state: State, choice: Choice, said: Said, facts: Facts) -> Turn:
    assert choice.slot is not None
    if state.wish == "move" and state.appointment_id is not None:
        return Turn(state, need=Move(state.appointment_id, choice.slot))
    return asking.proceed(
        state.model_copy(update={"slot": choice.slot, "phone": state.phone or facts.phone or ""}), said, facts
    )


def _answered(state: State, *, agrees: bool) -> Turn:
    if state.step == "agree":
        assert state.patient_id is not None
        return (
            Turn(state, need=Agree(state.patient_id, state.agreements))
            if agrees
            else Turn(None, (Say("chat-thanks"),))
        )
    assert state.appointment_id is not None
    return Turn(state, need=Cancel(state.appointment_id)) if agrees else Turn(None, (Say("chat-kept"),))


def _about(state: State, visit: AppointmentState) -> State:
    """Other times for a visit are looked for where and with whom it is."""
    return state.model_copy(
        update={
            "appointment_id": visit.appointment_id, "service_id": visit.service_id, "branch_id": visit.branch_id,
            "practitioner_id": visit.practitioner_id, "patient_id": visit.patient_id, "passed": 0, "misses": 0,
        }
    )  # fmt: skip


# --- what owners answered ---------------------------------------------------------------------------------


def _visits(state: State, said: Said, facts: Facts, visits: tuple[AppointmentState, ...]) -> Turn:
    if not visits:
        return asking.menu(said, line="chat-no-visits")
    state = state.model_copy(update={"visits": visits[: asking.PAGE]})
    if len(visits) == 1:
        return asking.proceed(_about(state, visits[0]), said, facts)
    choices = [Choice(kind="visit", thing_id=one.appointment_id) for one in state.visits]
    return asking.ask(state, said, "visit", _listing(state), choices)


def _listing(state: State) -> Line:
    return "chat-visits" if state.wish == "visits" else "chat-which-visit"


def _done(need: Need, answer: Done, said: Said) -> Turn:
    match need:
        case Agree():
            return Turn(None, (Say("chat-thanks"),))
        case Move():
            return Turn(None, (Say("chat-moved", answer.appointment),))
        case Cancel():
            return Turn(None, (Say("chat-cancelled", answer.appointment),))
        case _:
            assert answer.appointment is not None
            booked = Say("chat-booked", answer.appointment)
            if not answer.agreements:
                return Turn(None, (booked,))
            after = State(patient_id=answer.appointment.patient_id, agreements=answer.agreements)
            turn = asking.ask(after, said, "agree", "chat-agree", (Choice(kind="yes"), Choice(kind="no")))
            return Turn(turn.state, (booked, *turn.says))


def _not_done(state: State, answer: NotDone, said: Said, facts: Facts) -> Turn:
    handlers: Mapping[str, Callable[[], Turn]] = {
        "malformed-phone": lambda: _ask_again(state, said, facts, "chat-bad-phone", phone=""),
        "malformed-name": lambda: _ask_again(state, said, facts, "chat-bad-name", full_name=""),
        "patient-busy": lambda: _other_times(state, said, facts, answer, "chat-busy"),
    }
    if answer.code in handlers:
        return handlers[answer.code]()
    if answer.code in TRY_AGAIN:
        return _other_times(state, said, facts, answer, "chat-taken")
    if answer.code in TOO_LATE:
        return Turn(None, (Say("chat-too-late"),), handover=answer.code, task="call-back")
    return Turn(state, handover=f"refused: {answer.code}")


def _ask_again(state: State, said: Said, facts: Facts, note: Line, **known: str) -> Turn:
    return asking.proceed(state.model_copy(update={**known, "note": note}), said, facts)


def _other_times(state: State, said: Said, facts: Facts, answer: NotDone, note: Line) -> Turn:
    """Alternatives at once: those that came with the refusal, else what is free now."""
    again = state.model_copy(update={"slot": None, "passed": 0, "note": note})
    if answer.slots:
        return asking.offer(again.model_copy(update={"wanted": None}), said, facts, answer.slots)
    return Turn(again, need=asking.times(again))

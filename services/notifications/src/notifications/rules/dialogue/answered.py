"""What owners answered, and what follows from it."""

from collections.abc import Callable, Mapping

from common.contracts.booking import AppointmentState
from notifications.rules.dialogue import asking, choosing
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
)

TRY_AGAIN = frozenset(
    {"slot-taken", "slot-in-the-past", "too-soon", "outside-working-time", "off-the-grid", "too-far-ahead"}
)
TOO_LATE = frozenset({"too-late-to-cancel", "too-late-to-move"})


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


def _visits(state: State, said: Said, facts: Facts, visits: tuple[AppointmentState, ...]) -> Turn:
    if not visits:
        return asking.menu(said, line="chat-no-visits")
    state = state.model_copy(update={"visits": visits[: asking.PAGE]})
    if len(visits) == 1:
        return asking.proceed(choosing.about(state, visits[0]), said, facts)
    choices = [Choice(kind="visit", thing_id=one.appointment_id) for one in state.visits]
    return asking.ask(state, said, "visit", listing(state), choices)


def listing(state: State) -> Line:
    """Under which words visits are listed."""
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

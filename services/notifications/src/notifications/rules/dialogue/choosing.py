"""What a choice does: it fills a gap of the wish, or carries the dialogue somewhere else."""

from collections.abc import Mapping

from common.contracts.booking import AppointmentState
from notifications.rules.dialogue import asking
from notifications.rules.dialogue.values import (
    Agree,
    Cancel,
    Choice,
    Facts,
    Move,
    Said,
    Say,
    State,
    Turn,
)

OPERATOR = "asked for a person"
FILLS: Mapping[str, str] = {
    "service": "service_id", "branch": "branch_id", "practitioner": "practitioner_id", "patient": "patient_id",
    "any": "anybody", "somebody-else": "somebody_else",
}  # fmt: skip
"""Which gap of the wish a choice fills."""


def picked(state: State, choice: Choice, said: Said, facts: Facts) -> Turn:
    """What follows from one of the choices that were shown."""
    state = state.model_copy(update={"misses": 0})
    if choice.kind in FILLS:
        return proceed(state, said, facts, **{FILLS[choice.kind]: choice.thing_id or True})
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
            return asking.proceed(about(state, visit), said, facts)
        case "book" | "visits":
            return asking.proceed(State(wish=choice.kind), said, facts)
        case "move" | "cancel":
            return asking.proceed(state.model_copy(update={"wish": choice.kind}), said, facts)
        case "operator":
            return Turn(state, handover=OPERATOR)
        case _:
            return _answered(state, agrees=choice.kind == "yes")


def proceed(state: State, said: Said, facts: Facts, **known: object) -> Turn:
    """Go on with a gap filled."""
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


def about(state: State, visit: AppointmentState) -> State:
    """Other times for a visit are looked for where and with whom it is."""
    return state.model_copy(
        update={
            "appointment_id": visit.appointment_id, "service_id": visit.service_id, "branch_id": visit.branch_id,
            "practitioner_id": visit.practitioner_id, "patient_id": visit.patient_id, "passed": 0, "misses": 0,
        }
    )  # fmt: skip

"""The next question of a dialogue: what is still missing, and which answers are offered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.contracts.booking import Slot
from notifications.rules.dialogue import catalogue
from notifications.rules.dialogue.values import (
    Book,
    Choice,
    ChoiceKind,
    Facts,
    FindOthers,
    FindTimes,
    FindVisits,
    Line,
    Need,
    Said,
    Say,
    State,
    Step,
    Turn,
    Wanted,
)
from notifications.rules.when import When

PAGE = 8
"""As many choices as a list of the strictest channel holds, with "more" and one beside them."""
OFFERED = 3
LOOK_DAYS = 14
LOOK_FAR_DAYS = 60
APART = timedelta(hours=1)
"""Times that are shown together stand at least so far from each other, where there are enough."""


def menu(said: Said, *, note: Line | None = None, misses: int = 0, line: Line = "chat-greeting") -> Turn:
    """What can be done here at all."""
    choices = tuple(Choice(kind=kind) for kind in ("book", "visits", "operator"))
    state = State(question=said.key, choices=choices, misses=misses)
    return Turn(state, (*([Say(note)] if note else []), Say(line)))


def proceed(state: State, said: Said, facts: Facts) -> Turn:
    """Ask for what the wish still lacks, or for its times."""
    if state.wish != "book":
        return _with_visit(state, said, facts)
    state = _settled(state, facts)
    if state.service_id is None:
        services = catalogue.services(facts)
        found = [Choice(kind="service", thing_id=one.service_id) for one in services]
        return ask(state, said, "service", "chat-service", _page(found, state.passed))
    if state.branch_id is None:
        found = [Choice(kind="branch", thing_id=one.branch_id) for one in catalogue.branches(state, facts)]
        return ask(state, said, "branch", "chat-branch", _page(found, state.passed))
    if state.practitioner_id is None and not state.anybody:
        found = [
            Choice(kind="any"),
            *(
                Choice(kind="practitioner", thing_id=one.practitioner_id)
                for one in catalogue.practitioners(state, facts)
            ),
        ]
        return ask(state, said, "practitioner", "chat-practitioner", _page(found, state.passed))
    if facts.known and _whom_is_open(state):
        people = [Choice(kind="patient", thing_id=one.patient_id) for one in facts.known[: PAGE - 1]]
        return ask(state, said, "whom", "chat-whom", (*people, Choice(kind="somebody-else")))
    if state.slot is None:
        return Turn(state, need=times(state))
    return _with_slot(state, said, facts)


def _settled(state: State, facts: Facts) -> State:
    """What leaves no choice needs no question."""
    found: dict[str, object] = {}
    if state.service_id is None and len(services := catalogue.services(facts)) == 1:
        found["service_id"] = services[0].service_id
    state = state.model_copy(update=found)
    if state.service_id is not None and state.branch_id is None:
        branches = catalogue.branches(state, facts)
        if len(branches) == 1:
            state = state.model_copy(update={"branch_id": branches[0].branch_id})
    if state.branch_id is not None and state.practitioner_id is None and not state.anybody:
        people = catalogue.practitioners(state, facts)
        if len(people) == 1:
            state = state.model_copy(update={"practitioner_id": people[0].practitioner_id})
        elif state.wanted is not None:
            state = state.model_copy(update={"anybody": True})
    if len(facts.known) == 1 and _whom_is_open(state):
        state = state.model_copy(update={"patient_id": facts.known[0].patient_id})
    return state


def _whom_is_open(state: State) -> bool:
    """Whether it may be for somebody who writes from here: nobody else was chosen or named."""
    return state.patient_id is None and not state.somebody_else and not state.full_name


def _with_visit(state: State, said: Said, facts: Facts) -> Turn:
    """Which visit is meant, and what is to become of it. Nobody is told that they have none before they are known."""
    if state.appointment_id is None:
        if facts.shares_phone and facts.phone is None and not facts.known:
            return ask(state, said, "phone", "chat-share-phone", ())
        return Turn(state, need=FindVisits())
    if state.wish == "cancel":
        return ask(state, said, "sure", "chat-cancel-sure", _kinds("yes", "no"))
    if state.wish == "move":
        return Turn(state, need=FindOthers(state.appointment_id) if state.wanted is None else times(state))
    return ask(state, said, "deed", "chat-visit", _kinds("move", "cancel"))


def _with_slot(state: State, said: Said, facts: Facts) -> Turn:
    """Who comes, as far as nobody knows; then it can be booked."""
    assert state.slot is not None
    assert state.service_id is not None
    if state.patient_id is None and not (state.full_name and state.phone):
        return ask(state, said, "person", introduction(state, facts), ())
    return Turn(
        state, need=Book(state.slot, state.service_id, state.patient_id, state.full_name, state.phone)
    )


def introduction(state: State, facts: Facts) -> Line:
    """What is asked of somebody new: what is not known of them yet."""
    if state.phone:
        return "chat-name"
    if state.full_name:
        return "chat-phone"
    return "chat-share-or-write" if facts.shares_phone else "chat-name-and-phone"


def wants_phone(state: State, facts: Facts) -> bool:
    """Whether the question that stands is best answered by the channel's own button."""
    return facts.shares_phone and (state.step == "phone" or (state.step == "person" and not state.phone))


def times(state: State) -> Need:
    """Free times from the wished day on; a wish for one day looks at that day."""
    assert state.service_id is not None
    wanted = state.wanted or Wanted()
    days = LOOK_DAYS
    if wanted.first is not None and wanted.last is not None:
        days = min((wanted.last - wanted.first).days + 1, LOOK_DAYS)
    return FindTimes(state.service_id, state.branch_id, state.practitioner_id, wanted.first, days)


def offer(state: State, said: Said, facts: Facts, found: Sequence[Slot]) -> Turn:
    """Up to three of the times that were wished for; where there are none, the nearest, saying so."""
    fitting = [one for one in found if _fits(state, one, facts)]
    if not fitting and state.wanted is not None:
        relaxed = state.model_copy(update={"note": "chat-nothing-then", "passed": 0})
        if not found and state.wanted.last is not None:
            wider = state.wanted.model_copy(update={"last": None, "from_minute": None, "to_minute": None})
            assert state.service_id is not None
            return Turn(
                relaxed.model_copy(update={"wanted": wider}),
                need=FindTimes(
                    state.service_id, state.branch_id, state.practitioner_id, wider.first, LOOK_FAR_DAYS
                ),
            )
        return _offered(relaxed, said, _nearest(state, found, facts))
    if state.wanted is not None and state.wanted.exact:
        return _offered(state, said, _nearest(state, fitting, facts))
    return _offered(state, said, _spread(fitting))


def _offered(state: State, said: Said, slots: Sequence[Slot]) -> Turn:
    page = slots[state.passed : state.passed + OFFERED]
    if not page and state.passed:
        return _offered(state.model_copy(update={"passed": 0}), said, slots)
    if not page:
        return ask(state, said, "day", "chat-nothing-free", _kinds("other-day", "operator"))
    more = _kinds("more", "other-day") if len(slots) > state.passed + OFFERED else _kinds("other-day")
    choices = (*(Choice(kind="slot", slot=one) for one in page), *more)
    return ask(state, said, "slot", "chat-time", choices)


def local(slot: Slot, facts: Facts) -> datetime:
    """A time on the wall clock of its branch."""
    zone = next(one.zone for one in facts.branches if one.branch_id == slot.branch_id)
    return slot.starts_at.astimezone(ZoneInfo(zone))


def _fits(state: State, slot: Slot, facts: Facts) -> bool:
    if state.wanted is None:
        return True
    at = local(slot, facts)
    return When(**state.wanted.model_dump()).admits(at.date(), at.hour * 60 + at.minute)


def _nearest(state: State, slots: Sequence[Slot], facts: Facts) -> list[Slot]:
    """By day, then by how far they are from the wished time."""
    minute = (state.wanted.from_minute if state.wanted else None) or 0

    def far(slot: Slot) -> tuple[object, int]:
        at = local(slot, facts)
        return at.date(), abs(at.hour * 60 + at.minute - minute)

    return _distinct(sorted(slots, key=far))


def _distinct(slots: Sequence[Slot]) -> list[Slot]:
    """One of those that begin together: who it is with was said not to matter."""
    return list({one.starts_at: one for one in reversed(slots)}.values())[::-1]


def _spread(slots: Sequence[Slot]) -> list[Slot]:
    """Times an hour apart first; all of them where that leaves too few."""
    spread: list[Slot] = []
    for slot in _distinct(slots):
        if not spread or slot.starts_at - spread[-1].starts_at >= APART:
            spread.append(slot)
    return spread if len(spread) >= OFFERED else _distinct(slots)


def ask(state: State, said: Said, step: Step, line: Line, choices: Sequence[Choice]) -> Turn:
    """Put a question; what had to be said before it is said with it."""
    note = (Say(state.note),) if state.note else ()
    appointment = next((one for one in state.visits if one.appointment_id == state.appointment_id), None)
    asked = state.model_copy(
        update={"step": step, "question": said.key, "choices": tuple(choices), "note": None}
    )
    return Turn(asked, (*note, Say(line, appointment)))


def _page(choices: Sequence[Choice], passed: int) -> tuple[Choice, ...]:
    page = tuple(choices[passed : passed + PAGE])
    return (*page, Choice(kind="more")) if len(choices) > passed + PAGE else page


def _kinds(*kinds: ChoiceKind) -> tuple[Choice, ...]:
    return tuple(Choice(kind=kind) for kind in kinds)

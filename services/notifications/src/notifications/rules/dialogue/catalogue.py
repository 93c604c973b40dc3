"""What of the clinic's directory fits a wish, and what of it a patient's words name."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from common.contracts.directory import Branch, Practitioner, Service
from notifications.rules import words
from notifications.rules.dialogue.values import Facts, State

Thing = TypeVar("Thing")

STEM = 5
"""Names are declined: as many letters as this have to agree, or all of a shorter word."""
SHORTEST = 3


def services(facts: Facts) -> list[Service]:
    """What can be booked: offered somewhere by somebody, in the order of its name."""
    performed = {each for one in facts.practitioners for each in one.service_ids}
    found = [one for one in facts.services if one.active and one.service_id in performed]
    return sorted(found, key=lambda one: min(one.name.values(), default=""))


def branches(state: State, facts: Facts) -> list[Branch]:
    """Where the wished service is offered by the wished practitioner."""
    service = next((one for one in facts.services if one.service_id == state.service_id), None)
    return [
        one
        for one in facts.branches
        if one.active
        and (service is None or service.branch_ids is None or one.branch_id in service.branch_ids)
        and any(_receives(each, one.branch_id) for each in _performing(state, facts))
    ]


def practitioners(state: State, facts: Facts) -> list[Practitioner]:
    """Who performs the wished service at the wished branch."""
    return [
        one
        for one in _performing(state.model_copy(update={"practitioner_id": None}), facts)
        if state.branch_id is None or _receives(one, state.branch_id)
    ]


def _performing(state: State, facts: Facts) -> list[Practitioner]:
    return [
        one
        for one in facts.practitioners
        if one.active
        and (state.service_id is None or state.service_id in one.service_ids)
        and state.practitioner_id in {None, one.practitioner_id}
    ]


def _receives(practitioner: Practitioner, branch_id: UUID) -> bool:
    return any(rule.branch_id == branch_id for rule in practitioner.working_hours)


def names_of_service(service: Service) -> list[str]:
    """As the catalogue names it, and as people call what is of its kind."""
    return [*service.name.values(), *words.called(service.kind)]


def names_of_branch(branch: Branch) -> list[str]:
    return [branch.name, branch.address.city, branch.address.street]


def names_of_practitioner(practitioner: Practitioner) -> list[str]:
    return [
        practitioner.name,
        *practitioner.name_forms.display.values(),
        *practitioner.name_forms.dative.values(),
    ]


def named(text: str, things: Iterable[tuple[Thing, Sequence[str]]]) -> Thing | None:
    """The one thing whose names share the most words with the text; None where none does, or two do as well."""
    said = _stems(text)
    scored = [
        (max((len(said & _stems(name)) for name in names), default=0), thing) for thing, names in things
    ]
    best = max((score for score, _ in scored), default=0)
    found = [thing for score, thing in scored if score == best]
    return found[0] if best and len(found) == 1 else None


def _stems(text: str) -> frozenset[str]:
    """Beginnings of words; of Chinese, which has no words divided, every two neighbouring signs."""
    said = words.tokens(text)
    whole = {each[:STEM] for each in said if len(each) >= SHORTEST}
    pairs = {a + b for a, b in pairwise(said) if len(a) == len(b) == 1}
    return frozenset(whole | pairs)

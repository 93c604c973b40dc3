"""Who may do what with people's data."""

from uuid import UUID

import pytest

from common.caller import Caller, system
from common.errors import NotAllowed
from common.ids import new_id
from common.testing import caller
from patient_profile.rules import access
from patient_profile.rules.access import Act

ACTS: list[Act] = ["register", "read-cards", "read-profiles", "change", "link-handle", "work-on-tasks"]


@pytest.mark.parametrize("role", ["reception", "doctor", "manager", "admin"])
@pytest.mark.parametrize("act", ACTS)
def test_staff_who_see_patients_may_do_everything(role: str, act: Act) -> None:
    access.require(caller("n", roles=(role,)), act)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    "by",
    [
        caller("n", roles=("accounting",)),
        caller("n", roles=()),
        caller("n", "api-key:1", ("accounting",)),
        caller("n", roles=("system",)),
        caller("n", "anonymous", ("admin",)),
    ],
    ids=["accounting", "nobody", "key", "false system", "false admin"],
)
def test_accounting_and_whoever_has_no_role_of_staff_may_not(by: Caller, act: Act) -> None:
    if act == "register" and by.actor == "anonymous":
        access.require(by, act)
        return
    with pytest.raises(NotAllowed):
        access.require(by, act)


@pytest.mark.parametrize("actor", ["anonymous", "patient:1", "patient-by-reply"])
def test_patients_register_but_read_no_profiles(actor: str) -> None:
    by = caller("n", actor, ())
    access.require(by, "register")
    for act in ("read-profiles", "change", "work-on-tasks"):
        with pytest.raises(NotAllowed):
            access.require(by, act)


def test_services_get_cards_and_nothing_more_personal() -> None:
    by = system("notifications", "n")
    access.require(by, "read-cards")
    for act in ("read-profiles", "change", "work-on-tasks"):
        with pytest.raises(NotAllowed):
            access.require(by, act)


def test_of_the_services_notifications_alone_links_handles() -> None:
    access.require(system("notifications", "n"), "link-handle")
    with pytest.raises(NotAllowed):
        access.require(system("recall", "n"), "link-handle")


def test_a_patient_gets_their_own_card_only() -> None:
    own, other = new_id(), new_id()
    assert access.visible_cards(caller("n", f"patient:{own}", ()), [own, other]) == [own]
    assert access.visible_cards(system("recall", "n"), [own, other]) == [own, other]
    with pytest.raises(NotAllowed):
        access.visible_cards(caller("n", "anonymous", ()), [own])


def test_reception_sees_the_tasks_of_its_branches_and_a_manager_all() -> None:
    branch = UUID("0199f000-0000-7000-8000-000000000001")
    bound = caller("n", roles=("reception",), branches=(str(branch),))
    assert access.visible_branches(bound) == (branch,)
    assert access.visible_branches(caller("n", roles=("manager",), branches=(str(branch),))) is None
    assert access.visible_branches(caller("n", roles=("reception",))) is None

"""Questions about people and tasks, and what their answers leave out."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from common.caller import system
from common.contracts.notifications import TaskRaised
from common.contracts.patient_profile import (
    Alert,
    FindPatients,
    FinishTask,
    GetAlerts,
    GetCards,
    ListTasks,
    PatientChanges,
    RegisterPatient,
    TakeTask,
    Tasks,
    UpdatePatient,
)
from common.database import Database
from common.errors import NotAllowed, Refused
from common.ids import new_id
from common.sealed import Sealer
from common.testing import START, caller
from patient_profile import operations, queries
from patient_profile.rules.tasks import TaskTaken


class Desk:
    """Somebody at the reception of one network."""

    def __init__(self, database: Database, sealer: Sealer, network_id: str) -> None:
        self.database = database
        self.sealer = sealer
        self.caller = caller(network_id, "staff:desk", ("reception",))

    async def register(self, full_name: str, phone: str = "8 701 123 45 67", **more: Any) -> UUID:
        by = self.caller
        if more.pop("anonymous", False):
            by = caller(by.network_id, "anonymous", (), purpose="booking")
        command = RegisterPatient(patient_id=new_id(), full_name=full_name, phone=phone, country="KZ", **more)
        async with self.database.transaction(by.network_id) as tx:
            made = await operations.register(tx, command, by, self.sealer, now=START)
        return made.patient_id

    async def change(self, patient_id: UUID, **changes: Any) -> None:
        command = UpdatePatient(patient_id=patient_id, country="KZ", changes=PatientChanges(**changes))
        async with self.database.transaction(self.caller.network_id) as tx:
            await operations.update(tx, command, self.caller, self.sealer, now=START)

    async def find(self, **query: Any) -> list[tuple[UUID, str]]:
        async with self.database.transaction(self.caller.network_id) as tx:
            found = await queries.find(tx, FindPatients(country="KZ", **query), self.caller, self.sealer)
        return [(candidate.card.patient_id, candidate.matched_by) for candidate in found.candidates]


@pytest.fixture
def desk(database: Database, sealer: Sealer, network_id: str) -> Desk:
    return Desk(database, sealer, network_id)


@pytest.mark.parametrize("phone", ["8 701 123 45 67", "+7 701 123-45-67", "۸۷۰۱۱۲۳۴۵۶۷", "87011234567"])
async def test_a_call_finds_the_whole_family_in_any_shape_of_the_phone(desk: Desk, phone: str) -> None:
    mother, child = await desk.register("Ахметова Айгерим"), await desk.register("Ахметов Тимур")
    await desk.register("Ахметова Айгерим", "8 702 000 00 01")
    assert await desk.find(phone=phone) == [(mother, "phone"), (child, "phone")]


async def test_somebody_is_found_by_any_words_of_their_name_in_any_order(desk: Desk) -> None:
    one = await desk.register("Ахметова Алёна Нурлановна")
    await desk.register("Ахметов Тимур")
    for name in ("алена", "Нурлановна Ахметова", "АХМЕТОВА АЛЁНА"):
        assert await desk.find(name=name) == [(one, "name")]
    assert await desk.find(name="Ахметова Тимур") == []


async def test_phone_and_name_together_list_those_with_the_phone_first(desk: Desk) -> None:
    by_name = await desk.register("Ахметова Айгерим", "8 702 000 00 01")
    by_phone = await desk.register("Ахметова Айгерим")
    found = await desk.find(phone="8 701 123 45 67", name="Айгерим Ахметова")
    assert found == [(by_phone, "phone"), (by_name, "name")]


async def test_a_changed_name_is_found_by_its_new_words_only(desk: Desk) -> None:
    one = await desk.register("Ахметова Айгерим")
    await desk.change(one, full_name="Серикова Айгерим")
    assert await desk.find(name="Серикова") == [(one, "name")]
    assert await desk.find(name="Ахметова") == []


async def test_provisional_patients_are_found_by_nothing(desk: Desk) -> None:
    await desk.register("Ахметова Айгерим", anonymous=True)
    assert await desk.find(phone="8 701 123 45 67") == []
    assert await desk.find(name="Айгерим") == []


async def test_a_search_for_nothing_or_for_no_phone_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        await desk.find()
    assert refusal.value.refusal == "nothing-to-search"
    with pytest.raises(Refused) as refusal:
        await desk.find(phone="123")
    assert refusal.value.refusal == "malformed-phone"


async def test_candidates_and_the_day_board_show_alerts(desk: Desk) -> None:
    one, other = await desk.register("Ахметова Айгерим"), await desk.register("Ахметов Тимур")
    allergy = Alert(kind="allergy", text="лидокаин")
    await desk.change(one, alerts=[allergy])
    async with desk.database.transaction(desk.caller.network_id) as tx:
        query = FindPatients(phone="8 701 123 45 67", country="KZ")
        found = await queries.find(tx, query, desk.caller, desk.sealer)
        flags = await queries.alerts(
            tx, GetAlerts(patient_ids=[one, other, new_id()]), desk.caller, desk.sealer
        )
    assert [candidate.alerts for candidate in found.candidates] == [[allergy], []]
    assert flags.alerts == {one: [allergy], other: []}


async def test_cards_come_by_id_and_unknown_ids_are_left_out(desk: Desk) -> None:
    one = await desk.register("Ахметова Айгерим Нурлановна", locale="kk", email="a@example.kz")
    query = GetCards(patient_ids=[one, new_id(), one])
    got = await queries.cards(desk.database.statements, query, desk.caller, desk.sealer)
    assert list(got.cards) == [one]
    card = got.cards[one]
    assert (card.given_name, card.locale, card.email, card.version) == ("Айгерим", "kk", "a@example.kz", 1)
    assert (card.phones[0].phone, card.phones[0].original) == ("+77011234567", "8 701 123 45 67")


async def test_services_that_ask_by_themselves_see_tags_and_nobody_else_in_a_card(desk: Desk) -> None:
    one = await desk.register("Ахметова Айгерим")
    await desk.change(one, tags=["vip"])
    query = GetCards(patient_ids=[one])
    seen = [
        (await queries.cards(desk.database.statements, query, by, desk.sealer)).cards[one].tags
        for by in (system("notifications", desk.caller.network_id), desk.caller)
    ]
    assert seen == [["vip"], []]


async def test_accounting_gets_no_card(desk: Desk) -> None:
    one = await desk.register("Ахметова Айгерим")
    with pytest.raises(NotAllowed):
        await queries.cards(
            desk.database.statements,
            GetCards(patient_ids=[one]),
            caller(desk.caller.network_id, roles=("accounting",)),
            desk.sealer,
        )


# --- tasks ----------------------------------------------------------------------------------------------


def raised(network_id: str, minutes: int, **more: Any) -> TaskRaised:
    given = {
        "network_id": network_id,
        "occurred_at": START,
        "version": 1,
        "task_id": new_id(),
        "kind": "confirm-by-phone",
        "patient_id": None,
        "appointment_id": None,
        "branch_id": None,
        "due_at": START + timedelta(minutes=minutes),
        "reason": "no-channel-left",
        **more,
    }
    return TaskRaised(**given)


async def queue(desk: Desk, *events: TaskRaised) -> None:
    async with desk.database.transaction(desk.caller.network_id) as tx:
        for event in events:
            await operations.raise_task(tx, event)


async def listed(desk: Desk, **query: Any) -> Tasks:
    by = query.pop("by", desk.caller)
    async with desk.database.transaction(desk.caller.network_id) as tx:
        return await queries.list_tasks(tx, ListTasks(**query), by, desk.sealer)


async def test_the_queue_is_read_page_by_page_by_due_time(desk: Desk) -> None:
    events = [raised(desk.caller.network_id, minutes) for minutes in (30, 10, 20, 10, 40)]
    await queue(desk, *events)
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await listed(desk, limit=2, cursor=cursor)
        seen += [task.task_id for task in page.tasks]
        cursor = page.next_cursor
        if cursor is None:
            break
    expected = sorted(events, key=lambda event: (event.due_at, event.task_id))
    assert seen == [event.task_id for event in expected]


async def test_tasks_of_several_patients_are_asked_for_at_once(desk: Desk) -> None:
    patients = [new_id(), new_id(), new_id()]
    events = [raised(desk.caller.network_id, n, patient_id=one) for n, one in enumerate(patients)]
    await queue(desk, *events)
    found = (await listed(desk, patient_ids=patients[:2])).tasks
    assert [task.task_id for task in found] == [event.task_id for event in events[:2]]
    assert (await listed(desk, patient_ids=[])).tasks == []


async def test_done_tasks_are_listed_only_when_asked_for(desk: Desk) -> None:
    one, other = raised(desk.caller.network_id, 1), raised(desk.caller.network_id, 2)
    await queue(desk, one, other)
    async with desk.database.transaction(desk.caller.network_id) as tx:
        await operations.finish_task(
            tx, FinishTask(task_id=one.task_id, outcome="дозвонились"), desk.caller, desk.sealer, now=START
        )
    assert [task.task_id for task in (await listed(desk)).tasks] == [other.task_id]
    (done,) = (await listed(desk, status="done")).tasks
    assert (done.task_id, done.outcome, done.assignee) == (one.task_id, "дозвонились", "staff:desk")


async def test_tasks_are_filtered_by_branch_and_patient(desk: Desk) -> None:
    branch, patient = new_id(), new_id()
    here = raised(desk.caller.network_id, 1, branch_id=branch)
    theirs = raised(desk.caller.network_id, 2, branch_id=new_id(), patient_id=patient)
    nowhere = raised(desk.caller.network_id, 3)
    await queue(desk, here, theirs, nowhere)
    bound = caller(desk.caller.network_id, "staff:b", ("reception",), branches=(str(branch),))
    assert [task.task_id for task in (await listed(desk, by=bound)).tasks] == [here.task_id, nowhere.task_id]
    assert [task.task_id for task in (await listed(desk, branch_id=branch)).tasks] == [here.task_id]
    assert [task.task_id for task in (await listed(desk, patient_id=patient)).tasks] == [theirs.task_id]


async def test_of_two_who_take_one_task_one_wins(desk: Desk) -> None:
    event = raised(desk.caller.network_id, 1)
    await queue(desk, event)

    async def take(name: str) -> str:
        by = caller(desk.caller.network_id, f"staff:{name}", ("reception",))
        async with desk.database.transaction(by.network_id) as tx:
            taken = await operations.take_task(
                tx, TakeTask(task_id=event.task_id), by, desk.sealer, now=START
            )
        return str(taken.assignee)

    outcomes = await asyncio.gather(*(take(str(n)) for n in range(10)), return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, str)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, TaskTaken)]
    assert (len(won), len(lost)) == (1, 9)
    assert {refusal.extra["assignee"] for refusal in lost} == set(won)


async def test_an_unknown_task_cannot_be_taken(desk: Desk) -> None:
    async with desk.database.transaction(desk.caller.network_id) as tx:
        with pytest.raises(Refused) as refusal:
            await operations.take_task(tx, TakeTask(task_id=new_id()), desk.caller, desk.sealer, now=START)
    assert refusal.value.refusal == "unknown-task"

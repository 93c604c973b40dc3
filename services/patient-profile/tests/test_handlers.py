"""patient-profile over the real bus and database: commands, queries, events, due work, and the whole service."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from common import outbox
from common.bus import Bus
from common.caller import system
from common.clock import Clock
from common.contracts import booking
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
    AppointmentState,
)
from common.contracts.messages import Event
from common.contracts.notifications import TaskRaised
from common.contracts.patient_profile import (
    Alert,
    FindPatients,
    FinishTask,
    GetCards,
    GetProfile,
    LinkHandle,
    ListTasks,
    PatientChanged,
    PatientChanges,
    Profile,
    RegisterPatient,
    TakeTask,
    UpdatePatient,
)
from common.database import AlreadyApplied, Database
from common.delivery import Heard
from common.errors import Refused, Unavailable
from common.ids import new_id
from common.rpc import Answers, Asks
from common.testing import PATIENCE, START, Answering, Urls, caller, running
from patient_profile import handlers, workers
from patient_profile.app import create_app
from patient_profile.handlers import Parts
from patient_profile.settings import Settings


@pytest.fixture
async def service(
    environment: Callable[..., None], urls: Urls, nats_server: Any, sealing_key: str, bus: Bus
) -> AsyncIterator[Any]:
    environment(urls, nats_server.url, sealing_key=sealing_key)
    async with running(create_app(Settings())) as app:
        yield app


def registration(**more: Any) -> RegisterPatient:
    given = {
        "patient_id": new_id(),
        "full_name": "Ахметова Айгерим Нурлановна",
        "phone": "8 701 123 45 67",
        "country": "KZ",
        **more,
    }
    return RegisterPatient(**given)


def appointment(patient_id: UUID, **more: Any) -> AppointmentState:
    given = {
        "appointment_id": new_id(),
        "patient_id": patient_id,
        "status": "booked",
        "starts_at": START,
        "ends_at": START,
        "branch_id": new_id(),
        "practitioner_id": new_id(),
        "service_id": new_id(),
        "source": "site",
        "created_at": START,
        **more,
    }
    return AppointmentState(**given)


def booked(network_id: str, patient_id: UUID, **more: Any) -> AppointmentBooked:
    return AppointmentBooked(
        network_id=network_id, occurred_at=START, version=1, appointment=appointment(patient_id, **more)
    )


def raised(network_id: str, **more: Any) -> TaskRaised:
    given = {
        "network_id": network_id,
        "occurred_at": START,
        "version": 1,
        "task_id": new_id(),
        "kind": "call-back",
        "patient_id": None,
        "appointment_id": None,
        "branch_id": None,
        "due_at": START,
        "reason": "asked-for-a-person",
        **more,
    }
    return TaskRaised(**given)


async def count(database: Database, network_id: str, table: str) -> int:
    async with database.transaction(network_id) as tx:
        return int((await tx.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


def anonymous(network_id: str) -> Any:
    return caller(network_id, "anonymous", (), purpose="booking")


# --- the whole service ----------------------------------------------------------------------------------


async def test_two_hundred_registrations_of_one_person_make_one_patient(
    service: Any, asks: Asks, network_id: str, database: Database
) -> None:
    replies = await asyncio.gather(
        *(asks.ask(registration(), caller=anonymous(network_id)) for _ in range(200))
    )
    assert len({reply.patient_id for reply in replies}) == 1
    assert [reply.created for reply in replies].count(True) == 1
    assert await count(database, network_id, "patients") == 1


async def test_two_people_with_one_phone_who_register_at_once_are_two(
    service: Any, asks: Asks, network_id: str
) -> None:
    names = ("Ахметова Айгерим", "Ахметов Тимур")
    replies = await asyncio.gather(
        *(asks.ask(registration(full_name=names[n % 2]), caller=anonymous(network_id)) for n in range(50))
    )
    assert len({reply.patient_id for reply in replies}) == 2


async def published(js: JetStreamContext, event: Event) -> None:
    await js.publish(
        event.subject, event.model_dump_json().encode(), headers={"Nats-Msg-Id": str(event.event_id)}
    )


async def until(condition: Callable[[], Any], *, within: float = PATIENCE) -> Any:
    """What the condition gives once it gives something; bus and database need a moment."""
    ends = time.monotonic() + within
    while not (found := await condition()):
        assert time.monotonic() < ends, "it did not happen in time"
        await asyncio.sleep(0.02)
    return found


async def test_a_patient_is_found_once_their_appointment_is_heard_of(
    service: Any, asks: Asks, js: JetStreamContext, network_id: str
) -> None:
    made = await asks.ask(registration(), caller=anonymous(network_id))
    desk = caller(network_id, roles=("reception",))
    query = FindPatients(phone="+77011234567", country="KZ")
    assert (await asks.ask(query, caller=desk)).candidates == []
    changes = await js.subscribe(
        PatientChanged.subject, stream="PATIENT_PROFILE_EVENTS", ordered_consumer=True
    )
    await published(js, booked(network_id, made.patient_id))

    async def candidates() -> Any:
        return (await asks.ask(query, caller=desk)).candidates

    (candidate,) = await until(candidates)
    assert candidate.card.patient_id == made.patient_id
    told = PatientChanged.model_validate_json((await changes.next_msg(timeout=PATIENCE)).data)
    assert (told.patient_id, told.version) == (made.patient_id, 1)


async def test_a_task_that_another_service_raises_is_taken_and_finished(
    service: Any, asks: Asks, js: JetStreamContext, network_id: str
) -> None:
    desk = caller(network_id, roles=("reception",))
    event = raised(network_id)
    await published(js, event)

    async def tasks() -> Any:
        return (await asks.ask(ListTasks(), caller=desk)).tasks

    (task,) = await until(tasks)
    assert (task.task_id, task.kind, task.status) == (event.task_id, "call-back", "open")
    taken = await asks.ask(TakeTask(task_id=event.task_id), caller=desk)
    assert (taken.status, taken.assignee) == ("taken", "staff:desk")
    done = await asks.ask(FinishTask(task_id=event.task_id, outcome="перезвонили"), caller=desk)
    assert (done.status, done.outcome, done.version) == ("done", "перезвонили", 3)


async def test_what_a_change_leaves_out_stays_when_it_crosses_the_wire(
    service: Any, asks: Asks, network_id: str
) -> None:
    desk = caller(network_id, roles=("reception",))
    made = await asks.ask(registration(email="aigerim@example.kz", locale="kk"), caller=desk)
    alerts = [Alert(kind="allergy", text="лидокаин")]

    async def change(**changes: Any) -> Profile:
        return await asks.ask(
            UpdatePatient(
                patient_id=made.patient_id, country="KZ", changes=PatientChanges.model_validate(changes)
            ),
            caller=desk,
        )

    await change(alerts=alerts, tags=["VIP"])
    changed = await change(sex="female", locale=None)
    card = changed.card
    assert (card.sex, card.email, card.locale) == ("female", "aigerim@example.kz", None)
    assert (changed.alerts, changed.tags) == (alerts, ["VIP"])


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"phone": "12 345"}, "malformed-phone"),
        ({"full_name": "bell\x07"}, "malformed-name"),
        ({"email": "nowhere"}, "malformed-email"),
    ],
)
async def test_bad_input_is_refused_by_its_code_and_changes_nothing(
    service: Any, asks: Asks, network_id: str, database: Database, wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        await asks.ask(registration(**wrong), caller=anonymous(network_id))
    assert refusal.value.refusal == code
    assert await count(database, network_id, "patients") == await count(database, network_id, "commands") == 0


# --- commands -------------------------------------------------------------------------------------------


async def test_a_repeated_registration_answers_the_same_and_another_body_is_refused(
    parts: Parts, network_id: str
) -> None:
    command = registration()
    first = await handlers.register(command, anonymous(network_id), parts)
    assert await handlers.register(command, anonymous(network_id), parts) == first
    other = command.model_copy(update={"full_name": "Ахметов Тимур"})
    with pytest.raises(Refused) as refusal:
        await handlers.register(other, anonymous(network_id), parts)
    assert refusal.value.refusal == "command-reused"


async def test_a_repeated_change_is_made_once_and_no_profile_is_kept_with_the_command(
    parts: Parts, network_id: str, database: Database
) -> None:
    desk = caller(network_id)
    made = await handlers.register(registration(), desk, parts)
    command = UpdatePatient(
        patient_id=made.patient_id,
        country="KZ",
        changes=PatientChanges(add_note="Боится уколов"),
        if_version=1,
    )
    first = await handlers.update(command, desk, parts)
    assert await handlers.update(command, desk, parts) == first
    assert ([note.text for note in first.notes], first.card.version) == (["Боится уколов"], 2)
    async with database.transaction(network_id) as tx:
        stored = sa.text("SELECT reply FROM commands WHERE command_id = :id")
        assert (await tx.execute(stored, {"id": command.command_id})).scalar_one() is None


async def test_profiles_are_for_staff_who_see_patients(parts: Parts, network_id: str) -> None:
    made = await handlers.register(registration(), caller(network_id), parts)
    query = GetProfile(patient_id=made.patient_id)
    doctor = caller(network_id, "staff:doctor", ("doctor",))
    assert (await handlers.get_profile(query, doctor, parts)).card.patient_id == made.patient_id
    for by in (
        caller(network_id, roles=("accounting",)),
        anonymous(network_id),
        caller(network_id, f"patient:{made.patient_id}", ()),
        caller(network_id, "system:recall", ("system",)),
    ):
        with pytest.raises(Refused) as refusal:
            await handlers.get_profile(query, by, parts)
        assert refusal.value.refusal == "not-allowed"


async def test_services_get_cards_of_their_network_only(parts: Parts, network_id: str) -> None:
    made = await handlers.register(registration(), caller(network_id), parts)
    query = GetCards(patient_ids=[made.patient_id])
    sender = caller(network_id, "system:notifications", ("system",))
    assert list((await handlers.get_cards(query, sender, parts)).cards) == [made.patient_id]
    stranger = caller(f"{network_id}-b", "system:notifications", ("system",))
    assert (await handlers.get_cards(query, stranger, parts)).cards == {}


async def test_nothing_personal_can_be_read_in_the_database(
    parts: Parts, network_id: str, owner_url: str
) -> None:
    desk = caller(network_id)
    made = await handlers.register(registration(email="aigerim@example.kz"), desk, parts)
    await handlers.register(registration(phone="8 702 000 00 01"), anonymous(network_id), parts)
    changes = PatientChanges(
        full_name="Серикова Айгерим Нурлановна",
        alerts=[Alert(kind="allergy", text="лидокаин")],
        tags=["беременность"],
        birth_date=date(1990, 5, 1),
        add_note="Боится уколов",
    )
    await handlers.update(
        UpdatePatient(patient_id=made.patient_id, country="KZ", changes=changes), desk, parts
    )
    event = raised(network_id, patient_id=made.patient_id)
    await handlers.raise_task(event, parts)
    await handlers.finish_task(FinishTask(task_id=event.task_id, outcome="Мать перезвонит"), desk, parts)
    dump = await everything(owner_url)
    for told in (str(made.patient_id), "staff:desk", "asked-for-a-person", PatientChanged.subject):
        assert told in dump
    secrets = [
        "Ахметова", "Серикова", "Айгерим", "айгерим", "Нурлановна", "7011234567", "701 123", "7020000001",
        "example.kz", "лидокаин", "беременность", "1990-05-01", "Боится", "перезвонит",
    ]  # fmt: skip
    for secret in secrets:
        assert secret not in dump
        assert secret.encode().hex() not in dump
        assert secret.encode("unicode_escape").decode() not in dump


async def everything(owner_url: str) -> str:
    """Every row of every table as text, bytes as hex too."""
    owner = create_async_engine(owner_url)
    try:
        async with owner.begin() as tx:
            return "\n".join([await _dumped(tx, table) for table in await _tables(tx)])
    finally:
        await owner.dispose()


async def _tables(tx: AsyncConnection) -> list[str]:
    names = list(
        (await tx.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars()
    )
    for name in names:
        await tx.execute(sa.text(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"))
    return names


async def _dumped(tx: AsyncConnection, table: str) -> str:
    rows = (await tx.execute(sa.text(f"SELECT * FROM {table}"))).all()
    return "\n".join(
        " ".join(
            f"{value.hex()} {value.decode(errors='replace')}" if isinstance(value, bytes) else str(value)
            for value in row
        )
        for row in rows
    )


# --- events: a second delivery does nothing ---------------------------------------------------------------


async def test_an_appointment_told_of_twice_makes_its_patient_real_once(
    parts: Parts, network_id: str, database: Database
) -> None:
    made = await handlers.register(registration(), anonymous(network_id), parts)
    event = booked(network_id, made.patient_id)
    await handlers.make_real([Heard(event, None)], parts)
    with pytest.raises(AlreadyApplied):
        await handlers.make_real([Heard(event, None)], parts)
    assert await count(database, network_id, "outbox") == 1
    await handlers.make_real([Heard(booked(network_id, made.patient_id), None)], parts)
    assert await count(database, network_id, "outbox") == 1


async def test_whoever_books_for_somebody_is_real_too(parts: Parts, network_id: str) -> None:
    child = await handlers.register(registration(full_name="Ахметов Тимур"), anonymous(network_id), parts)
    mother = await handlers.register(registration(), anonymous(network_id), parts)
    await handlers.make_real(
        [Heard(booked(network_id, child.patient_id, booked_by=mother.patient_id), None)], parts
    )
    found = await handlers.find_patients(
        FindPatients(phone="87011234567", country="KZ"), caller(network_id), parts
    )
    assert {candidate.card.patient_id for candidate in found.candidates} == {
        child.patient_id,
        mother.patient_id,
    }


async def test_a_task_told_of_twice_is_queued_once_and_never_opened_again(
    parts: Parts, network_id: str, database: Database
) -> None:
    event = raised(network_id)
    await handlers.raise_task(event, parts)
    await handlers.finish_task(FinishTask(task_id=event.task_id), caller(network_id), parts)
    with pytest.raises(AlreadyApplied):
        await handlers.raise_task(event, parts)
    await handlers.raise_task(event.model_copy(update={"event_id": new_id()}), parts)
    (task,) = (await handlers.list_tasks(ListTasks(status="done"), caller(network_id), parts)).tasks
    assert (task.task_id, task.version) == (event.task_id, 2)
    assert await count(database, network_id, "tasks") == 1


async def test_a_task_of_booking_told_of_twice_is_queued_once(
    parts: Parts, network_id: str, database: Database
) -> None:
    event = booking.TaskRaised.model_validate(raised(network_id, reason="displaced").model_dump())
    await handlers.raise_task_of_booking(event, parts)
    with pytest.raises(AlreadyApplied):
        await handlers.raise_task_of_booking(event, parts)
    await handlers.raise_task_of_booking(event.model_copy(update={"event_id": new_id()}), parts)
    (task,) = (await handlers.list_tasks(ListTasks(), caller(network_id), parts)).tasks
    assert (task.task_id, task.kind, task.reason) == (event.task_id, "call-back", "displaced")


# --- due work ---------------------------------------------------------------------------------------------


async def test_a_day_later_booking_is_asked_who_is_real_and_the_rest_is_forgotten(
    parts: Parts, clock: Clock, network_id: str, answering: Answering
) -> None:
    idle = await handlers.register(registration(full_name="Иванов Иван"), anonymous(network_id), parts)
    late = await handlers.register(registration(), anonymous(network_id), parts)
    asked: list[list[UUID]] = []
    booking = Answers[None]()

    @booking.to(AppointmentsOfPatient)
    async def appointments(query: AppointmentsOfPatient, by: Any, _: None) -> Appointments:
        assert by.actor == "system:patient_profile"
        asked.append(sorted(query.patient_ids))
        return Appointments(
            appointments=[AppointmentRecord(appointment=appointment(late.patient_id), version=1)]
        )

    (loop,) = workers.loops(parts)
    assert await loop.step() == 0
    assert await loop.outlook() == (START + timedelta(hours=24), 0)
    clock.put(START + timedelta(hours=24))
    async with answering(booking, None):
        assert await loop.step() == 2
    assert asked == [sorted([idle.patient_id, late.patient_id])]
    assert await loop.outlook() == (None, 0)
    found = await handlers.get_cards(
        GetCards(patient_ids=[idle.patient_id, late.patient_id]), caller(network_id), parts
    )
    assert {card.patient_id: card.provisional for card in found.cards.values()} == {late.patient_id: False}


async def test_while_booking_does_not_answer_nobody_is_swept(
    parts: Parts, clock: Clock, network_id: str, database: Database
) -> None:
    made = await handlers.register(registration(), anonymous(network_id), parts)
    clock.put(START + timedelta(days=2))
    with pytest.raises(Unavailable):
        await workers.sweeping(parts)(network_id, [made.patient_id])
    (loop,) = workers.loops(parts)
    assert await loop.step() == 1
    assert (await loop.outlook())[1] == 1
    assert await count(database, network_id, "patients") == 1


# --- how channels without phone numbers know somebody ------------------------------------------------------


def linking(patient_id: UUID, handle: str | None, channel: Any = "telegram") -> LinkHandle:
    return LinkHandle(patient_id=patient_id, channel=channel, handle=handle)


async def test_a_linked_handle_is_on_the_card_and_told_of_once(
    service: Any, asks: Asks, network_id: str, database: Database
) -> None:
    patient = await asks.ask(registration(), caller=caller(network_id))
    ourselves = system("notifications", network_id)
    for _ in range(2):
        linked = await asks.ask(linking(patient.patient_id, "77011234567"), caller=ourselves)
        assert linked.version == 2
    await asks.ask(linking(patient.patient_id, "U1234", "line"), caller=ourselves)
    cards = await asks.ask(GetCards(patient_ids=[patient.patient_id]), caller=ourselves)
    assert cards.cards[patient.patient_id].handles == {"telegram": "77011234567", "line": "U1234"}
    async with database.unscoped() as tx:
        told = [row for row in await outbox.recorded(tx) if row["subject"] == PatientChanged.subject]
    assert len(told) == 3


async def test_a_forgotten_handle_leaves_the_others(service: Any, asks: Asks, network_id: str) -> None:
    patient = await asks.ask(registration(), caller=caller(network_id))
    staff = caller(network_id)
    await asks.ask(linking(patient.patient_id, "1"), caller=staff)
    await asks.ask(linking(patient.patient_id, "2", "instagram"), caller=staff)
    await asks.ask(linking(patient.patient_id, None), caller=staff)
    cards = await asks.ask(GetCards(patient_ids=[patient.patient_id]), caller=staff)
    assert cards.cards[patient.patient_id].handles == {"instagram": "2"}


async def test_a_provisional_patient_is_linked_and_stays_provisional(
    service: Any, asks: Asks, network_id: str
) -> None:
    patient = await asks.ask(registration(), caller=anonymous(network_id))
    ourselves = system("notifications", network_id)
    assert (await asks.ask(linking(patient.patient_id, "1"), caller=ourselves)).version == 1
    card = (await asks.ask(GetCards(patient_ids=[patient.patient_id]), caller=ourselves)).cards[
        patient.patient_id
    ]
    assert card.provisional
    assert card.handles == {"telegram": "1"}


async def test_nobody_is_linked_who_is_not_there(service: Any, asks: Asks, network_id: str) -> None:
    with pytest.raises(Refused) as refusal:
        await asks.ask(linking(new_id(), "1"), caller=caller(network_id))
    assert refusal.value.refusal == "unknown-patient"

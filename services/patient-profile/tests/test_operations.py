"""What operations leave behind: rows, events, and nothing personal that can be read."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from common import outbox
from common.caller import Caller
from common.contracts.booking import AppointmentState
from common.contracts.patient_profile import (
    PatientChanged,
    PatientChanges,
    Preferences,
    Registered,
    RegisterPatient,
    UpdatePatient,
)
from common.database import Database
from common.errors import Refused, UnknownThing, VersionConflict
from common.ids import new_id
from common.sealed import Sealer
from common.testing import START, caller
from patient_profile import operations, queries
from patient_profile.rules.patients import PatientExists, PatientIdTaken
from patient_profile.tables import people

DAY = timedelta(hours=24)


def registration(**more: Any) -> RegisterPatient:
    given = {
        "patient_id": new_id(),
        "full_name": "Ахметова Айгерим Нурлановна",
        "phone": "8 701 123 45 67",
        "country": "KZ",
        **more,
    }
    return RegisterPatient(**given)


class World:
    """One network, its desk and its anonymous visitors."""

    def __init__(self, database: Database, sealer: Sealer, network_id: str) -> None:
        self.database = database
        self.sealer = sealer
        self.network_id = network_id
        self.desk = caller(network_id, "staff:desk", ("reception",))
        self.anonymous = caller(network_id, "anonymous", (), purpose="booking")

    async def register(self, by: Caller | None = None, *, now: Any = START, **more: Any) -> Registered:
        async with self.database.transaction(self.network_id) as tx:
            return await operations.register(tx, registration(**more), by or self.desk, self.sealer, now=now)

    async def update(self, patient_id: UUID, if_version: int | None = None, **changes: Any) -> None:
        command = UpdatePatient(
            patient_id=patient_id, country="KZ", changes=PatientChanges(**changes), if_version=if_version
        )
        async with self.database.transaction(self.network_id) as tx:
            await operations.update(tx, command, self.desk, self.sealer, now=START)

    async def profile(self, patient_id: UUID) -> Any:
        async with self.database.transaction(self.network_id) as tx:
            return await queries.profile(tx, self.network_id, patient_id, self.sealer)

    async def sweep(self, due: list[UUID], appointments: list[AppointmentState], *, now: Any) -> list[UUID]:
        async with self.database.transaction(self.network_id) as tx:
            return await operations.sweep(tx, self.network_id, due, appointments, now=now)

    async def told(self) -> list[tuple[UUID, int]]:
        async with self.database.transaction(self.network_id) as tx:
            events = [PatientChanged.model_validate_json(row["body"]) for row in await outbox.recorded(tx)]
        return [(event.patient_id, event.version) for event in events]

    async def count(self, table: str) -> int:
        async with self.database.transaction(self.network_id) as tx:
            return int((await tx.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.fixture
def world(database: Database, sealer: Sealer, network_id: str) -> World:
    return World(database, sealer, network_id)


async def test_staff_register_somebody_and_the_bus_hears_of_them(world: World) -> None:
    made = await world.register()
    assert (made.created, made.version) == (True, 1)
    assert await world.told() == [(made.patient_id, 1)]


async def test_the_same_phone_and_name_in_other_shapes_are_the_same_patient(world: World) -> None:
    made = await world.register()
    again = await world.register(phone="+7 (701) 1234567", full_name="  ахметова АЙГЕРИМ  нурлановна ")
    assert (again.patient_id, again.created, again.version) == (made.patient_id, False, 1)
    assert await world.told() == [(made.patient_id, 1)]


async def test_a_family_shares_a_phone_under_its_names(world: World) -> None:
    mother = await world.register()
    child = await world.register(full_name="Ахметов Тимур")
    assert mother.patient_id != child.patient_id


async def test_networks_do_not_know_each_others_patients(
    world: World, database: Database, sealer: Sealer
) -> None:
    other = World(database, sealer, f"{world.network_id}-b")
    here, there = await world.register(), await other.register()
    assert here.patient_id != there.patient_id
    with pytest.raises(UnknownThing):
        await other.profile(here.patient_id)


async def test_nobody_hears_of_a_provisional_patient_before_an_appointment(world: World) -> None:
    made = await world.register(world.anonymous)
    assert await world.told() == []
    async with world.database.transaction(world.network_id) as tx:
        await operations.make_real(tx, world.network_id, [made.patient_id], now=START)
    assert await world.told() == [(made.patient_id, 1)]
    assert not (await world.profile(made.patient_id)).card.provisional


async def test_making_a_real_patient_real_changes_nothing(world: World) -> None:
    made = await world.register()
    async with world.database.transaction(world.network_id) as tx:
        await operations.make_real(tx, world.network_id, [made.patient_id, new_id()], now=START)
    assert await world.told() == [(made.patient_id, 1)]


async def test_staff_who_register_a_provisional_patient_make_them_real(world: World) -> None:
    made = await world.register(world.anonymous)
    again = await world.register(world.desk, email="aigerim@example.kz")
    assert (again.patient_id, again.version) == (made.patient_id, 1)
    profile = await world.profile(made.patient_id)
    assert (profile.card.provisional, profile.card.email) == (False, "aigerim@example.kz")
    assert await world.told() == [(made.patient_id, 1)]


async def test_registering_a_known_patient_with_more_fills_the_card_under_the_next_version(
    world: World,
) -> None:
    made = await world.register()
    again = await world.register(locale="kk", phone_verified=True)
    assert (again.patient_id, again.version) == (made.patient_id, 2)
    card = (await world.profile(made.patient_id)).card
    assert (card.locale, card.phones[0].verified, card.version) == ("kk", True, 2)
    assert await world.told() == [(made.patient_id, 1), (made.patient_id, 2)]


async def test_an_id_that_belongs_to_another_patient_is_refused_and_nothing_stays(world: World) -> None:
    made = await world.register()
    with pytest.raises(PatientIdTaken):
        await world.register(patient_id=made.patient_id, full_name="Ахметов Тимур")
    assert await world.count("patient_phones") == 1


async def test_a_refused_registration_leaves_nothing(world: World) -> None:
    malformed: list[dict[str, Any]] = [{"phone": "12 34"}, {"full_name": "a\x00b"}, {"email": "nowhere"}]
    for wrong in malformed:
        with pytest.raises(Refused):
            await world.register(**wrong)
    assert await world.count("patients") == await world.count("patient_keys") == 0


async def test_an_update_keeps_the_earlier_version_with_who_wrote_it(world: World, sealer: Sealer) -> None:
    made = await world.register()
    await world.update(made.patient_id, sex="female", birth_date=date(1990, 5, 1), add_note="Боится уколов")
    await world.update(made.patient_id, if_version=2, preferences=Preferences(channel="sms"), tags=["VIP"])
    profile = await world.profile(made.patient_id)
    assert (profile.card.version, profile.card.sex, profile.card.preferences.channel) == (3, "female", "sms")
    assert (profile.tags, [note.text for note in profile.notes]) == (["VIP"], ["Боится уколов"])
    async with world.database.transaction(world.network_id) as tx:
        rows = (await tx.execute(sa.text("SELECT * FROM patient_versions ORDER BY version"))).all()
        seal = await sealer.of(tx, world.network_id, made.patient_id)
    assert [(row.version, row.changed_by) for row in rows] == [(1, "staff:desk"), (2, "staff:desk")]
    assert "sex" not in seal.open(rows[0].card, about=people.CARD)
    assert seal.open(rows[1].card, about=people.CARD)["sex"] == "female"


async def test_a_change_on_an_old_version_is_refused_and_changes_nothing(world: World) -> None:
    made = await world.register()
    with pytest.raises(VersionConflict):
        await world.update(made.patient_id, if_version=2, sex="female", add_note="нет")
    profile = await world.profile(made.patient_id)
    assert (profile.card.version, profile.notes) == (1, [])


async def test_an_unknown_patient_cannot_be_changed(world: World) -> None:
    with pytest.raises(UnknownThing) as refusal:
        await world.update(new_id(), sex="female")
    assert refusal.value.refusal == "unknown-patient"


async def test_a_provisional_patient_whom_staff_change_is_told_of_from_the_first_version(
    world: World,
) -> None:
    made = await world.register(world.anonymous)
    await world.update(made.patient_id, sex="female")
    assert await world.told() == [(made.patient_id, 1), (made.patient_id, 2)]
    assert not (await world.profile(made.patient_id)).card.provisional


async def test_somebody_is_recognised_by_a_new_phone_and_a_new_name_and_no_more_by_the_old(
    world: World,
) -> None:
    made = await world.register()
    await world.update(
        made.patient_id, phones=["+7 702 000 00 01", "+7 702 000 00 02"], full_name="Серикова Айгерим"
    )
    for phone in ("8 702 000 00 01", "8 702 000 00 02"):
        found = await world.register(full_name="Серикова Айгерим", phone=phone)
        assert found.patient_id == made.patient_id
    assert (await world.register()).patient_id != made.patient_id


async def test_a_change_into_somebody_else_is_refused(world: World) -> None:
    mother = await world.register()
    other = await world.register(phone="8 702 000 00 01")
    with pytest.raises(PatientExists) as refusal:
        await world.update(other.patient_id, phones=["8 702 000 00 01", "8 701 123 45 67"])
    assert refusal.value.extra == {"patient_id": str(mother.patient_id)}
    assert len((await world.profile(other.patient_id)).card.phones) == 1


async def test_two_changes_of_one_version_at_once_let_one_win(world: World) -> None:
    made = await world.register()
    outcomes = await asyncio.gather(
        *(world.update(made.patient_id, if_version=1, tags=[str(n)]) for n in range(10)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(VersionConflict) == 9
    assert (await world.profile(made.patient_id)).card.version == 2


async def test_many_registrations_of_a_family_at_once_make_one_patient_per_name(world: World) -> None:
    names = ["Ахметова Айгерим", "Ахметов Тимур"]
    made = await asyncio.gather(*(world.register(full_name=names[n % 2]) for n in range(40)))
    assert len({one.patient_id for one in made}) == 2
    assert sum(one.created for one in made) == 2
    assert await world.count("patients") == await world.count("patient_keys") == 2


async def test_a_provisional_patient_without_an_appointment_is_forgotten_whole(world: World) -> None:
    made = await world.register(world.anonymous)
    assert await world.sweep([made.patient_id], [], now=START + DAY - timedelta(seconds=1)) == []
    assert await world.sweep([made.patient_id], [], now=START + DAY) == [made.patient_id]
    for table in ("patients", "patient_keys", "patient_phones", "patient_words"):
        assert await world.count(table) == 0
    assert await world.told() == []


async def test_a_booked_patient_is_made_real_rather_than_swept(world: World) -> None:
    made = await world.register(world.anonymous)
    booked = AppointmentState(
        appointment_id=new_id(),
        patient_id=made.patient_id,
        status="booked",
        starts_at=START,
        ends_at=START,
        branch_id=new_id(),
        practitioner_id=new_id(),
        service_id=new_id(),
        source="site",
        created_at=START,
    )
    holding = await world.register(world.anonymous, phone="8 702 000 00 01")
    held = booked.model_copy(update={"patient_id": holding.patient_id, "status": "held"})
    swept = await world.sweep([made.patient_id, holding.patient_id], [booked, held], now=START + DAY)
    assert swept == []
    assert await world.told() == [(made.patient_id, 1)]
    assert await world.sweep([holding.patient_id], [], now=START + DAY) == []
    later = START + DAY + timedelta(hours=1)
    assert await world.sweep([holding.patient_id], [], now=later) == [holding.patient_id]


async def test_who_begins_to_book_again_has_a_whole_day_again(world: World) -> None:
    made = await world.register(world.anonymous)
    await world.register(world.anonymous, now=START + timedelta(hours=20))
    assert await world.sweep([made.patient_id], [], now=START + DAY) == []
    assert await world.sweep([made.patient_id], [], now=START + timedelta(hours=44)) == [made.patient_id]

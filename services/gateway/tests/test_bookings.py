"""A patient books over HTTP, without an account."""

import asyncio
from typing import get_args
from uuid import UUID

import sqlalchemy as sa

from common.contracts.booking import Source
from common.contracts.patient_profile import RegisterPatient

from .conftest import Api, booking_form
from .owners import Owners


async def test_a_booking_answers_with_the_appointment_and_its_link(api: Api, owners: Owners) -> None:
    answer = await api.post(f"/api/v1/networks/{owners.network_id}/bookings", json=booking_form(owners))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["appointment"]["status"] == "booked"
    assert body["appointment"]["starts_at"] == "2026-11-03T05:00:00Z"
    assert body["manage_url"].startswith("http://gateway.test/l/")
    assert "patient_id" not in body["appointment"]
    assert len(answer.headers["x-trace-id"]) == 32


async def test_the_patient_is_registered_as_provisional_by_nobody_in_particular(
    api: Api, owners: Owners
) -> None:
    await api.book(owners)
    asked = [(name, caller.actor, caller.purpose) for name, caller in owners.callers]
    assert asked == [
        ("DescribeDirectory", "anonymous", "booking"),
        ("RegisterPatient", "anonymous", "booking"),
        ("BookAppointment", "anonymous", "booking"),
    ]
    assert all(one.provisional for one in owners.received if isinstance(one, RegisterPatient))


async def test_an_agreement_is_kept_with_the_wording_that_was_shown(api: Api, owners: Owners) -> None:
    booked = await api.book(
        owners, agrees_to=["marketing", "cross_border"], text_versions={"marketing": "marketing.ru.1"}
    )
    kept = {one.purpose: one for one in owners.permissions}
    assert {str(one.patient_id) for one in owners.permissions} == {booked["patient_id"]}
    assert kept["marketing"].given.text_version == "marketing.ru.1"
    assert kept["cross_border"].given.text_version == "booking-form"
    assert {one.given.how for one in owners.permissions} == {"booking-form"}


async def test_every_channel_outside_names_itself_and_the_desk_is_named_by_staff_alone(
    api: Api, owners: Owners
) -> None:
    path = f"/api/v1/networks/{owners.network_id}/bookings"
    for number, source in enumerate(get_args(Source)):
        order = booking_form(owners, source=source, starts_at=f"2026-11-{number + 3:02}T10:00:00+05:00")
        answer = await api.post(path, json=order)
        if source in {"desk", "walk-in"}:
            [wrong] = answer.json()["fields"]
            assert (answer.status_code, wrong["at"][-1]) == (422, "source"), source
        else:
            assert answer.json()["appointment"]["source"] == source


async def test_who_books_for_somebody_else_is_known_to_the_owner(api: Api, owners: Owners) -> None:
    mother = {"full_name": "Айжан Смагулова", "phone": "+77010000002"}
    booked = await api.book(owners, booked_by=mother)
    state = owners.appointments[UUID(booked["id"])].appointment
    assert state.booked_by == owners.patients["Айжан Смагулова", "+77010000002"]
    assert state.patient_id == owners.patients["Дана Смагулова", "+77010000001"]


async def test_of_many_for_one_slot_one_wins_and_the_others_get_alternatives(
    api: Api, owners: Owners
) -> None:
    people = [{"full_name": f"Patient {number}", "phone": f"+7701000{number:04}"} for number in range(30)]
    answers = await asyncio.gather(
        *(
            api.post(
                f"/api/v1/networks/{owners.network_id}/bookings", json=booking_form(owners, patient=person)
            )
            for person in people
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, *([409] * 29)]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert {one["type"] for one in lost} == {"/problems/slot-taken"}
    assert all(len(one["alternatives"]) == 3 for one in lost)


async def test_the_same_key_and_body_is_the_same_booking(api: Api, owners: Owners) -> None:
    path, headers = f"/api/v1/networks/{owners.network_id}/bookings", {"Idempotency-Key": "once"}
    first = await api.post(path, json=booking_form(owners), headers=headers)
    again = await api.post(path, json=booking_form(owners), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(owners.appointments) == 1


async def test_the_same_key_sent_by_many_at_once_is_one_booking(api: Api, owners: Owners) -> None:
    path, headers = f"/api/v1/networks/{owners.network_id}/bookings", {"Idempotency-Key": "race"}
    owners.late["patient_profile"] = lambda: asyncio.sleep(0.05)
    answers = await asyncio.gather(
        *(api.post(path, json=booking_form(owners), headers=headers) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["appointment"]["id"] for answer in answers}) == 1
    assert len(owners.appointments) == 1


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(
    api: Api, owners: Owners
) -> None:
    path, headers = f"/api/v1/networks/{owners.network_id}/bookings", {"Idempotency-Key": "once"}
    await api.post(path, json=booking_form(owners), headers=headers)
    other = booking_form(owners, starts_at="2026-11-03T11:00:00+05:00")
    answer = await api.post(path, json=other, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"
    assert len(owners.appointments) == 1


async def test_a_key_stores_no_personal_data(api: Api, owners: Owners) -> None:
    headers = {"Idempotency-Key": "once"}
    await api.post(
        f"/api/v1/networks/{owners.network_id}/bookings", json=booking_form(owners), headers=headers
    )
    async with api.parts.database.transaction(owners.network_id) as tx:
        rows = (await tx.execute(sa.text("SELECT * FROM idempotency"))).all()
    assert len(rows) == 1
    assert "Дана" not in str(rows)
    assert "7701" not in str(rows)


async def test_a_silent_owner_is_503_with_a_hint_when_to_try_again(api: Api, owners: Owners) -> None:
    owners.unavailable.add("patient_profile")
    answer = await api.post(f"/api/v1/networks/{owners.network_id}/bookings", json=booking_form(owners))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["who"] == "patient_profile"
    assert owners.appointments == {}


async def test_the_public_directory_is_filtered(api: Api, owners: Owners) -> None:
    base = f"/api/v1/networks/{owners.network_id}"
    everyone = (await api.get(f"{base}/practitioners")).json()["practitioners"]
    here = (await api.get(f"{base}/practitioners", params={"branch_id": str(owners.branch_id)})).json()
    assert [one["name"] for one in everyone] == ["Айгерим Нурланова", "Болат Ахметов"]
    assert [one["name"] for one in here["practitioners"]] == ["Айгерим Нурланова"]
    assert len((await api.get(f"{base}/branches")).json()["branches"]) == 2
    assert len((await api.get(f"{base}/services")).json()["services"]) == 1


async def test_free_slots_are_passed_on_as_their_owner_says_them(api: Api, owners: Owners) -> None:
    answer = await api.get(
        f"/api/v1/networks/{owners.network_id}/slots",
        params={"service_id": str(owners.service_id), "from": "2026-11-03", "days": 7},
    )
    assert answer.status_code == 200
    assert answer.json()["slots"] == [one.model_dump(mode="json") for one in owners.slots()]


async def test_the_directory_is_still_shown_for_a_while_when_its_owner_is_away(
    api: Api, owners: Owners
) -> None:
    base = f"/api/v1/networks/{owners.network_id}"
    assert (await api.get(f"{base}/branches")).status_code == 200
    owners.unavailable.add("booking")
    await asyncio.sleep(1.05)
    assert (await api.get(f"{base}/branches")).status_code == 200

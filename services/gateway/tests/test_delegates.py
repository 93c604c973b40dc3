"""Delegates book for the practitioners they are named for; doctors are the practitioner their account names."""

import asyncio
from typing import Any
from uuid import UUID

from .conftest import PASSWORD, Api, booking_form
from .owners import Owners

PERSON = {"full_name": "Ерлан Касымов", "phone": "+77010000077"}


def order(owners: Owners, practitioner_id: UUID, **more: Any) -> dict[str, Any]:
    """What the desk sends for somebody who called."""
    form = booking_form(owners, practitioner_id=str(practitioner_id), patient=PERSON, source="phone")
    return {**form, **more}


async def audited(api: Api, action: str) -> list[dict[str, Any]]:
    """The audit log's entries of an action, newest first."""
    entries = (await api.get("/api/v1/audit", headers=await api.bearer("manager"))).json()["entries"]
    return [one for one in entries if one["action"] == action]


async def test_a_delegate_books_for_whom_they_act_and_the_audit_log_says_for_whom(
    api: Api, owners: Owners
) -> None:
    delegate = await api.bearer("delegate", practitioner_ids=[owners.practitioner_id])
    booked = await api.post(
        "/api/v1/appointments", json=order(owners, owners.practitioner_id), headers=delegate
    )
    assert booked.status_code == 201, booked.text
    assert owners.callers[-1][1].practitioners == (str(owners.practitioner_id),)
    refused = await api.post(
        "/api/v1/appointments", json=order(owners, owners.other_practitioner_id), headers=delegate
    )
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    tried, done = (await audited(api, "appointments.book"))[:2]
    assert (done["outcome"], done["subjects"]["acting_for"]) == ("ok", str(owners.practitioner_id))
    assert (tried["outcome"], tried["subjects"]["acting_for"]) == (
        "not-allowed",
        str(owners.other_practitioner_id),
    )


async def test_a_delegate_changes_an_appointment_in_the_name_of_its_practitioner(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    delegate = await api.bearer("delegate", practitioner_ids=[owners.practitioner_id])
    answer = await api.post(f"/api/v1/appointments/{booked['id']}/confirm", headers=delegate)
    assert answer.status_code == 200, answer.text
    assert (await audited(api, "appointments.change"))[0]["subjects"]["acting_for"] == str(
        owners.practitioner_id
    )


async def test_a_delegate_finds_and_sees_the_patients_and_agendas_of_these_practitioners_only(
    api: Api, owners: Owners
) -> None:
    mine = await api.book(owners)
    other = await api.book(
        owners,
        practitioner_id=str(owners.other_practitioner_id),
        patient={"full_name": "Кто-то Другой", "phone": "+77010000001"},
    )
    delegate = await api.bearer("delegate", practitioner_ids=[owners.practitioner_id])
    found = await api.post("/api/v1/patients/search", json={"phone": "+77010000001"}, headers=delegate)
    assert [one["card"]["patient_id"] for one in found.json()["candidates"]] == [mine["patient_id"]]
    everybody = await api.post(
        "/api/v1/patients/search", json={"phone": "+77010000001"}, headers=await api.bearer("reception")
    )
    assert len(everybody.json()["candidates"]) == 2
    board = await api.get(
        "/api/v1/day-board",
        params={"branch_id": str(owners.branch_id), "date": "2026-11-03"},
        headers=delegate,
    )
    assert [row["appointment"]["id"] for row in board.json()["rows"]] == [mine["id"]]
    assert (await api.get(f"/api/v1/appointments/{other['id']}", headers=delegate)).status_code == 403
    assert (await api.get(f"/api/v1/patients/{other['patient_id']}/360", headers=delegate)).status_code == 403
    assert (await api.get(f"/api/v1/patients/{mine['patient_id']}/360", headers=delegate)).status_code == 200


async def test_an_account_of_a_delegate_names_practitioners_of_the_directory(
    api: Api, owners: Owners
) -> None:
    admin = await api.bearer("admin")

    def account(**more: Any) -> dict[str, Any]:
        return {"email": "sec@example.org", "display_name": "S", "password": PASSWORD, "roles": ["delegate"], **more}  # fmt: skip

    nobody = await api.post("/api/v1/staff", json=account(), headers=admin)
    assert (nobody.status_code, nobody.json()["type"]) == (422, "/problems/practitioners-by-role")
    stranger = account(practitioner_ids=[str(UUID(int=1))])
    unknown = await api.post("/api/v1/staff", json=stranger, headers=admin)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/unknown-practitioner")
    made = await api.post(
        "/api/v1/staff", json=account(practitioner_ids=[str(owners.practitioner_id)]), headers=admin
    )
    assert made.status_code == 201, made.text
    changed = await api.patch(
        f"/api/v1/staff/{made.json()['staff_id']}",
        json={"practitioner_ids": [str(owners.other_practitioner_id)]},
        headers=admin,
    )
    assert changed.json()["practitioner_ids"] == [str(owners.other_practitioner_id)]


async def test_a_practitioner_has_one_open_account_which_has_an_id_of_its_own(
    api: Api, owners: Owners
) -> None:
    admin = await api.bearer("admin")

    def doctor(email: str) -> dict[str, Any]:
        return {
            "email": email, "display_name": "D", "password": PASSWORD, "roles": ["doctor"],
            "practitioner_id": str(owners.practitioner_id),
        }  # fmt: skip

    first = await api.post("/api/v1/staff", json=doctor("a@example.org"), headers=admin)
    assert first.status_code == 201, first.text
    assert first.json()["staff_id"] != first.json()["practitioner_id"]
    second = await api.post("/api/v1/staff", json=doctor("b@example.org"), headers=admin)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/practitioner-taken")
    path = f"/api/v1/staff/{first.json()['staff_id']}"
    assert (await api.patch(path, json={"active": False}, headers=admin)).status_code == 200
    third = await api.post("/api/v1/staff", json=doctor("c@example.org"), headers=admin)
    assert third.status_code == 201, third.text
    reopened = await api.patch(path, json={"active": True}, headers=admin)
    assert (reopened.status_code, reopened.json()["type"]) == (409, "/problems/practitioner-taken")


async def test_of_accounts_for_one_practitioner_made_at_once_one_is_made(api: Api, owners: Owners) -> None:
    admin = await api.bearer("admin")
    answers = await asyncio.gather(
        *(
            api.post(
                "/api/v1/staff",
                json={
                    "email": f"d{number}@example.org", "display_name": "D", "password": PASSWORD,
                    "roles": ["doctor"], "practitioner_id": str(owners.practitioner_id),
                },
                headers=admin,
            )
            for number in range(5)
        )
    )  # fmt: skip
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]
    doctors = [
        one
        for one in (await api.get("/api/v1/staff", headers=admin)).json()["staff"]
        if one["practitioner_id"] == str(owners.practitioner_id)
    ]
    assert len(doctors) == 1

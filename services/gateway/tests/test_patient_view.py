"""The 360 view: five sections, whoever of their owners answers."""

import asyncio
import time

import pytest

from common.contracts.consents import Given, Permission
from common.ids import new_id
from common.testing import PATIENCE

from .conftest import Api
from .owners import START, Owners

SECTIONS = {
    "profile": "patient_profile",
    "appointments": "booking",
    "communications": "notifications",
    "consents": "consents",
    "recall": "recall",
}


async def test_five_sections_are_answered_by_five_owners(api: Api, owners: Owners) -> None:
    booked = await api.book(owners, agrees_to=["marketing"])
    answer = await api.get(
        f"/api/v1/patients/{booked['patient_id']}/360", headers=await api.bearer("manager")
    )
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["patient"] == {"id": booked["patient_id"]}
    assert {name: one["status"] for name, one in shown["sections"].items()} == dict.fromkeys(SECTIONS, "ok")
    data = {name: one["data"] for name, one in shown["sections"].items()}
    assert data["profile"]["card"]["full_name"] == "Дана Смагулова"
    assert [one["id"] for one in data["appointments"]["upcoming"]] == [booked["id"]]
    assert data["consents"]["permissions"][0]["purpose"] == "marketing"


async def test_a_section_whose_owner_is_down_says_so_and_the_others_stand(api: Api, owners: Owners) -> None:
    patient = (await api.book(owners))["patient_id"]
    headers = await api.bearer("manager")
    for section, owner in SECTIONS.items():
        owners.unavailable = {owner}
        answer = await api.get(f"/api/v1/patients/{patient}/360", headers=headers)
        assert answer.status_code == 200
        sections = answer.json()["sections"]
        assert (sections[section]["status"], sections[section]["data"]) == ("unavailable", None)
        assert {one["status"] for name, one in sections.items() if name != section} == {"ok"}, section


@pytest.mark.parametrize("section_seconds", [5.0])
async def test_a_late_section_is_left_out_at_the_deadline(api: Api, owners: Owners) -> None:
    patient = (await api.book(owners))["patient_id"]
    headers = await api.bearer("manager")
    answered = asyncio.Event()
    owners.late["notifications"] = answered.wait
    began = time.perf_counter()
    answer = await api.get(f"/api/v1/patients/{patient}/360", headers=headers)
    assert time.perf_counter() - began < PATIENCE, "a section's time is shorter than a question's"
    answered.set()
    assert answer.json()["sections"]["communications"]["status"] == "unavailable"
    assert answer.json()["sections"]["appointments"]["status"] == "ok"


async def test_an_unknown_patient_is_404(api: Api, owners: Owners) -> None:
    answer = await api.get(f"/api/v1/patients/{new_id()}/360", headers=await api.bearer("manager"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-patient")


async def test_an_answer_about_somebody_else_is_never_shown(api: Api, owners: Owners) -> None:
    patient = (await api.book(owners))["patient_id"]
    given = Given(text_version="1", how="desk")
    stranger = Permission(
        permission_id=new_id(), patient_id=new_id(), purpose="marketing", state="granted", given=given,
        changed_at=START, version=1,
    )  # fmt: skip
    owners.mixed_up.append(stranger)
    answer = await api.get(f"/api/v1/patients/{patient}/360", headers=await api.bearer("manager"))
    assert answer.json()["sections"]["consents"] == {
        "status": "unavailable", "data": None, "as_of": answer.json()["sections"]["consents"]["as_of"],
    }  # fmt: skip
    assert str(stranger.patient_id) not in answer.text


async def test_visits_and_what_was_paid_add_up(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    headers = await api.bearer("reception")
    await api.post(
        f"/api/v1/appointments/{booked['id']}/complete",
        json={"paid": {"amount": 2500000, "currency": "KZT"}},
        headers=headers,
    )
    answer = await api.get(f"/api/v1/patients/{booked['patient_id']}/360", headers=headers)
    data = answer.json()["sections"]["appointments"]["data"]
    assert data["totals"] == {
        "appointments": 1, "visits": 1, "no_shows": 0, "cancelled": 0,
        "paid": [{"amount": 2500000, "currency": "KZT"}],
    }  # fmt: skip
    assert [one["id"] for one in data["past"]] == [booked["id"]]

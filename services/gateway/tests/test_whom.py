"""Whom the desk names by an id: a patient of this network, or the order is refused before anything is taken."""

from typing import Any

import pytest

from common.contracts.booking import BookAppointment
from common.ids import new_id

from .conftest import Api, booking_form
from .owners import Owners

SERIES = {"visits": 2, "every": 1, "unit": "week"}
DAYS = {"from_date": "2026-11-03", "to_date": "2026-11-10"}


def place(owners: Owners, *names: str) -> dict[str, Any]:
    form = booking_form(owners)
    return {name: form[name] for name in names or ("service_id", "branch_id", "practitioner_id", "starts_at")}


def orders(owners: Owners) -> dict[str, dict[str, Any]]:
    """What can be ordered for a patient by their id, without it."""
    return {
        "appointments": place(owners),
        "visits": place(owners),
        "holds": place(owners),
        "series": place(owners) | SERIES,
        "waitlist": place(owners, "service_id") | DAYS,
        "referrals": {
            "wish": {"service_id": str(owners.service_id)},
            "from_practitioner_id": str(owners.practitioner_id),
        },
    }


@pytest.mark.parametrize("path", ["appointments", "visits", "holds", "series", "waitlist", "referrals"])
async def test_an_id_that_is_nobodys_is_refused_and_no_owner_takes_anything(
    api: Api, owners: Owners, path: str
) -> None:
    headers, nobody = await api.bearer("manager"), str(new_id())
    order = orders(owners)[path] | {"patient_id": nobody}
    refused = await api.post(f"/api/v1/{path}", json=order, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/unknown-patient")
    assert [one for one in owners.received if hasattr(one, "command_id")] == []
    entries = (await api.get("/api/v1/audit", headers=headers)).json()["entries"]
    assert ("unknown-patient", nobody) in [
        (one["outcome"], one["subjects"].get("patient_id")) for one in entries
    ]


async def test_who_booked_for_a_patient_is_known_too(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    mother = owners.patient("Асель Ким", "+77010000003")
    order = place(owners) | {"patient": booking_form(owners)["patient"]}
    wrong = await api.post("/api/v1/appointments", json=order | {"booked_by": str(new_id())}, headers=headers)
    assert (wrong.status_code, wrong.json()["type"]) == (404, "/problems/unknown-patient")
    assert len(owners.patients) == 1, "nobody is registered for an order that is refused"
    right = await api.post("/api/v1/appointments", json=order | {"booked_by": mother}, headers=headers)
    assert right.status_code == 201, right.text


async def test_the_desk_books_for_whom_it_knows_while_cards_cannot_be_had(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    patient = owners.patient()
    owners.unavailable.add("patient_profile")
    order = place(owners) | {"patient_id": patient}
    booked = await api.post("/api/v1/appointments", json=order, headers=headers)
    assert booked.status_code == 201, booked.text
    [told] = [one for one in owners.received if isinstance(one, BookAppointment)]
    assert str(told.patient_id) == patient

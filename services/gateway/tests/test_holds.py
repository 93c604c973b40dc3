"""A time is kept while the desk talks with the patient; a taken one is shared on purpose by managers."""

from typing import Any
from uuid import UUID

from common.contracts.booking import BookAppointment, HoldSlot, ListAbsences, ReleaseHold
from common.contracts.patient_profile import RegisterPatient

from .conftest import Api, booking_form
from .owners import Owners


def place(owners: Owners, **more: Any) -> dict[str, Any]:
    form = booking_form(owners)
    return {name: form[name] for name in ("service_id", "branch_id", "practitioner_id", "starts_at")} | more


def last(owners: Owners, kind: type) -> Any:
    return [one for one in owners.received if isinstance(one, kind)][-1]


async def test_a_held_time_is_booked_by_the_hold_and_nobody_is_known_before(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    patient = booking_form(owners)["patient"]
    answer = await api.post("/api/v1/holds", json=place(owners, patient=patient), headers=headers)
    assert answer.status_code == 201, answer.text
    held = answer.json()["appointment"]
    assert (held["status"], last(owners, HoldSlot).minutes) == ("held", 10)
    assert last(owners, RegisterPatient).provisional
    order = place(owners, patient_id=held["patient_id"], hold_id=held["id"], source="phone")
    booked = await api.post("/api/v1/appointments", json=order, headers=headers)
    assert booked.status_code == 201, booked.text
    assert last(owners, BookAppointment).appointment_id == UUID(held["id"])


async def test_a_hold_is_released_and_the_audit_log_says_which(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    held = "0199c4a4-0000-7000-8000-000000000001"
    answer = await api.post(f"/api/v1/holds/{held}/release", headers=headers)
    assert answer.status_code == 200
    assert last(owners, ReleaseHold).appointment_id == UUID(held)
    entries = (await api.get("/api/v1/audit", headers=await api.bearer("manager"))).json()["entries"]
    assert any(one["subjects"].get("hold_id") == held for one in entries)


async def test_only_managers_share_a_taken_time_on_purpose(api: Api, owners: Owners) -> None:
    order = place(owners, patient=booking_form(owners)["patient"], overbook_reason="Острая боль")
    refused = await api.post("/api/v1/appointments", json=order, headers=await api.bearer("reception"))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    shared = await api.post("/api/v1/appointments", json=order, headers=await api.bearer("manager"))
    assert shared.status_code == 201, shared.text
    assert last(owners, BookAppointment).overbook_reason == "Острая боль"


async def test_who_sees_the_board_sees_who_is_away(api: Api, owners: Owners) -> None:
    listed = await api.get(
        f"/api/v1/absences?branch_id={owners.branch_id}", headers=await api.bearer("doctor")
    )
    assert listed.json() == {"absences": []}
    assert last(owners, ListAbsences).branch_id == owners.branch_id
    answer = await api.get("/api/v1/absences", headers=await api.bearer("admin"))
    assert answer.status_code == 403


async def test_ids_become_names_only_for_those_whom_one_may_see(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    ids = {"patient_ids": [booked["patient_id"]]}
    seen = await api.post("/api/v1/patients/names", json=ids, headers=await api.bearer("reception"))
    [somebody] = seen.json()["patients"]
    assert (somebody["patient_id"], bool(somebody["full_name"])) == (booked["patient_id"], True)
    other = await api.bearer("delegate", practitioner_ids=[owners.other_practitioner_id])
    unseen = await api.post("/api/v1/patients/names", json=ids, headers=other)
    assert unseen.json() == {"patients": []}

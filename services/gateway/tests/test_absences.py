"""Somebody is away: the dry run, the choices, and the way back."""

from typing import Any
from uuid import UUID

from common.contracts.booking import DescribeAbsence, EndAbsence, PutAbsence
from common.ids import new_id

from .conftest import Api, booking_form
from .owners import Owners


def absence(owners: Owners, **more: Any) -> dict[str, Any]:
    return {
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T09:00:00+05:00",
        "ends_at": "2026-11-03T12:00:00+05:00",
        **more,
    }


def received(owners: Owners, kind: type) -> list[Any]:
    return [one for one in owners.received if isinstance(one, kind)]


async def test_a_dry_run_says_whom_it_meets_and_orders_nothing(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    await api.post(f"/api/v1/networks/{owners.network_id}/bookings", json=booking_form(owners))
    answer = await api.post("/api/v1/absences?dry_run=true", json=absence(owners), headers=headers)
    assert answer.status_code == 200
    [affected] = answer.json()["affected"]
    assert len(affected["alternatives"]) == 3
    assert len(received(owners, DescribeAbsence)) == 1
    assert received(owners, PutAbsence) == []


async def test_the_choices_reach_booking_and_a_repeated_request_is_one_absence(
    api: Api, owners: Owners
) -> None:
    headers = {**await api.bearer("reception"), "Idempotency-Key": "flu"}
    choices = [
        {"appointment_id": str(new_id()), "choice": "message"},
        {
            "appointment_id": str(new_id()),
            "choice": "reassign",
            "practitioner_id": str(owners.other_practitioner_id),
        },
    ]
    body = absence(owners, reason="illness", choices=choices)
    first = await api.post("/api/v1/absences", json=body, headers=headers)
    again = await api.post("/api/v1/absences", json=body, headers=headers)
    assert (first.status_code, first.json()) == (201, again.json())
    one, other = received(owners, PutAbsence)
    assert one == other
    assert [choice.choice for choice in one.choices] == ["message", "reassign"]
    absence_id = first.json()["absence_id"]
    ended = await api.post(f"/api/v1/absences/{absence_id}/end", headers=headers)
    assert ended.status_code == 200
    assert [one.absence_id for one in received(owners, EndAbsence)] == [UUID(absence_id)]


async def test_an_absence_that_makes_no_sense_is_malformed_and_accounting_makes_none(
    api: Api, owners: Owners
) -> None:
    headers = await api.bearer("reception")
    for wrong in (
        {"branch_id": str(owners.branch_id)},
        {"practitioner_id": None},
        {"ends_at": "2026-11-03T08:00:00+05:00"},
        {"choices": [{"appointment_id": str(new_id()), "choice": "forget"}]},
    ):
        answer = await api.post("/api/v1/absences", json=absence(owners, **wrong), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed")
    headers = await api.bearer("accounting")
    answer = await api.post("/api/v1/absences", json=absence(owners), headers=headers)
    assert answer.status_code == 403
    assert received(owners, PutAbsence) == []

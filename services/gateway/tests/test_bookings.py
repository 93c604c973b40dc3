"""A patient books over HTTP."""

import asyncio
from typing import Any

from .conftest import Api
from .owners import START, Owners


def form(owners: Owners, **more: Any) -> dict[str, Any]:
    return {
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T10:00:00+05:00",
        "patient": {"full_name": "Дана Смагулова", "phone": "+77010000001", "locale": "ru"},
        **more,
    }


async def test_a_booking_answers_with_the_appointment_and_its_link(api: Api, owners: Owners) -> None:
    answer = await api.post(f"/api/v1/networks/{owners.network_id}/bookings", json=form(owners))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["appointment"]["status"] == "booked"
    assert body["appointment"]["starts_at"] == "2026-11-03T05:00:00Z"
    assert body["manage_url"].startswith("http://gateway.test/l/")
    assert "patient_id" not in body["appointment"]
    assert len(answer.headers["x-trace-id"]) == 32

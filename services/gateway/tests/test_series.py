"""The desk books visits that come again, and sees what collides."""

from common.contracts.booking import BookSeries

from .conftest import Api
from .owners import Owners


async def test_a_series_has_its_ids_from_the_request_and_lists_what_collides(
    api: Api, owners: Owners
) -> None:
    body = {
        "patient_id": owners.patient(),
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T10:00:00+05:00",
        "visits": 4,
        "every": 3,
        "unit": "month",
    }
    headers = {**await api.bearer("reception"), "Idempotency-Key": "quarterly"}
    first = await api.post("/api/v1/series", json=body, headers=headers)
    again = await api.post("/api/v1/series", json=body, headers=headers)
    assert (first.status_code, first.json()) == (201, again.json())
    [collision] = first.json()["collisions"]
    assert (collision["number"], collision["code"], len(collision["alternatives"])) == (2, "slot-taken", 3)
    told = [one for one in owners.received if isinstance(one, BookSeries)]
    assert told[0] == told[1]
    assert len(set(told[0].appointment_ids)) == 4
    daily = await api.post("/api/v1/series", json={**body, "unit": "day"}, headers=headers)
    assert daily.status_code == 422

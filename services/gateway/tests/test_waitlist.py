"""The desk writes down who waits, and what they answer."""

from typing import Any

from .conftest import Api
from .owners import Owners


def wish(owners: Owners, **more: Any) -> dict[str, Any]:
    return {
        "patient_id": owners.patient(),
        "service_id": str(owners.service_id),
        "from_date": "2026-11-03",
        "to_date": "2026-11-10",
        "from_time": "15:00",
        **more,
    }


async def test_somebody_waits_is_offered_a_slot_and_says_yes_once(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    joined = await api.post(
        "/api/v1/waitlist", json=wish(owners), headers={**headers, "Idempotency-Key": "one"}
    )
    assert joined.status_code == 201
    entry = joined.json()
    assert (entry["from_time"], entry["to_time"]) == ("15:00:00", None)
    listed = await api.get("/api/v1/waitlist", headers=headers)
    assert listed.json()["entries"] == [entry]
    offer = f"/api/v1/waitlist/offers/{entry['offer']['offer_id']}"
    yes = await api.post(f"{offer}/accept", headers=headers)
    assert yes.status_code == 201
    booked = yes.json()["appointment"]
    assert (booked["status"], booked["source"]) == ("booked", "desk")
    assert "/l/" in yes.json()["manage_url"]
    late = await api.post(f"{offer}/accept", headers=headers)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/offer-over")


async def test_somebody_says_no_and_somebody_leaves(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception")
    entry = (await api.post("/api/v1/waitlist", json=wish(owners), headers=headers)).json()
    offer_id = entry["offer"]["offer_id"]
    no = await api.post(f"/api/v1/waitlist/offers/{offer_id}/decline", headers=headers)
    assert (no.status_code, no.json()["status"]) == (200, "waiting")
    gone = await api.post(f"/api/v1/waitlist/{entry['entry_id']}/leave", headers=headers)
    assert (gone.status_code, gone.json()["status"]) == (200, "left")


async def test_the_waitlist_is_for_those_who_book(api: Api, owners: Owners) -> None:
    headers = await api.bearer("doctor")
    answer = await api.post("/api/v1/waitlist", json=wish(owners), headers=headers)
    assert answer.status_code == 403
    malformed = await api.post(
        "/api/v1/waitlist", json=wish(owners, from_date="soon"), headers=await api.bearer("reception")
    )
    assert malformed.status_code == 422

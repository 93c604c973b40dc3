"""The link to a freed time, and the times that are held for whom the clinic displaced."""

from datetime import timedelta
from uuid import UUID

import pytest

from common.contracts import booking
from common.ids import new_id
from common.links import Link

from .conftest import Api
from .owners import START, Owners


@pytest.fixture
async def offer(api: Api, owners: Owners) -> tuple[str, UUID]:
    """A time that is held for somebody of the waitlist, and the token of its link."""
    booked = await api.book(owners)
    record = owners.appointments[UUID(booked["id"])]
    held = record.appointment.model_copy(update={"status": "held", "held_until": START + timedelta(hours=2)})
    owners.appointments[held.appointment_id] = record.model_copy(update={"appointment": held})
    slot = booking.Slot(
        starts_at=held.starts_at, ends_at=held.ends_at, branch_id=held.branch_id,
        practitioner_id=held.practitioner_id,
    )  # fmt: skip
    entry = booking.WaitlistEntry(
        entry_id=new_id(), version=2, status="offered", patient_id=held.patient_id, service_id=held.service_id,
        branch_id=None, practitioner_id=None, from_date=held.starts_at.date(), to_date=held.starts_at.date(),
        from_time="00:00", to_time=None, joined_at=START,
        offer=booking.WaitlistOffer(
            offer_id=held.appointment_id, slot=slot, expires_at=START + timedelta(hours=2)
        ),
    )  # fmt: skip
    owners.waiting[held.appointment_id] = entry
    link = Link(owners.network_id, "offer", held.appointment_id, held.starts_at)
    return api.parts.links.token(link), held.appointment_id


async def test_an_offer_shows_the_time_and_nothing_of_the_patient(api: Api, owners: Owners, offer) -> None:
    token, offer_id = offer
    answer = await api.get(f"/api/v1/offers/{token}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["state"], shown["branch"]["address"]["room"]) == ("open", "305")
    assert str(owners.appointments[offer_id].appointment.patient_id) not in answer.text


async def test_accepting_books_as_the_patient_and_leads_to_the_appointment(
    api: Api, owners: Owners, offer
) -> None:
    token, offer_id = offer
    answer = await api.post(f"/api/v1/offers/{token}/accept")
    assert answer.status_code == 200, answer.text
    booked = answer.json()["appointment"]
    assert (booked["id"], booked["source"]) == (str(offer_id), "site")
    assert "/l/" in answer.json()["manage_url"]
    patient_id = owners.appointments[offer_id].appointment.patient_id
    assert owners.callers[-1][1].actor == f"patient:{patient_id}"


async def test_an_offer_that_is_over_is_refused_and_shown_as_over(api: Api, owners: Owners, offer) -> None:
    token, _ = offer
    owners.waiting.clear()
    answer = await api.post(f"/api/v1/offers/{token}/accept")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/offer-over")
    api.parts.clock.put(START + timedelta(hours=3))
    assert (await api.get(f"/api/v1/offers/{token}")).json()["state"] == "over"


async def test_declining_leaves_it_to_the_next(api: Api, owners: Owners, offer) -> None:
    token, _ = offer
    answer = await api.post(f"/api/v1/offers/{token}/decline")
    assert (answer.status_code, answer.json()) == (200, {"state": "over"})


@pytest.mark.parametrize("said", ["accept", "decline"])
async def test_what_was_said_to_an_offer_is_answered_the_same_when_it_is_said_again_under_its_key(
    api: Api, offer, said: str
) -> None:
    token, _ = offer
    again = {"Idempotency-Key": "said"}
    first = await api.post(f"/api/v1/offers/{token}/{said}", headers=again)
    repeated = await api.post(f"/api/v1/offers/{token}/{said}", headers=again)
    assert (first.status_code, repeated.status_code) == (200, 200), repeated.text
    assert repeated.json() == first.json()


async def test_a_link_to_an_offer_manages_no_appointment_and_the_other_way_round(
    api: Api, owners: Owners, offer
) -> None:
    token, offer_id = offer
    manage = api.parts.links.token(Link(owners.network_id, "manage", offer_id, START + timedelta(days=30)))
    for path in (f"/api/v1/links/{token}", f"/api/v1/offers/{manage}"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/link-invalid")


async def test_the_page_of_an_offer_keeps_its_token_to_itself(api: Api, offer) -> None:
    token, _ = offer
    page = await api.get(f"/o/{token}")
    assert page.status_code == 200
    assert f'data-token="{token}"' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"

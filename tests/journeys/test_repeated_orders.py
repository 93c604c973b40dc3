"""Whoever has lost the answer to an order gives it again under its key, and is answered as at first."""

import re
from typing import Any
from uuid import uuid4

import pytest

from .test_absences_and_waitlist import FREED, booked, cancel, in_the_morning, one_day, told, waiting
from .test_queue import while_open

pytestmark = pytest.mark.timeout(300)
"""Whatever else is due, such as the end of those who registered and never booked, is passed on the clock's way."""


class Orders:
    """Every order of a patient, each with a key of its own, and its first answer."""

    def __init__(self, clinic: Any) -> None:
        self._clinic = clinic
        self._given: list[tuple[str, dict[str, Any], dict[str, str], Any]] = []

    async def give(self, path: str, **body: Any) -> Any:
        key = {"Idempotency-Key": str(uuid4())}
        answer = await self._clinic.http.post(path, json=body, headers=key)
        assert answer.is_success, answer.text
        self._given.append((path, body, key, answer))
        return answer.json()

    async def are_answered_as_at_first(self) -> None:
        for path, body, key, first in self._given:
            again = await self._clinic.http.post(path, json=body, headers=key)
            assert (again.status_code, again.json()) == (first.status_code, first.json()), path


async def test_an_order_by_link_is_answered_as_at_first_also_after_the_visit_was_cancelled(
    clinic: Any, people: Any
) -> None:
    await in_the_morning(clinic)
    service, slots = await one_day(clinic)
    orders = Orders(clinic)
    made = await orders.give(
        f"/api/v1/networks/{clinic.network}/bookings",
        **{name: slots[0][name] for name in ("branch_id", "practitioner_id", "starts_at")},
        service_id=service["service_id"],
        patient=people().body,
    )
    link = f"/api/v1/links/{made['manage_url'].rsplit('/', 1)[1]}"
    await orders.give(f"{link}/confirm")
    await orders.give(f"{link}/reschedule", starts_at=slots[2]["starts_at"])
    await orders.give(f"{link}/cancel", reason="ill")
    await orders.are_answered_as_at_first()
    anew = await clinic.http.post(f"{link}/confirm", headers={"Idempotency-Key": str(uuid4())})
    assert (anew.status_code, anew.json()["type"]) == (409, "/problems/link-read-only")


async def test_what_was_said_to_an_offer_is_answered_as_at_first(clinic: Any, people: Any) -> None:
    await in_the_morning(clinic)
    service, slots = await one_day(clinic)
    orders = Orders(clinic)
    for slot, says in ((slots[0], "accept"), (slots[2], "decline")):
        visit, person = await booked(clinic, service, slot, people()), people()
        await waiting(clinic, service, slot, person)
        await cancel(clinic, visit["id"])
        (offer,) = await told(clinic, person.phone, FREED)
        token = re.search(r"/o/(\S+)", offer)
        assert token is not None
        await orders.give(f"/api/v1/offers/{token[1]}/{says}")
    await orders.are_answered_as_at_first()


async def test_a_number_is_drawn_and_given_back_once(clinic: Any, people: Any) -> None:
    branch = await while_open(clinic)
    orders = Orders(clinic)
    tickets = f"/api/v1/networks/{clinic.network}/queue/tickets"
    drawn = await orders.give(tickets, branch_id=branch["branch_id"], patient=people().body)
    await orders.give(f"{tickets}/{drawn['ticket_id']}/leave")
    await orders.are_answered_as_at_first()

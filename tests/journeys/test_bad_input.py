"""Bad input gets problem+json and changes nothing."""

from datetime import timedelta
from typing import Any

import httpx
import pytest


def problem(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), (
        response.text
    )
    body = response.json()
    assert body["type"].rsplit("/", 1)[-1] == code
    assert body["status"] == status
    assert body["title"]


async def first_slot(clinic: Any) -> tuple[str, dict[str, Any]]:
    services = await clinic.directory("services")
    for service in services:
        slots = await clinic.slots(service_id=service["service_id"], days=14)
        if len(slots) > 3:
            return service["service_id"], slots[-1]
    raise AssertionError("nothing is free")


async def count(clinic: Any) -> int:
    manager = await clinic.login("manager")
    today = (await clinic.now()).date()
    report = await clinic.http.get(
        "/api/v1/reports/sources",
        params={
            "from": (today - timedelta(days=30)).isoformat(),
            "to": (today + timedelta(days=60)).isoformat(),
        },
        headers=manager,
    )
    return int(sum(report.raise_for_status().json()["totals"].values()))


async def test_bad_bookings_are_refused_clearly_and_change_nothing(clinic: Any, people: Any) -> None:
    service_id, slot = await first_slot(clinic)
    before = await count(clinic)
    url = f"/api/v1/networks/{clinic.network}/bookings"
    person = people()
    good = {
        "service_id": service_id, "branch_id": slot["branch_id"], "practitioner_id": slot["practitioner_id"],
        "starts_at": slot["starts_at"], "patient": person.body, "source": "site",
    }  # fmt: skip

    problem(
        await clinic.http.post("/api/v1/networks/no-such-network/bookings", json=good), 404, "unknown-network"
    )
    past = (await clinic.now() - timedelta(days=1)).replace(minute=0, second=0, microsecond=0).isoformat()
    problem(await clinic.http.post(url, json=good | {"starts_at": past}), 422, "slot-in-the-past")
    for phone in ("12", "+7 701 000 00 0x", "+77010000000000000"):
        answer = await clinic.http.post(url, json=good | {"patient": person.body | {"phone": phone}})
        problem(
            answer,
            422,
            "malformed-phone" if answer.json()["type"].endswith("malformed-phone") else "malformed",
        )
    huge = await clinic.http.post(url, json=good | {"patient": person.body | {"full_name": "А" * 1_000_000}})
    assert huge.status_code in (413, 422)
    assert huge.headers["content-type"] == "application/problem+json"
    assert len(huge.content) < 5_000, "what was sent is not echoed"
    for wrong in (
        {"starts_at": 17}, {"starts_at": "tomorrow"}, {"starts_at": "2030-01-01T10:00:00"}, {"service_id": "x"},
        {"patient": "Marat"}, {"source": "the moon"}, {"surprise": 1}, {"agrees_to": ["everything"]},
    ):  # fmt: skip
        answer = await clinic.http.post(url, json=good | wrong)
        problem(answer, 422, "malformed")
    problem(
        await clinic.http.post(url, content=b"{", headers={"content-type": "application/json"}),
        422,
        "malformed",
    )
    problem(await clinic.http.post(url, json=good | {"service_id": person_id()}), 404, "unknown-service")
    assert await count(clinic) == before


def person_id() -> str:
    return "01890000-0000-7000-8000-000000000000"


async def test_one_key_with_another_body_is_refused_and_with_the_same_body_answers_the_same(
    clinic: Any, people: Any
) -> None:
    service_id, slot = await first_slot(clinic)
    person = people()
    key = {"Idempotency-Key": f"key-{person.phone}"}
    first = await clinic.book(service_id, slot, person, headers=key)
    again = await clinic.book(service_id, slot, person, headers=key)
    assert first.status_code == again.status_code == 201, again.text
    assert first.json()["appointment"]["id"] == again.json()["appointment"]["id"]
    other = await clinic.book(service_id, slot, people(), headers=key)
    problem(other, 422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/day-board?branch_id=x&date=2026-01-01", 401, "not-authenticated"),
        ("GET", "/api/v1/links/rubbish", 404, "link-invalid"),
        ("GET", "/api/v1/nothing-here", 404, "not-found"),
        ("DELETE", "/api/v1/networks", 405, "method-not-allowed"),
        ("GET", "/api/v1/networks/demo-kz/slots?service_id=x", 422, "malformed"),
        ("POST", "/webhooks/whatsapp/demo-kz", 403, "bad-signature"),
    ],
)
async def test_every_refusal_is_a_problem(
    clinic: Any, method: str, path: str, status: int, code: str
) -> None:
    problem(await clinic.http.request(method, path), status, code)


async def test_the_clock_goes_forward_only(clinic: Any) -> None:
    now = await clinic.now()
    answer = await clinic.http.post("/dev/clock", json={"now": (now - timedelta(hours=1)).isoformat()})
    problem(answer, 409, "clock-backward")
    problem(await clinic.http.post("/dev/clock", json={"advance": "soon"}), 422, "malformed")

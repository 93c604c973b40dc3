"""Somebody is away, and a time is freed: what patients are told on their phones, and what becomes of their answers."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ALMATY = ZoneInfo("Asia/Almaty")
DISPLACED, FREED, GONE = "не состоится", "освободилось время", "уже занято"


async def in_the_morning(clinic: Any) -> None:
    """Ten o'clock of a weekday: nobody's quiet hours."""
    day = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=1)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    await clinic.move_clock(datetime.combine(day, time(10), ALMATY))


async def one_day(clinic: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The hygiene, and its free slots with one practitioner on a day that lies ahead."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    first = (await clinic.now()).date() + timedelta(days=4)
    slots = await clinic.slots(service_id=service["service_id"], days=20, **{"from": first.isoformat()})
    days: dict[Any, list[dict[str, Any]]] = {}
    for one in slots:
        day = utc(one["starts_at"]).astimezone(ALMATY).date()
        days.setdefault((one["practitioner_id"], one["branch_id"], day), []).append(one)
    return service, max(days.values(), key=len)


async def booked(clinic: Any, service: dict[str, Any], slot: dict[str, Any], person: Any) -> dict[str, Any]:
    answer = await clinic.book(service["service_id"], slot, person)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["appointment"])


async def told(clinic: Any, phone: str, words: str) -> list[str]:
    """What somebody's phone shows that says this."""
    return [one["text"] for one in await clinic.messages(phone) if words in one["text"]]


async def state_of(clinic: Any, appointment_id: str) -> dict[str, Any]:
    headers = await clinic.login("manager")
    answer = await clinic.http.get(f"/api/v1/appointments/{appointment_id}", headers=headers)
    return dict(answer.raise_for_status().json()["appointment"])


def utc(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


@pytest.mark.timeout(300)
async def test_three_displaced_patients_are_written_to_once_and_each_gets_on_in_their_own_way(
    clinic: Any, people: Any
) -> None:
    await in_the_morning(clinic)
    service, slots = await one_day(clinic)
    persons = [people(name) for name in ("Алма Числова", "Болат Ссылкин", "Вера Молчалина")]
    chosen = (slots[0], slots[3], slots[6])
    visits = [
        (await booked(clinic, service, slot, person))["id"]
        for slot, person in zip(chosen, persons, strict=True)
    ]
    await clinic.settle()

    reception = await clinic.login("reception")
    away = {
        "practitioner_id": slots[0]["practitioner_id"],
        "starts_at": slots[0]["starts_at"],
        "ends_at": slots[6]["ends_at"],
        "reason": "illness",
    }
    dry = await clinic.http.post("/api/v1/absences?dry_run=true", json=away, headers=reception)
    affected = dry.raise_for_status().json()["affected"]
    assert [one["appointment"]["appointment_id"] for one in affected] == visits
    assert all(len(one["alternatives"]) >= 3 for one in affected)
    choices = [{"appointment_id": one, "choice": "message"} for one in visits]
    for _ in range(2):
        saved = await clinic.http.post(
            "/api/v1/absences", json={**away, "choices": choices}, headers=reception
        )
        assert saved.status_code == 201, saved.text
    assert saved.json()["displacements"] == []
    await clinic.settle()
    for person in persons:
        (text,) = await told(clinic, person.phone, DISPLACED)
        assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) >= 3, text

    await clinic.reply(persons[0].phone, channel="whatsapp", text="2")
    await clinic.settle()
    by_number = await state_of(clinic, visits[0])
    assert by_number["status"] in {"booked", "confirmed"}
    assert utc(by_number["starts_at"]) >= utc(away["ends_at"]) or utc(by_number["ends_at"]) <= utc(
        away["starts_at"]
    )

    (text,) = await told(clinic, persons[1].phone, DISPLACED)
    link = re.search(r"/l/(\S+)", text)
    assert link is not None
    free = [one for one in (await one_day(clinic))[1] if utc(one["starts_at"]) >= utc(away["ends_at"])]
    moved = await clinic.http.post(
        f"/api/v1/links/{link[1]}/reschedule",
        json={name: free[-1][name] for name in ("starts_at", "practitioner_id", "branch_id")},
    )
    assert moved.status_code == 200, moved.text
    by_link = await state_of(clinic, visits[1])
    assert (by_link["status"], utc(by_link["starts_at"])) == ("booked", utc(free[-1]["starts_at"]))

    await clinic.move_clock(timedelta(hours=25))
    reception = await clinic.login("reception")
    found = await clinic.http.get("/api/v1/tasks", params={"limit": 500}, headers=reception)
    tasks = {one["appointment_id"] for one in found.raise_for_status().json()["tasks"]}
    assert visits[2] in tasks
    assert not {visits[0], visits[1]} & tasks
    assert (await state_of(clinic, visits[2]))["status"] == "displaced"
    assert len(await told(clinic, persons[2].phone, DISPLACED)) == 1


async def waiting(clinic: Any, service: dict[str, Any], slot: dict[str, Any], person: Any) -> str:
    """Somebody waits for exactly this time with this practitioner; the id of their entry."""
    headers = await clinic.login("reception")
    patient = await clinic.http.post("/api/v1/patients", json=person.body, headers=headers)
    start = utc(slot["starts_at"]).astimezone(ALMATY)
    wish = {
        "patient_id": patient.raise_for_status().json()["card"]["patient_id"],
        "service_id": service["service_id"],
        "practitioner_id": slot["practitioner_id"],
        "from_date": start.date().isoformat(),
        "to_date": start.date().isoformat(),
        "from_time": f"{start:%H:%M}",
        "to_time": f"{start + timedelta(minutes=5):%H:%M}",
    }
    joined = await clinic.http.post("/api/v1/waitlist", json=wish, headers=headers)
    assert joined.status_code == 201, joined.text
    return str(joined.json()["entry_id"])


async def cancel(clinic: Any, appointment_id: str) -> None:
    headers = await clinic.login("reception")
    answer = await clinic.http.post(f"/api/v1/appointments/{appointment_id}/cancel", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    await clinic.settle()


@pytest.mark.timeout(300)
async def test_a_freed_time_is_offered_a_yes_books_it_and_a_late_yes_is_told_that_it_is_gone(
    clinic: Any, people: Any
) -> None:
    await in_the_morning(clinic)
    service, slots = await one_day(clinic)
    quick, slow = people("Ждёт Быстрая"), people("Ждёт Поздняя")
    freeing = await booked(clinic, service, slots[0], people("Освобождает Раз"))
    another = await booked(clinic, service, slots[2], people("Освобождает Два"))

    await waiting(clinic, service, slots[0], quick)
    await cancel(clinic, freeing["id"])
    (offer,) = await told(clinic, quick.phone, FREED)
    assert "/o/" in offer
    await clinic.reply(quick.phone, channel="whatsapp", text="да")
    await clinic.settle()
    headers = await clinic.login("reception")
    board = await clinic.http.get(
        "/api/v1/day-board",
        params={
            "branch_id": slots[0]["branch_id"],
            "date": utc(slots[0]["starts_at"]).astimezone(ALMATY).date().isoformat(),
        },
        headers=headers,
    )
    rows = board.raise_for_status().json()["rows"]
    (row,) = [one for one in rows if one["patient"].get("phone") == quick.phone]
    assert utc(row["appointment"]["starts_at"]) == utc(slots[0]["starts_at"])

    entry = await waiting(clinic, service, slots[2], slow)
    await cancel(clinic, another["id"])
    assert len(await told(clinic, slow.phone, FREED)) == 1
    await clinic.move_clock(timedelta(hours=3))
    assert len(await told(clinic, slow.phone, FREED)) == 1
    await clinic.reply(slow.phone, channel="whatsapp", text="да")
    await clinic.settle()
    assert len(await told(clinic, slow.phone, GONE)) == 1
    headers = await clinic.login("reception")
    listed = await clinic.http.get("/api/v1/waitlist", headers=headers)
    (still,) = [one for one in listed.raise_for_status().json()["entries"] if one["entry_id"] == entry]
    assert (still["status"], still["offer"]) == ("waiting", None)

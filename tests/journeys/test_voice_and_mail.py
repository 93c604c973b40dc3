"""Patients on the telephone and by mail, through the whole running system: keys, silence, calls that come in, mail."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

ALMATY = ZoneInfo("Asia/Almaty")


async def booked(
    clinic: Any, people: Any, *, preferences: dict[str, Any], **patient: Any
) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """Somebody with a visit at noon of a working day of the next week, and these preferences; at the desk."""
    person = people("Гульнара Сериккызы")
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    start = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=5)
    slots = await clinic.slots(
        service_id=service["service_id"],
        branch_id=branch["branch_id"],
        days=14,
        **{"from": start.isoformat()},
    )
    slot = next(one for one in slots if _at_noon(one["starts_at"]))
    answer = await clinic.book(service["service_id"], slot, person, patient={**person.body, **patient})
    assert answer.status_code == 201, answer.text
    await clinic.settle()
    desk = await clinic.login("reception")
    found = await clinic.http.post("/api/v1/patients/search", json={"phone": person.phone}, headers=desk)
    patient_id = found.raise_for_status().json()["candidates"][0]["card"]["patient_id"]
    url = f"/api/v1/patients/{patient_id}"
    (await clinic.http.patch(url, json={"preferences": preferences}, headers=desk)).raise_for_status()
    await clinic.settle()
    return person, {**answer.json()["appointment"], "patient_id": patient_id, "branch": branch}, desk


def _at_noon(instant: str) -> bool:
    local = datetime.fromisoformat(instant).astimezone(ALMATY)
    return (local.hour, local.minute) == (12, 0) and 3 <= local.isoweekday() <= 5


async def asked_by_phone(clinic: Any, person: Any, appointment: dict[str, Any]) -> dict[str, Any]:
    """The call of two days before, while it waits for a key."""
    await clinic.move_clock(datetime.fromisoformat(appointment["starts_at"]) - timedelta(hours=48))
    call = (await clinic.messages(person.phone))[-1]
    assert call["channel"] == "voice"
    return dict(call)


async def tasks(clinic: Any, **wanted: str) -> list[dict[str, Any]]:
    desk = await clinic.login("reception")
    found = await clinic.http.get("/api/v1/tasks", params={"limit": 500}, headers=desk)
    return [
        one
        for one in found.raise_for_status().json()["tasks"]
        if all(one[name] == value for name, value in wanted.items())
    ]


async def test_somebody_without_a_smartphone_is_called_and_confirms_by_a_key(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person, appointment, _ = await booked(clinic, people, preferences={"no_smartphone": True})
    call = await asked_by_phone(clinic, person, appointment)
    assert "в 12 часов" in call["text"]
    assert "нажмите один" in call["text"]
    await clinic.reply(person.phone, channel="voice", digits="1")
    await clinic.settle()

    sections = await clinic.whole_view(appointment["patient_id"])
    (shown,) = sections["appointments"]["data"]["upcoming"]
    assert shown["status"] == "confirmed"
    (leg,) = [one for one in sections["communications"]["data"]["timeline"] if one["kind"] == "call"]
    assert (leg["state"], [each["digits"] for each in leg["legs"]]) == ("ended", [None, "1"])
    assert await tasks(clinic, appointment_id=appointment["id"]) == []


async def test_two_silences_hand_the_call_over_to_a_person(clinic: Any, people: Any) -> None:
    person, appointment, _ = await booked(clinic, people, preferences={"no_smartphone": True})
    await asked_by_phone(clinic, person, appointment)
    await clinic.move_clock(timedelta(minutes=1))
    handed = await tasks(clinic, appointment_id=appointment["id"], kind="handover")
    assert [one["reason"] for one in handed] == ["no key was pressed"]


async def test_a_missed_call_is_a_task_at_its_branch_and_counted_once(clinic: Any, people: Any) -> None:
    person, appointment, desk = await booked(clinic, people, preferences={})
    branch = appointment["branch"]
    ordered = {"account": clinic.network, "to": branch["phone"], "until": "missed"}
    rung = (await clinic.phones.post(f"/phones/{person.phone}/calls", json=ordered)).raise_for_status().json()
    again = await clinic.phones.post(f"/phones/{person.phone}/calls/{rung['id']}", json={"until": "missed"})
    again.raise_for_status()
    await clinic.settle()

    (task,) = await tasks(clinic, kind="missed-call", patient_id=appointment["patient_id"])
    assert task["branch_id"] == branch["branch_id"]
    today = (await clinic.now()).astimezone(ALMATY).date().isoformat()
    listed = await clinic.http.get(
        "/api/v1/calls", params={"branch_id": branch["branch_id"], "from": today}, headers=desk
    )
    own = [one for one in listed.raise_for_status().json()["calls"] if one["number"] == person.phone]
    assert [one["state"] for one in own] == ["missed"]
    card = await clinic.http.get(f"/api/v1/calls/{own[0]['call_id']}", headers=desk)
    assert [one["full_name"] for one in card.raise_for_status().json()["candidates"]] == [person.full_name]


async def test_a_mail_carries_a_calendar_file_at_the_right_instant(clinic: Any, people: Any) -> None:
    person = people()
    mailbox = f"{person.phone.lstrip('+')}@example.test"
    _, appointment, _ = await booked(clinic, people, preferences={"channel": "email"}, email=mailbox)
    starts = datetime.fromisoformat(appointment["starts_at"])
    await clinic.move_clock(starts - timedelta(hours=48))
    shown = (await clinic.phones.get(f"/mailboxes/{mailbox}/messages")).raise_for_status().json()
    mail = shown["messages"][-1]
    assert "12:00" in mail["subject"]
    assert not any(word in mail["subject"].lower() for word in ("гигиен", "стоматолог", "зуб"))
    assert "<a href=" in mail["html"]
    (file,) = mail["attachments"]
    assert file["type"] == "text/calendar"
    content = (await clinic.phones.get(file["url"])).raise_for_status().content
    calendar = icalendar.Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REQUEST"
    assert event.decoded("DTSTART") == starts
    assert event.decoded("DTEND") == datetime.fromisoformat(appointment["ends_at"])


async def test_what_a_mail_asked_that_came_back_is_asked_by_the_next_channel(
    clinic: Any, people: Any, eventually: Any
) -> None:
    mailbox = f"{people().phone.lstrip('+')}@example.test"
    person, appointment, _ = await booked(clinic, people, preferences={"channel": "email"}, email=mailbox)
    for fault in ({"kind": "undelivered"}, {"kind": "late_report", "delay": "PT10M"}):
        order = {**fault, "channel": "email", "phone": mailbox, "count": 1}
        (await clinic.phones.post("/faults", json=order)).raise_for_status()
    before = len(await clinic.messages(person.phone))
    await clinic.move_clock(datetime.fromisoformat(appointment["starts_at"]) - timedelta(hours=47))

    (asked,) = (await clinic.messages(person.phone))[before:]
    assert asked["channel"] == "whatsapp"
    assert "12:00" in asked["text"]
    sections = await clinic.whole_view(appointment["patient_id"])
    timeline = sections["communications"]["data"]["timeline"]
    (tried,) = [one["attempts"] for one in timeline if one.get("step") == "confirm"]
    assert [(one["channel"], one["outcome"], one["reason"]) for one in tried] == [
        ("email", "failed", "returned-5.1.1"),
        ("whatsapp", "accepted", None),
    ]

"""One booking's whole way through six services, over HTTP: book, be reminded, confirm, visit, be recalled."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ALMATY = ZoneInfo("Asia/Almaty")
MONTHS = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
]
WEEKDAYS = ["понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень"]


async def hygiene_slot(
    clinic: Any, *, hour: int, days_ahead: int = 5
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A slot at this hour of a working day in Almaty, its service and its branch."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    start = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=days_ahead)
    slots = await clinic.slots(
        service_id=service["service_id"],
        branch_id=branch["branch_id"],
        days=14,
        **{"from": start.isoformat()},
    )
    for slot in slots:
        local = datetime.fromisoformat(slot["starts_at"]).astimezone(ALMATY)
        # Tuesday to Friday: the evening before is a working day too, when an SMS may go out
        if local.hour == hour and local.minute == 0 and 2 <= local.isoweekday() <= 5:
            return slot, service, branch
    raise AssertionError(f"no slot at {hour}:00 among {len(slots)}")


def local_hour(message: dict[str, Any]) -> float:
    at = datetime.fromisoformat(message["at"]).astimezone(ALMATY)
    return at.hour + at.minute / 60


async def test_the_way_of_one_booking(clinic: Any, people: Any) -> None:
    person = people("Марат Ержанов")
    slot, service, branch = await hygiene_slot(clinic, hour=10)
    booked = await clinic.book(service["service_id"], slot, person, agrees_to=["marketing"])
    assert booked.status_code == 201, booked.text
    appointment = booked.json()["appointment"]
    trace = booked.headers["X-Trace-Id"]
    starts = datetime.fromisoformat(appointment["starts_at"]).astimezone(ALMATY)
    practitioner = next(
        one
        for one in await clinic.directory("practitioners")
        if one["practitioner_id"] == slot["practitioner_id"]
    )

    # the confirmation, in Russian, with everything a patient needs to come
    await clinic.settle()
    confirmation = (await clinic.messages(person.phone))[-1]
    text = confirmation["text"]
    assert confirmation["channel"] == "whatsapp"
    assert f"{starts.day} {MONTHS[starts.month - 1]}" in text
    assert WEEKDAYS[starts.weekday()] in text.lower()
    assert "10:00" in text
    assert branch["address"]["street"] in text
    assert "этаж" in text
    assert practitioner["name"].split()[-1][:4] in text or practitioner["name"].split()[0][:4] in text
    assert "Марат" in text

    # two days before: asked to confirm, with buttons; pressing Confirm confirms
    await clinic.move_clock(starts - timedelta(hours=47))
    request = (await clinic.messages(person.phone))[-1]
    assert len(request["buttons"]) == 3
    await clinic.reply(person.phone, channel="whatsapp", button="1")
    await clinic.settle()
    desk = await clinic.login("reception")
    board = await clinic.http.get(
        "/api/v1/day-board",
        params={"branch_id": slot["branch_id"], "date": starts.date().isoformat()},
        headers=desk,
    )
    rows = board.raise_for_status().json()["rows"]
    row = next(row for row in rows if row["appointment"]["id"] == appointment["id"])
    assert row["appointment"]["status"] == "confirmed"

    # after that nothing asks again, the rest of the chain comes, and none of it before a lawful hour
    before = len(await clinic.messages(person.phone))
    await clinic.move_clock(starts)
    later = (await clinic.messages(person.phone))[before:]
    reminders = [message for message in later if not message.get("buttons")]
    assert later == reminders, "a confirmed patient was asked again"
    assert len(reminders) >= 2, "the day before and the short reminder"
    for message in await clinic.messages(person.phone):
        assert (
            9 <= local_hour(message) < 21 or message is confirmation or message["id"] == confirmation["id"]
        ), message
    short = reminders[-1]
    at = datetime.fromisoformat(short["at"]).astimezone(ALMATY)
    assert at.date() == (starts - timedelta(days=1)).date() or at <= starts - timedelta(minutes=90)
    assert "через два часа" not in short["text"].lower()

    # the visit, paid, and the recall five and a half months later
    desk = await clinic.login("reception")  # whoever was idle for two days is logged out
    url = f"/api/v1/appointments/{appointment['id']}"
    assert (await clinic.http.post(f"{url}/check-in", json={}, headers=desk)).status_code == 200
    done = await clinic.http.post(
        f"{url}/complete",
        json={"paid": {"amount": 2_500_000, "currency": "KZT", "method": "card"}},
        headers=desk,
    )
    assert done.status_code == 200, done.text
    await clinic.settle()
    sections = await clinic.whole_view(row["patient"]["id"])
    assert set(sections) == {"profile", "appointments", "communications", "consents", "recall"}
    recall = sections["recall"]["data"]["recalls"][0]
    due = datetime.fromisoformat(recall["due_at"]).astimezone(ALMATY).date()
    six_months = (starts.year + (starts.month + 5) // 12, (starts.month + 5) % 12 + 1)
    month_end = 31
    while True:
        try:
            anniversary = starts.date().replace(
                year=six_months[0], month=six_months[1], day=min(starts.day, month_end)
            )
            break
        except ValueError:
            month_end -= 1
    assert due == anniversary - timedelta(days=15)

    # one trace joins the click, the commit, the events and the provider's call
    messages = await clinic.http.get(
        "/api/v1/messages", params={"patient_id": row["patient"]["id"]}, headers=desk
    )
    first = messages.raise_for_status().json()["messages"][-1]
    assert first["trace_id"] == trace
    explanation = await clinic.http.get(f"/api/v1/messages/{first['message_id']}/explanation", headers=desk)
    assert explanation.raise_for_status().json()["verdict"] == "send"
    assert explanation.json()["reasons"]


@pytest.mark.timeout(600)
async def test_the_invitation_comes_when_it_is_due_with_a_link_to_book(clinic: Any, people: Any) -> None:
    person = people("Асель Сагынова")
    slot, service, _ = await hygiene_slot(clinic, hour=11, days_ahead=2)
    booked = (await clinic.book(service["service_id"], slot, person, agrees_to=["marketing"])).json()[
        "appointment"
    ]
    starts = datetime.fromisoformat(booked["starts_at"])
    await clinic.move_clock(starts)
    desk = await clinic.login("reception")
    done = await clinic.http.post(f"/api/v1/appointments/{booked['id']}/complete", json={}, headers=desk)
    assert done.status_code == 200, done.text
    before = len(await clinic.messages(person.phone))
    await clinic.move_clock(starts + timedelta(days=186))
    invitations = (await clinic.messages(person.phone))[before:]
    assert len(invitations) == 1, invitations
    assert f"/book/{clinic.network}" in invitations[0]["text"]
    assert 9 <= local_hour(invitations[0]) < 21


async def test_moving_just_before_a_reminder_never_lets_the_old_one_out(clinic: Any, people: Any) -> None:
    person = people()
    slot, service, _ = await hygiene_slot(clinic, hour=14, days_ahead=6)
    booked = (await clinic.book(service["service_id"], slot, person)).json()
    starts = datetime.fromisoformat(booked["appointment"]["starts_at"])
    await clinic.move_clock(starts - timedelta(hours=48, seconds=1))
    before = len(await clinic.messages(person.phone))
    token = booked["manage_url"].rsplit("/", 1)[-1]
    others = await clinic.slots(
        service_id=service["service_id"], practitioner_id=slot["practitioner_id"], days=7,
        **{"from": (starts.astimezone(ALMATY).date() + timedelta(days=1)).isoformat()},
    )  # fmt: skip
    moved = await clinic.http.post(
        f"/api/v1/links/{token}/reschedule", json={"starts_at": others[-1]["starts_at"]}
    )
    assert moved.status_code == 200, moved.text
    await clinic.move_clock(starts + timedelta(minutes=1))
    old_day = starts.astimezone(ALMATY)
    for message in (await clinic.messages(person.phone))[before:]:
        assert (
            f"{old_day.day} {MONTHS[old_day.month - 1]}" not in message["text"]
            or "перенес" in message["text"].lower()
        )


async def test_cancelling_just_before_a_reminder_never_lets_it_out(clinic: Any, people: Any) -> None:
    person = people()
    slot, service, _ = await hygiene_slot(clinic, hour=15, days_ahead=6)
    booked = (await clinic.book(service["service_id"], slot, person)).json()
    starts = datetime.fromisoformat(booked["appointment"]["starts_at"])
    await clinic.move_clock(starts - timedelta(hours=48, seconds=1))
    before = len(await clinic.messages(person.phone))
    token = booked["manage_url"].rsplit("/", 1)[-1]
    gone = await clinic.http.post(f"/api/v1/links/{token}/cancel", json={"reason": "ill"})
    assert gone.status_code == 200, gone.text
    free = await clinic.slots(
        service_id=service["service_id"], practitioner_id=slot["practitioner_id"], days=1,
        **{"from": starts.astimezone(ALMATY).date().isoformat()},
    )  # fmt: skip
    assert booked["appointment"]["starts_at"] in {one["starts_at"] for one in free}, (
        "the very next search shows it"
    )
    await clinic.move_clock(starts + timedelta(minutes=1))
    after = (await clinic.messages(person.phone))[before:]
    assert len(after) <= 1, "at most the notice that it is cancelled"
    assert not any(message.get("buttons") for message in after)
    again = await clinic.http.post(f"/api/v1/links/{token}/cancel", json={"reason": "ill"})
    assert again.status_code in (409, 410)
    assert again.headers["content-type"] == "application/problem+json"

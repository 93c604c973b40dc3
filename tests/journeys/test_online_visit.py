"""An online visit's whole way: booked, confirmed on the phone, joined in its time, moved to another room, over."""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")
JOIN = re.compile(r"/v/([\w-]+)")


async def booked(clinic: Any, person: Any) -> dict[str, Any]:
    """At noon of a working day of the next week, so that every reminder is lawful."""
    service = next(one for one in await clinic.directory("services") if one["virtual"])
    first = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=5)
    slots = await clinic.slots(service_id=service["service_id"], days=14, **{"from": first.isoformat()})
    slot = next(
        one
        for one in slots
        if (local := datetime.fromisoformat(one["starts_at"]).astimezone(ALMATY)).hour == 12
        and 3 <= local.isoweekday() <= 5
    )
    answer = await clinic.book(service["service_id"], slot, person)
    assert answer.status_code == 201, answer.text
    await clinic.settle()
    found: dict[str, Any] = answer.json()
    return found


async def joins(clinic: Any, person: Any) -> list[str]:
    """The links to join that the phone shows, oldest first."""
    return [found[1] for one in await clinic.messages(person.phone) if (found := JOIN.search(one["text"]))]


async def join(clinic: Any, token: str) -> Any:
    return await clinic.http.post(f"/api/v1/links/{token}/join")


def starts_of(answer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["appointment"]["starts_at"])


async def test_an_online_visit_is_joined_once_confirmed_in_its_time_and_in_its_own_room(
    clinic: Any, people: Any
) -> None:
    person = people("Айгуль Оспанова")
    found = await booked(clinic, person)
    manage = f"/api/v1/links/{urlsplit(found['manage_url']).path.rpartition('/')[2]}"
    starts = starts_of(found)

    await clinic.move_clock(starts - timedelta(hours=47))
    told = await clinic.messages(person.phone)
    assert "онлайн" in told[0]["text"].lower()
    assert await joins(clinic, person) == [], "nothing leads in before the patient's word"

    await clinic.reply(person.phone, channel="whatsapp", button="1")
    await clinic.settle()
    [token] = await joins(clinic, person)
    early = await join(clinic, token)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/too-early")
    assert datetime.fromisoformat(early.json()["opens_at"]) == starts - timedelta(minutes=15)

    await clinic.move_clock(starts - timedelta(minutes=10))
    assert await joins(clinic, person) == [token, token], "the short reminder leads in too"
    answer = await join(clinic, token)
    assert answer.status_code == 200, answer.text
    room = answer.json()["url"]
    assert (await clinic.phones.get(room)).status_code == 200
    desk = await clinic.login("reception")
    staff = await clinic.http.post(f"/api/v1/appointments/{found['appointment']['id']}/join", headers=desk)
    assert staff.json() == {"url": room}

    others = await clinic.http.get(f"{manage}/slots", params={"days": 14})
    later = [
        one
        for one in others.raise_for_status().json()["slots"]
        if datetime.fromisoformat(one["starts_at"]) > starts + timedelta(days=1)
    ]
    moved = await clinic.http.post(
        f"/api/v1/appointments/{found['appointment']['id']}/reschedule",
        json={"starts_at": later[0]["starts_at"]},
        headers=desk,
    )
    assert moved.status_code == 200, moved.text
    starts = starts_of(moved.json())
    await clinic.move_clock(starts - timedelta(minutes=10))
    assert (await join(clinic, token)).json()["type"] == "/problems/not-confirmed"
    assert (await clinic.http.post(f"/api/v1/links/{token}/confirm")).status_code == 200
    again = await join(clinic, token)
    assert again.status_code == 200, again.text
    assert again.json()["url"] != room, "who knew the old room is not let into the new visit"

    await clinic.move_clock(
        datetime.fromisoformat(moved.json()["appointment"]["ends_at"]) + timedelta(minutes=30)
    )
    over = await join(clinic, token)
    assert (over.status_code, over.json()["type"]) == (410, "/problems/link-expired")
    assert (await clinic.phones.get("/ledger/repeated")).json() == {"repeated": []}

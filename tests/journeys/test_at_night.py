"""A tooth begins to ache at ten in the evening: the clinic is closed, its schedule is not."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")


async def test_at_ten_in_the_evening_tomorrow_is_booked_and_the_confirmation_comes_at_once(
    clinic: Any, people: Any
) -> None:
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    now = await clinic.now()
    evening = datetime.combine(now.astimezone(ALMATY), time(22), ALMATY)
    if evening <= now:
        evening += timedelta(days=1)
    assert all(time.fromisoformat(one["closes"]) < evening.timetz() for one in branch["hours"])
    await clinic.move_clock(evening)

    slots = await clinic.slots(service_id=service["service_id"], branch_id=branch["branch_id"], days=7)
    person = people("Сауле Ибраева")
    booked = await clinic.book(service["service_id"], slots[0], person)
    assert booked.status_code == 201, booked.text
    await clinic.settle()
    (confirmation,) = await clinic.messages(person.phone)
    sent = datetime.fromisoformat(confirmation["at"])
    assert timedelta() <= sent - evening < timedelta(minutes=1), (
        "a reminder would have waited for the morning"
    )
    starts = datetime.fromisoformat(booked.json()["appointment"]["starts_at"]).astimezone(ALMATY)
    assert f"{starts:%H:%M}" in confirmation["text"]
    assert branch["address"]["street"] in confirmation["text"]

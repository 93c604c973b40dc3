"""Reminders by Telegram: the page of an appointment leads into the chat, and from then on it is the patient's channel."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")


async def booked(clinic: Any, person: Any) -> dict[str, Any]:
    """A visit at noon of a working day of the next week."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    start = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=5)
    slots = await clinic.slots(
        service_id=service["service_id"], branch_id=branch["branch_id"], days=14, **{"from": start.isoformat()}
    )  # fmt: skip
    slot = next(
        one
        for one in slots
        if (local := datetime.fromisoformat(one["starts_at"]).astimezone(ALMATY)).hour == 12
        and local.minute == 0
        and 3 <= local.isoweekday() <= 5
    )
    answer = await clinic.book(service["service_id"], slot, person)
    assert answer.status_code == 201, answer.text
    await clinic.settle()
    found: dict[str, Any] = answer.json()
    return found


async def test_a_patient_is_reminded_in_the_chat_that_they_opened_and_confirms_there(
    clinic: Any, people: Any
) -> None:
    person = people("Айдана Серикова")
    found = await booked(clinic, person)
    link = f"/api/v1/links/{urlsplit(found['manage_url']).path.rpartition('/')[2]}"
    chats = {one["channel"]: one for one in (await clinic.http.get(link)).json()["chats"]}
    assert set(chats) == {"telegram", "line", "instagram"}
    address = urlsplit(chats["telegram"]["url"])
    assert parse_qs(address.query) == {"code": [chats["telegram"]["code"]]}
    account = address.path.rpartition("/")[2]

    await clinic.reply(person.phone, channel="telegram", account=account, code=chats["telegram"]["code"])
    await clinic.settle()
    (welcome,) = [one for one in await clinic.messages(person.phone) if one["channel"] == "telegram"]
    assert "напоминания" in welcome["text"]

    starts_at = datetime.fromisoformat(found["appointment"]["starts_at"])
    await clinic.move_clock(starts_at - timedelta(hours=47))
    asked = (await clinic.messages(person.phone))[-1]
    assert asked["channel"] == "telegram"
    assert [button["payload"].partition(":")[0] for button in asked["buttons"]] == [
        "confirm",
        "move",
        "cancel",
    ]

    await clinic.reply(person.phone, channel="telegram", button=1, message_id=asked["id"])
    await clinic.settle()
    assert (await clinic.http.get(link)).json()["appointment"]["status"] == "confirmed"
    await clinic.move_clock(starts_at - timedelta(hours=1))
    later = [one for one in await clinic.messages(person.phone) if one["at"] > asked["at"]]
    assert later
    assert {one["channel"] for one in later} == {"telegram"}
    assert (await clinic.phones.get("/ledger/repeated")).json() == {"repeated": []}

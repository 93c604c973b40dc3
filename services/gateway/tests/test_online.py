"""Joining an online visit: when, by whom, and by which link."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from pydantic import ValidationError

from common.ids import new_id
from common.links import Link, Purpose
from gateway.rules.meetings import Meetings, NoMeetings
from gateway.settings import Settings

from .conftest import Api
from .owners import START, Owners

STARTS = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def online(owners: Owners) -> Owners:
    owners.virtual = True
    return owners


def token(api: Api, booked: dict[str, Any], purpose: Purpose = "visit") -> str:
    link = Link(api.network_id, purpose, UUID(booked["id"]), START + timedelta(days=700))
    return str(api.parts.links.token(link))


async def confirmed(api: Api, owners: Owners) -> dict[str, Any]:
    booked = await api.book(owners)
    assert (await api.post(f"/api/v1/links/{token(api, booked)}/confirm")).status_code == 200
    return booked


async def joined(api: Api, booked: dict[str, Any], at: datetime, purpose: Purpose = "visit") -> Any:
    api.parts.clock.put(at)
    return await api.post(f"/api/v1/links/{token(api, booked, purpose)}/join")


async def test_nobody_joins_before_the_visit_is_confirmed(api: Api, online: Owners) -> None:
    booked = await api.book(online)
    answer = await joined(api, booked, STARTS)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-confirmed")
    shown = (await api.get(f"/api/v1/links/{token(api, booked)}")).json()
    assert (shown["online"]["state"], shown["actions"], shown["chats"]) == ("unconfirmed", ["confirm"], [])


@pytest.mark.parametrize(
    ("at", "status", "code"),
    [
        (STARTS - timedelta(minutes=15) - SECOND, 409, "too-early"),
        (STARTS - timedelta(minutes=15), 200, None),
        (ENDS + timedelta(minutes=30) - SECOND, 200, None),
        (ENDS + timedelta(minutes=30), 410, "link-expired"),
    ],
)
async def test_the_room_is_open_from_a_quarter_of_an_hour_before_until_half_an_hour_after(
    api: Api, online: Owners, at: datetime, status: int, code: str | None
) -> None:
    answer = await joined(api, await confirmed(api, online), at)
    assert answer.status_code == status, answer.text
    assert answer.json().get("type") == (code and f"/problems/{code}")
    if code == "too-early":
        assert answer.json()["opens_at"] == (STARTS - timedelta(minutes=15)).isoformat()
    if status == 200:
        assert answer.json()["url"].startswith("https://meet.test/")


async def test_a_visit_that_was_moved_is_held_in_another_room(api: Api, online: Owners) -> None:
    booked = await confirmed(api, online)
    first = (await joined(api, booked, STARTS)).json()["url"]
    again = (await joined(api, booked, STARTS)).json()["url"]
    moved = {"starts_at": (STARTS + timedelta(hours=1)).isoformat()}
    await api.post(f"/api/v1/links/{booked['token']}/reschedule", json=moved)
    assert (await joined(api, booked, STARTS + timedelta(hours=1))).status_code == 409
    await api.post(f"/api/v1/links/{token(api, booked)}/confirm")
    second = (await joined(api, booked, STARTS + timedelta(hours=1))).json()["url"]
    assert (again == first, second == first) == (True, False)


async def test_a_cancelled_visit_has_no_room_any_more(api: Api, online: Owners) -> None:
    booked = await confirmed(api, online)
    await api.post(f"/api/v1/links/{booked['token']}/cancel")
    answer = await joined(api, booked, STARTS)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/visit-over")
    assert (await api.get(f"/api/v1/links/{token(api, booked)}")).json()["online"] is None


async def test_a_visit_to_come_to_is_not_joined(api: Api, owners: Owners) -> None:
    answer = await joined(api, await confirmed(api, owners), STARTS)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-online")


async def test_a_link_to_join_neither_cancels_nor_moves_and_others_do_not_join(
    api: Api, online: Owners
) -> None:
    booked = await confirmed(api, online)
    visit = f"/api/v1/links/{token(api, booked)}"
    for path, body in (("cancel", None), ("reschedule", {"starts_at": "2026-11-04T05:00:00Z"})):
        assert (await api.post(f"{visit}/{path}", json=body)).json()["type"] == "/problems/link-invalid"
    assert (await joined(api, booked, STARTS, "manage")).status_code == 200
    for purpose in ("confirm", "calendar", "recall", "handle", "unsubscribe", "offer"):
        assert (await joined(api, booked, STARTS, purpose)).json()["type"] == "/problems/link-invalid"
    assert (await api.post("/api/v1/links/AAAA/join")).json()["type"] == "/problems/link-invalid"


@pytest.mark.parametrize(
    ("role", "status"),
    [("reception", 200), ("manager", 200), ("accounting", 403), ("admin", 403)],
)
async def test_reception_and_managers_join_from_the_desk(
    api: Api, online: Owners, role: Any, status: int
) -> None:
    booked = await confirmed(api, online)
    url = (await joined(api, booked, STARTS)).json()["url"]
    answer = await api.post(f"/api/v1/appointments/{booked['id']}/join", headers=await api.bearer(role))
    assert answer.status_code == status, answer.text
    assert answer.json().get("url") == (url if status == 200 else None)


async def test_a_doctor_joins_their_own_visits_only(api: Api, online: Owners) -> None:
    booked = await confirmed(api, online)
    api.parts.clock.put(STARTS)
    for who, status in ((online.practitioner_id, 200), (online.other_practitioner_id, 403)):
        headers = await api.bearer("doctor", practitioner_id=who)
        answer = await api.post(f"/api/v1/appointments/{booked['id']}/join", headers=headers)
        assert answer.status_code == status, answer.text


async def test_staff_join_in_the_visits_time_and_at_no_other(api: Api, online: Owners) -> None:
    booked = await confirmed(api, online)
    join = f"/api/v1/appointments/{booked['id']}/join"
    for at, code in ((STARTS - timedelta(hours=1), "too-early"), (ENDS + timedelta(hours=1), "visit-over")):
        api.parts.clock.put(at)
        answer = await api.post(join, headers=await api.bearer("reception"))
        assert answer.json()["type"] == f"/problems/{code}"


async def test_the_calendar_file_leads_to_the_visit_once_it_is_confirmed(api: Api, online: Owners) -> None:
    booked = await api.book(online)
    places = []
    for _ in range(2):
        file = (await api.get(f"/api/v1/links/{booked['token']}/calendar.ics")).content
        [event] = Calendar.from_ical(file).walk("VEVENT")
        places.append((str(event["location"]), str(event.get("url"))))
        await api.post(f"/api/v1/links/{booked['token']}/confirm")
    assert places[0] == ("Онлайн", "None")
    location, url = places[1]
    assert location == url
    link = api.parts.links.read(url.rsplit("/v/", 1)[1], now=START)
    assert (link.purpose, str(link.thing_id)) == ("visit", booked["id"])


@pytest.mark.parametrize(
    "wrong", ["meet.example.org/{room}", "https://{room}", "https://meet.example.org/", "ftp://meet/{room}"]
)
def test_an_address_without_a_room_in_its_path_is_refused_at_start(settings: Settings, wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({**settings.model_dump(round_trip=True), "meeting_url": wrong})
    assert [error["loc"] for error in refused.value.errors()] == [("meeting_url",)]


async def test_joining_is_in_the_audit_log_and_the_room_neither_there_nor_in_any_log_line(
    api: Api, online: Owners, capfd: pytest.CaptureFixture[str]
) -> None:
    booked = await confirmed(api, online)
    room = (await joined(api, booked, STARTS)).json()["url"].rpartition("/")[2]
    audit = await api.get("/api/v1/audit", headers=await api.bearer("manager"))
    assert any(one["action"] == "links.join" for one in audit.json()["entries"])
    assert room not in audit.text
    assert room not in "".join(capfd.readouterr())


async def test_every_visit_of_every_network_has_a_room_of_its_own(api: Api, online: Owners) -> None:
    first = online.appointments[UUID((await confirmed(api, online))["id"])].appointment
    others = [first.model_copy(update={"appointment_id": new_id()}), first.model_copy(update={"sequence": 1})]
    key = b"l" * 32
    rooms = [Meetings.under("{room}", key).url("one", visit) for visit in (first, *others)]
    rooms += [
        Meetings.under("{room}", key).url("two", first),
        Meetings.under("{room}", b"k" * 32).url("one", first),
    ]
    assert len(set(rooms)) == 5
    assert all(re.fullmatch("[a-z2-7]{24}", room) for room in rooms)
    assert Meetings.under("{room}", key).url("one", first) == rooms[0]


async def test_without_a_place_for_them_nobody_joins(online: Owners, api: Api) -> None:
    state = online.appointments[UUID((await confirmed(api, online))["id"])].appointment
    with pytest.raises(NoMeetings):
        Meetings.under("", b"l" * 32).url("one", state)

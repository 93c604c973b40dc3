"""The link to manage one appointment, and nothing else."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from icalendar import Calendar

from common.links import Link

from .conftest import Api
from .owners import START, Owners


async def test_a_link_shows_the_appointment_its_place_and_nothing_of_the_patient(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    answer = await api.get(f"/api/v1/links/{booked['token']}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["actions"] == ["confirm", "cancel", "reschedule"]
    assert shown["branch"]["address"]["room"] == "305"
    assert shown["practitioner"]["name"] == "Айгерим Нурланова"
    assert "Дана" not in answer.text
    assert booked["patient_id"] not in answer.text


async def test_the_patient_of_the_appointment_acts_and_nobody_else(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    answer = await api.post(f"/api/v1/links/{booked['token']}/confirm")
    assert answer.json()["appointment"]["status"] == "confirmed"
    assert owners.callers[-1][1].actor == f"patient:{booked['patient_id']}"
    assert owners.callers[-1][1].purpose == "link"


async def test_a_cancelled_appointment_can_be_looked_at_and_nothing_more(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    assert (await api.post(f"{link}/cancel", json={"reason": "ill"})).status_code == 200
    for path, body in (
        ("confirm", None),
        ("cancel", None),
        ("reschedule", {"starts_at": "2026-11-04T05:00:00Z"}),
    ):
        answer = await api.post(f"{link}/{path}", json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/link-read-only")
    shown = (await api.get(link)).json()
    assert (shown["read_only"], shown["actions"]) == (True, [])


@pytest.mark.parametrize(
    ("act", "body"),
    [("confirm", None), ("cancel", {"reason": "ill"}), ("reschedule", {"starts_at": "2026-11-05T05:00:00Z"})],
)
async def test_an_order_whose_answer_was_lost_is_answered_the_same_under_its_key_whatever_came_after_it(
    api: Api, owners: Owners, act: str, body: dict[str, str] | None
) -> None:
    link = f"/api/v1/links/{(await api.book(owners))['token']}"
    again = {"Idempotency-Key": "order"}
    first = await api.post(f"{link}/{act}", json=body, headers=again)
    assert first.status_code == 200, first.text
    await api.post(f"{link}/cancel", json={"reason": "busy"})
    repeated = await api.post(f"{link}/{act}", json=body, headers=again)
    assert (repeated.status_code, repeated.json()) == (200, first.json())
    anew = await api.post(f"{link}/{act}", json=body, headers={"Idempotency-Key": "another order"})
    assert (anew.status_code, anew.json()["type"]) == (409, "/problems/link-read-only")


async def test_a_link_is_valid_until_the_visit_ends_also_after_a_move(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    await api.post(f"{link}/reschedule", json={"starts_at": "2026-12-20T05:00:00Z"})
    api.parts.clock.put(START + timedelta(days=40))
    assert (await api.get(link)).status_code == 200
    api.parts.clock.put(START.replace(month=12, day=20, hour=5, minute=30))
    answer = await api.get(link)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/link-expired")


async def test_after_the_visit_the_link_leads_to_the_same_practitioner(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    path = (await api.get(link)).json()["book_path"]
    api.parts.clock.put(START + timedelta(days=2))
    assert (await api.get(link)).json()["book_path"] == path
    url = urlsplit(path)
    assert url.path == f"/book/{owners.network_id}"
    assert dict(parse_qsl(url.query)) == {
        "service": str(owners.service_id),
        "practitioner": str(owners.practitioner_id),
        "branch": str(owners.branch_id),
    }
    assert booked["patient_id"] not in path


async def test_a_patient_gives_a_reason_of_the_list_and_no_other_for_cancelling_and_moving(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    for path, body in (("cancel", {}), ("reschedule", {"starts_at": "2026-11-05T05:00:00Z"})):
        wrong = await api.post(f"{link}/{path}", json={**body, "reason": "clinic"})
        assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/malformed")
    moved = {"starts_at": "2026-11-05T05:00:00Z", "reason": "busy"}
    assert (await api.post(f"{link}/reschedule", json=moved)).status_code == 200
    assert owners.received[-1].reason == "busy"
    assert (await api.post(f"{link}/cancel")).status_code == 200
    assert owners.received[-1].reason == "unspecified"


async def test_a_changed_token_opens_nothing(api: Api, owners: Owners) -> None:
    token = (await api.book(owners))["token"]
    for wrong in (
        token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        token[::-1],
        "x",
        "é" * 30,
        "A" * 5000,
    ):
        answer = await api.get(f"/api/v1/links/{wrong}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/link-invalid"), wrong


async def test_a_link_made_for_one_thing_serves_no_other(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)

    def token(purpose: str) -> str:
        link = Link(owners.network_id, purpose, UUID(booked["id"]), START + timedelta(days=30))  # type: ignore[arg-type]  # every purpose, by name
        return str(api.parts.links.token(link))

    assert (await api.get(f"/api/v1/links/{token('calendar')}/calendar.ics")).status_code == 200
    assert (await api.post(f"/api/v1/links/{token('calendar')}/confirm")).status_code == 404
    assert (await api.post(f"/api/v1/links/{token('confirm')}/confirm")).status_code == 200
    assert (await api.post(f"/api/v1/links/{token('confirm')}/cancel")).status_code == 404
    assert (await api.get(f"/api/v1/links/{token('recall')}")).status_code == 404


async def test_the_calendar_file_keeps_its_uid_through_moves_and_says_when_it_is_cancelled(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    files = [(await api.get(f"{link}/calendar.ics")).content]
    await api.post(f"{link}/reschedule", json={"starts_at": "2026-11-05T05:00:00Z"})
    files.append((await api.get(f"{link}/calendar.ics")).content)
    await api.post(f"{link}/cancel")
    answer = await api.get(f"{link}/calendar.ics")
    files.append(answer.content)
    calendars = [Calendar.from_ical(one) for one in files]
    events = [next(iter(one.walk("VEVENT"))) for one in calendars]
    assert {str(one["uid"]) for one in events} == {f"{booked['id']}@vinculo"}
    assert [str(one["sequence"]) for one in events] == ["0", "2", "3"]
    assert [str(one["method"]) for one in calendars] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [str(one["status"]) for one in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert b"DTSTART:20261105T050000Z" in files[1]
    assert "Айгерим Нурланова" in str(events[0]["description"])
    assert "305" in str(events[0]["location"])
    assert "игиена" not in files[0].decode(), "what a visit is for is health data"
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=CANCEL"


async def test_other_times_are_offered_for_the_same_service(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    assert len((await api.get(f"{link}/alternatives")).json()["slots"]) == 3
    assert len((await api.get(f"{link}/slots", params={"from": "2026-11-03"})).json()["slots"]) == 3
    assert owners.received[-1].practitioner_id == owners.practitioner_id


async def test_a_link_leads_into_the_chats_that_the_network_has_with_a_code_for_this_appointment(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    (chat,) = (await api.get(f"/api/v1/links/{booked['token']}")).json()["chats"]
    assert chat["channel"] == "telegram"
    assert chat["url"] == f"https://t.me/{owners.network_id}_bot?start={chat['code']}"
    link = api.parts.links.read_code(chat["code"], owners.network_id, now=START)
    assert (link.purpose, str(link.thing_id)) == ("handle", booked["id"])
    assert link.expires_at == START + timedelta(days=1)


async def test_a_link_that_changes_nothing_leads_into_no_chat(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    link = f"/api/v1/links/{booked['token']}"
    await api.post(f"{link}/cancel", json={"reason": "ill"})
    assert (await api.get(link)).json()["chats"] == []


async def test_a_chats_code_opens_no_appointment(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    (chat,) = (await api.get(f"/api/v1/links/{booked['token']}")).json()["chats"]
    answer = await api.get(f"/api/v1/links/{chat['code']}")
    assert answer.json()["type"] == "/problems/link-invalid"

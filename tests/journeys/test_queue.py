"""Whoever comes without an appointment draws a number, and sees whose turn it is."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


async def while_open(clinic: Any) -> dict[str, Any]:
    """A branch at ten in the morning of a day on which it is open."""
    branch = next(iter(await clinic.directory("branches")))
    zone = ZoneInfo(branch["zone"])
    day = (await clinic.now()).astimezone(zone).date() + timedelta(days=1)
    weekdays = {hours["weekday"] for hours in branch["hours"]}
    while day.isoweekday() not in weekdays:
        day += timedelta(days=1)
    await clinic.move_clock(datetime.combine(day, time(10), zone))
    return dict(branch)


async def test_a_number_is_drawn_at_home_called_at_the_desk_and_served(clinic: Any, people: Any) -> None:
    branch = await while_open(clinic)
    where = {"branch_id": branch["branch_id"]}
    public = f"/api/v1/networks/{clinic.network}/queue"
    drawn = await clinic.http.post(
        f"{public}/tickets", json={**where, "patient": people("Ерлан Сапаров").body}
    )
    assert drawn.status_code == 201, drawn.text
    mine = drawn.json()
    assert mine["patient_id"] is None
    assert mine["wait_minutes"] > 0

    desk = await clinic.login("reception")
    walk_in = await clinic.http.post("/api/v1/queue/tickets", json=where, headers=desk)
    assert walk_in.json()["number"] == mine["number"] + 1
    practitioner = next(
        one
        for one in await clinic.directory("practitioners")
        if any(rule["branch_id"] == branch["branch_id"] for rule in one["working_hours"])
    )
    calling = {**where, "practitioner_id": practitioner["practitioner_id"]}
    called = (await clinic.http.post("/api/v1/queue/call", json=calling, headers=desk)).raise_for_status()
    assert called.json()["ticket_id"] == mine["ticket_id"]
    board = (await clinic.http.get(public, params=where)).raise_for_status().json()
    assert [one["number"] for one in board["called"]] == [mine["number"]]
    assert [(one["number"], one["ahead"]) for one in board["waiting"]] == [(mine["number"] + 1, 0)]
    for one in board["called"] + board["waiting"]:
        assert "ticket_id" not in one
    at_the_desk = (await clinic.http.get("/api/v1/queue", params=where, headers=desk)).raise_for_status()
    assert [one["ticket_id"] for one in at_the_desk.json()["waiting"]] == [walk_in.json()["ticket_id"]]

    served = await clinic.http.post(f"/api/v1/queue/tickets/{mine['ticket_id']}/served", headers=desk)
    assert served.json()["status"] == "served"
    left = await clinic.http.post(f"{public}/tickets/{walk_in.json()['ticket_id']}/leave")
    assert left.json()["status"] == "left"
    empty = await clinic.http.post("/api/v1/queue/call", json=calling, headers=desk)
    assert (empty.status_code, empty.json()["type"]) == (409, "/problems/queue-empty")


async def test_at_night_no_number_is_given_and_the_phone_is_said(clinic: Any, people: Any) -> None:
    branch = await while_open(clinic)
    zone = ZoneInfo(branch["zone"])
    late = datetime.combine((await clinic.now()).astimezone(zone).date(), time(23, 30), zone)
    await clinic.move_clock(late)
    refused = await clinic.http.post(
        f"/api/v1/networks/{clinic.network}/queue/tickets",
        json={"branch_id": branch["branch_id"], "patient": people("Ерлан Сапаров").body},
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/branch-closed")
    assert refused.json()["branch_phone"] == branch["phone"]

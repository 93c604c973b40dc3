"""The ways to a booking, over HTTP: every channel by the same rules, in somebody's name, again, and by referral."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx

PASSWORD = "a surgeon's own words"


def code(response: httpx.Response) -> str:
    return str(response.json()["type"].rsplit("/", 1)[-1])


async def service_of(clinic: Any, kind: str) -> dict[str, Any]:
    return next(one for one in await clinic.directory("services") if one["kind"] == kind)


async def free(clinic: Any, kind: str, **query: Any) -> list[dict[str, Any]]:
    """Free slots of the coming days, none of today."""
    service = await service_of(clinic, kind)
    first = (await clinic.now()).date() + timedelta(days=2)
    slots = await clinic.slots(
        service_id=service["service_id"], days=14, **{"from": first.isoformat(), **query}
    )
    assert len(slots) > 10
    return list(slots)


def at_the_desk(service: dict[str, Any], slot: dict[str, Any], person: Any, **more: Any) -> dict[str, Any]:
    place = {name: slot[name] for name in ("branch_id", "practitioner_id", "starts_at")}
    return {"service_id": service["service_id"], **place, "patient": person.body, **more}


def link_of(booked: dict[str, Any]) -> str:
    return f"/api/v1/links/{booked['manage_url'].rsplit('/', 1)[1]}"


async def account_of(clinic: Any, headers: dict[str, str]) -> dict[str, Any]:
    answer = await clinic.http.get("/api/v1/sessions/current", headers=headers)
    return dict(answer.raise_for_status().json()["staff"])


async def log_in(clinic: Any, email: str) -> dict[str, str]:
    answer = await clinic.http.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
    clinic.http.cookies.clear()
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['token']}"}


async def an_account_for(clinic: Any, practitioner_id: str) -> str:
    """The e-mail of a practitioner's account, made as an administrator does, unless it is there already."""
    email = f"{practitioner_id}@demo-kz.example"
    account = {
        "email": email, "display_name": "Surgeon", "password": PASSWORD, "roles": ["doctor"],
        "practitioner_id": practitioner_id,
    }  # fmt: skip
    made = await clinic.http.post("/api/v1/staff", json=account, headers=await clinic.login("admin"))
    assert made.status_code == 201 or code(made) == "email-taken", made.text
    return email


async def patient_of(clinic: Any, booked: dict[str, Any]) -> str:
    path = f"/api/v1/appointments/{booked['appointment']['id']}"
    seen = await clinic.http.get(path, headers=await clinic.login("reception"))
    return str(seen.raise_for_status().json()["appointment"]["patient_id"])


async def status(clinic: Any, referral: str, headers: dict[str, str]) -> str:
    """How a referral stands, as somebody sees it."""
    found = (await clinic.http.get("/api/v1/referrals", headers=headers)).raise_for_status().json()
    return next(str(one["status"]) for one in found["referrals"] if one["referral_id"] == referral)


async def audited(clinic: Any, outcome: str, **subjects: str) -> list[str]:
    """The actions that the audit log has about something, newest first."""
    manager = await clinic.login("manager")
    entries = (await clinic.http.get("/api/v1/audit", params={"limit": 200}, headers=manager)).json()[
        "entries"
    ]
    return [
        one["action"]
        for one in entries
        if one["outcome"] == outcome and subjects.items() <= one["subjects"].items()
    ]


async def test_online_phone_desk_and_recall_link_are_one_command_with_one_set_of_rules(
    clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    desk, campaign = await clinic.login("reception"), str(uuid4())

    async def online(slot: dict[str, Any], **more: Any) -> httpx.Response:
        answer: httpx.Response = await clinic.book(service["service_id"], slot, people(), **more)
        return answer

    async def by_staff(slot: dict[str, Any], **more: Any) -> httpx.Response:
        body = at_the_desk(service, slot, people(), **more)
        answer: httpx.Response = await clinic.http.post("/api/v1/appointments", json=body, headers=desk)
        return answer

    ways: list[tuple[Any, dict[str, Any]]] = [
        (online, {"source": "site"}),
        (online, {"source": "recall", "campaign_id": campaign}),
        (by_staff, {"source": "phone"}),
        (by_staff, {"source": "desk"}),
    ]
    wrong = [
        ({"starts_at": "2020-01-01T10:00:00Z"}, "slot-in-the-past"),
        ({"starts_at": "2099-01-01T10:00:00Z"}, "too-far-ahead"),
        ({"practitioner_id": str(uuid4())}, "unknown-practitioner"),
        ({"branch_id": str(uuid4())}, "unknown-branch"),
    ]
    for book, how in ways:
        [slot, *_] = await free(clinic, "hygiene")
        for changes, refusal in wrong:
            assert code(await book(slot | changes, **how)) == refusal, how
        booked = await book(slot, **how)
        assert booked.status_code == 201, booked.text
        taken = await book(slot, **how)
        assert (taken.status_code, code(taken)) == (409, "slot-taken"), how
        assert len(taken.json()["alternatives"]) >= 3
        kept = await clinic.http.get(
            f"/api/v1/appointments/{booked.json()['appointment']['id']}", headers=desk
        )
        appointment = kept.json()["appointment"]
        assert (appointment["source"], appointment["campaign_id"]) == (how["source"], how.get("campaign_id"))
        made = await audited(clinic, "ok", appointment_id=appointment["id"])
        assert {"bookings.create", "appointments.book"} & set(made), how


async def test_a_remote_secretary_books_for_two_doctors_at_two_branches_and_for_nobody_else(
    clinic: Any, people: Any
) -> None:
    secretary = await clinic.login("delegate")
    doctors = (await account_of(clinic, secretary))["practitioner_ids"]
    assert len(doctors) == 2
    service, slots = await service_of(clinic, "hygiene"), await free(clinic, "hygiene")
    for doctor in doctors:
        slot = next(one for one in slots if one["practitioner_id"] == doctor)
        body = at_the_desk(service, slot, people("Гульнара Омарова"), source="phone")
        booked = await clinic.http.post("/api/v1/appointments", json=body, headers=secretary)
        assert booked.status_code == 201, booked.text
        appointment = booked.json()["appointment"]
        assert "appointments.book" in await audited(
            clinic, "ok", appointment_id=appointment["id"], acting_for=doctor
        )
    other = next(one for one in slots if one["practitioner_id"] not in doctors)
    body = at_the_desk(service, other, people("Гульнара Омарова"), source="phone")
    refused = await clinic.http.post("/api/v1/appointments", json=body, headers=secretary)
    assert (refused.status_code, code(refused)) == (403, "not-allowed")
    assert "appointments.book" in await audited(clinic, "not-allowed", acting_for=other["practitioner_id"])

    hers = await clinic.book(service["service_id"], other, people("Чужой Пациент"))
    assert hers.status_code == 201, hers.text
    board = await clinic.http.get(
        "/api/v1/day-board",
        params={"branch_id": other["branch_id"], "date": other["starts_at"][:10]},
        headers=secretary,
    )
    rows = board.raise_for_status().json()["rows"]
    assert {row["appointment"]["practitioner_id"] for row in rows} <= set(doctors)
    foreign = await clinic.http.post(
        f"/api/v1/appointments/{hers.json()['appointment']['id']}/cancel", headers=secretary
    )
    assert (foreign.status_code, code(foreign)) == (403, "not-allowed")


async def test_inside_the_cut_off_one_calls_and_after_the_visit_the_link_leads_to_the_same_doctor(
    clinic: Any, people: Any
) -> None:
    mine = await account_of(clinic, await clinic.login("doctor"))
    service = await service_of(clinic, "hygiene")
    [slot, *_] = await free(clinic, "hygiene", practitioner_id=mine["practitioner_id"])
    booked = (await clinic.book(service["service_id"], slot, people("Сауле Ибраева"))).json()
    starts, link = datetime.fromisoformat(slot["starts_at"]), link_of(booked)

    await clinic.move_clock(starts - timedelta(hours=1))
    phone = (await clinic.http.get(link)).json()["branch"]["phone"]
    for act, refusal in (("cancel", "too-late-to-cancel"), ("reschedule", "too-late-to-move")):
        body = {"reason": "ill"} | ({"starts_at": slot["starts_at"]} if act == "reschedule" else {})
        late = await clinic.http.post(f"{link}/{act}", json=body)
        assert (late.status_code, code(late), late.json()["branch_phone"]) == (409, refusal, phone)

    await clinic.move_clock(starts)
    path = f"/api/v1/appointments/{booked['appointment']['id']}/complete"
    done = await clinic.http.post(path, headers=await clinic.login("doctor"))
    assert done.status_code == 200, done.text
    await clinic.move_clock(starts + timedelta(hours=2))
    over = await clinic.http.get(link)
    assert (over.status_code, code(over)) == (410, "link-expired")
    again = over.json()["book_path"]
    assert dict(parse_qsl(urlsplit(again).query)) == {
        "service": service["service_id"],
        "practitioner": mine["practitioner_id"],
        "branch": slot["branch_id"],
    }
    assert (await clinic.http.get(again)).status_code == 200

    following = await clinic.http.get(
        f"/api/v1/patients/{done.json()['appointment']['patient_id']}/next-slots",
        params={"service_id": service["service_id"]},
        headers=await clinic.login("reception"),
    )
    proposed = following.raise_for_status().json()
    assert (proposed["practitioner_id"], proposed["branch_id"]) == (
        mine["practitioner_id"],
        slot["branch_id"],
    )
    assert proposed["slots"][0]["practitioner_id"] == mine["practitioner_id"]


async def test_a_referral_to_another_branch_is_booked_lost_booked_again_and_done_before_both_doctors(
    clinic: Any, people: Any
) -> None:
    doctor = await clinic.login("doctor")
    mine = await account_of(clinic, doctor)
    [slot, *_] = await free(clinic, "hygiene", practitioner_id=mine["practitioner_id"])
    hygiene, surgery = await service_of(clinic, "hygiene"), await service_of(clinic, "surgery")
    known = (await clinic.book(hygiene["service_id"], slot, people("Аскар Нурпеисов"))).json()
    patient_id = await patient_of(clinic, known)
    elsewhere = next(one for one in await free(clinic, "surgery") if one["branch_id"] != slot["branch_id"])
    surgeon_email = await an_account_for(clinic, elsewhere["practitioner_id"])
    surgeon = await log_in(clinic, surgeon_email)

    wish = {"service_id": surgery["service_id"], "branch_id": elsewhere["branch_id"]}
    order = {"patient_id": patient_id, "wish": wish, "urgency": "soon", "reason": "treatment"}
    made = await clinic.http.post("/api/v1/referrals", json=order, headers=doctor)
    assert made.status_code == 201, made.text
    referral = made.json()["referral_id"]
    assert await status(clinic, referral, doctor) == "open"

    desk = await clinic.login("reception")
    body = {
        "service_id": surgery["service_id"], "patient_id": patient_id, "referral_id": referral, "source": "desk",
        **{name: elsewhere[name] for name in ("branch_id", "practitioner_id", "starts_at")},
    }  # fmt: skip
    for number in range(2):
        booked = await clinic.http.post("/api/v1/appointments", json=body, headers=desk)
        assert booked.status_code == 201, booked.text
        path = f"/api/v1/appointments/{booked.json()['appointment']['id']}"
        for who in (doctor, surgeon):
            assert await status(clinic, referral, who) == "booked"
        twice = await clinic.http.post("/api/v1/appointments", json=body, headers=desk)
        assert (twice.status_code, code(twice)) == (409, "referral-over")
        if number == 0:
            why = {"reason": "patient_asked"}
            gone = await clinic.http.post(f"{path}/cancel", json=why, headers=desk)
            assert gone.status_code == 200, gone.text
            assert await status(clinic, referral, doctor) == "open"

    await clinic.move_clock(datetime.fromisoformat(elsewhere["starts_at"]))
    surgeon, doctor = await log_in(clinic, surgeon_email), await clinic.login("doctor")
    ended = await clinic.http.post(f"{path}/complete", headers=surgeon)
    assert ended.status_code == 200, ended.text
    for who in (doctor, surgeon):
        assert await status(clinic, referral, who) == "done"

    day = elsewhere["starts_at"][:10]
    figures = await clinic.http.get(
        "/api/v1/reports/cancellations",
        params={"from": day, "to": day, "branch_id": elsewhere["branch_id"]},
        headers=await clinic.login("manager"),
    )
    rows = figures.raise_for_status().json()["rows"]
    assert {"act": "cancelled", "reason": "patient_asked"} in [row["labels"] for row in rows]

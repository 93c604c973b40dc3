"""Staff log in, and do what their role permits."""

import asyncio
import re
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest

from common.caller import Caller
from common.contracts.gateway import CreateStaff, StaffChanged
from common.contracts.patient_profile import Alert
from common.errors import Refused
from common.ids import new_id
from common.outbox import recorded
from common.rpc import Asks
from common.testing import Keys
from gateway.rules import accounts as rules

from .conftest import PASSWORD, Api
from .owners import START, Owners


async def test_a_session_opens_with_the_token_and_closes_with_it(api: Api) -> None:
    headers = await api.bearer("reception")
    assert (await api.get("/api/v1/sessions/current", headers=headers)).json()["staff"]["roles"] == [
        "reception"
    ]
    assert (await api.delete("/api/v1/sessions/current", headers=headers)).status_code == 204
    answer = await api.get("/api/v1/sessions/current", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")
    assert "www-authenticate" in answer.headers


async def test_a_session_ends_after_fifteen_idle_minutes_and_lives_on_while_it_is_used(api: Api) -> None:
    headers = await api.bearer("reception")
    for minutes in (14, 28, 42):
        api.parts.clock.put(START + timedelta(minutes=minutes))
        assert (await api.get("/api/v1/sessions/current", headers=headers)).status_code == 200
    api.parts.clock.put(START + timedelta(minutes=57))
    assert (await api.get("/api/v1/sessions/current", headers=headers)).status_code == 401


async def test_a_session_ends_after_twelve_hours_of_use(api: Api) -> None:
    headers = await api.bearer("reception")
    for times in range(1, 52):
        api.parts.clock.put(START + timedelta(minutes=14 * times))
        assert (await api.get("/api/v1/sessions/current", headers=headers)).status_code == 200
    api.parts.clock.put(START + timedelta(hours=12))
    assert (await api.get("/api/v1/sessions/current", headers=headers)).status_code == 401


async def test_the_cookie_opens_too_and_is_kept_from_scripts_and_other_sites(api: Api) -> None:
    email = await api.staff("reception")
    answer = await api.post("/api/v1/sessions", json={"email": email.upper(), "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("vinculo_session=s.")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await api.get("/api/v1/sessions/current")).status_code == 200


FROM_WHERE: list[tuple[dict[str, str], int]] = [
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Content-Type": "text/plain"}, 403),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Origin": "http://gateway.test"}, 200),
    ({}, 200),
]


async def test_another_site_cannot_act_with_the_cookie(api: Api) -> None:
    email = await api.staff("reception")
    await api.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
    for headers, status in FROM_WHERE:
        content = {"Content-Type": "application/json", **headers}
        answer = await api.post("/api/v1/patients/search", content=b'{"phone": "+7701"}', headers=content)
        assert answer.status_code == status, headers


async def test_wrong_e_mail_wrong_password_and_closed_account_answer_the_same(api: Api) -> None:
    email = await api.staff("reception")
    admin = await api.bearer("admin")
    closed = await api.staff("doctor")
    account = next(
        one
        for one in (await api.get("/api/v1/staff", headers=admin)).json()["staff"]
        if one["email"] == closed
    )
    await api.patch(f"/api/v1/staff/{account['staff_id']}", json={"active": False}, headers=admin)
    answers = [
        await api.post("/api/v1/sessions", json={"email": one, "password": password})
        for one, password in ((email, "wrong password"), ("nobody@example.org", PASSWORD), (closed, PASSWORD))
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["type"] for answer in answers} == {"/problems/wrong-credentials"}


async def test_too_many_failures_stop_further_attempts_also_right_ones(api: Api) -> None:
    email = await api.staff("reception")
    for _ in range(rules.FAILURES_PER_ACCOUNT):
        await api.post("/api/v1/sessions", json={"email": email, "password": "wrong password"})
    answer = await api.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-attempts")
    assert answer.headers["retry-after"] == "900"


async def test_a_second_factor_is_asked_for_once_it_was_proven_and_each_code_counts_once(api: Api) -> None:
    email = await api.staff("manager")
    login = {"email": email, "password": PASSWORD}
    token = (await api.post("/api/v1/sessions", json=login)).json()["token"]
    api.cookies.clear()
    headers = {"Authorization": f"Bearer {token}"}
    begun = (await api.post("/api/v1/sessions/current/totp", headers=headers)).json()["otpauth"]
    secret = re.search(r"secret=([A-Z2-7]+)", begun)
    assert secret is not None
    totp = pyotp.TOTP(secret.group(1))
    assert (await api.post("/api/v1/sessions", json=login)).status_code == 201, "not proven yet"
    proof = {"totp": totp.now()}
    confirmed = await api.post("/api/v1/sessions/current/totp/confirm", json=proof, headers=headers)
    assert confirmed.status_code == 204, confirmed.text
    without = await api.post("/api/v1/sessions", json=login)
    assert (without.status_code, without.json()["type"]) == (401, "/problems/totp-required")
    # The next one holds already, and for a minute to come; the one of now was used up.
    code = {"totp": totp.at(int(time.time()) + 30)}
    assert (await api.post("/api/v1/sessions", json={**login, **code})).status_code == 201
    assert (await api.post("/api/v1/sessions", json={**login, **code})).status_code == 401
    assert (await api.post("/api/v1/sessions", json={**login, "totp": "000000"})).status_code == 401


async def test_only_an_administrator_makes_accounts(api: Api) -> None:
    body = {"email": "new@example.org", "display_name": "New", "password": PASSWORD, "roles": ["reception"]}
    refused = await api.post("/api/v1/staff", json=body, headers=await api.bearer("manager"))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    admin = await api.bearer("admin")
    made = await api.post("/api/v1/staff", json=body, headers=admin)
    assert made.status_code == 201, made.text
    assert "password" not in made.text
    again = await api.post("/api/v1/staff", json=body, headers=admin)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/email-taken")
    weak = await api.post(
        "/api/v1/staff", json={**body, "email": "weak@example.org", "password": "short"}, headers=admin
    )
    assert (weak.status_code, weak.json()["type"]) == (422, "/problems/password-too-weak")


async def test_a_new_account_is_told_by_ids_and_roles_alone(api: Api) -> None:
    email = await api.staff("reception")
    async with api.parts.database.unscoped() as tx:
        events = [one for one in await recorded(tx) if one["subject"] == StaffChanged.subject]
    assert len(events) == 1
    assert email.encode() not in events[0]["body"]
    assert StaffChanged.model_validate_json(events[0]["body"]).roles == ["reception"]


async def test_the_installations_own_tools_make_the_first_account_over_the_bus(
    api: Api, owners: Owners, asks: Asks, keys: Keys
) -> None:
    command = CreateStaff(
        staff_id=new_id(), email="First@Example.org", display_name="First", password=PASSWORD, roles=["admin"]
    )
    tools = Caller(network_id=owners.network_id, actor="system:gateway", roles=("system",))
    assert (await asks.ask(command, caller=tools)).version == 1
    assert (await asks.ask(command, caller=tools)).version == 1, "the same again answers the same"
    login = {"email": "first@example.org", "password": PASSWORD}
    assert (await api.post("/api/v1/sessions", json=login)).status_code == 201
    other = command.model_copy(update={"staff_id": new_id(), "command_id": new_id()})
    with pytest.raises(Refused) as taken:
        await asks.ask(other, caller=tools)
    assert taken.value.refusal == "email-taken"


async def test_nobody_else_makes_accounts_over_the_bus(api: Api, owners: Owners, asks: Asks) -> None:
    command = CreateStaff(
        staff_id=new_id(), email="evil@example.org", display_name="E", password=PASSWORD, roles=["admin"]
    )
    for actor in ("staff:me", "anonymous", "system:booking"):
        with pytest.raises(Refused) as refused:
            await asks.ask(
                command, caller=Caller(network_id=owners.network_id, actor=actor, roles=("admin",))
            )
        assert refused.value.refusal == "not-allowed"
    unknown = Caller(network_id="no-such-network", actor="system:gateway", roles=("system",))
    with pytest.raises(Refused) as refused:
        await asks.ask(command, caller=unknown)
    assert refused.value.refusal == "unknown-network"


async def test_a_session_of_one_network_sees_nothing_of_another(api: Api) -> None:
    token = await api.token("manager")
    kind, _, secret = token.split(".", 2)
    forged = {"Authorization": f"Bearer {kind}.other-network.{secret}"}
    assert (await api.get("/api/v1/sessions/current", headers=forged)).status_code == 401


async def test_a_machine_works_with_its_key_until_it_is_revoked(api: Api, owners: Owners) -> None:
    admin = await api.bearer("admin")
    made = (
        await api.post("/api/v1/api-keys", json={"name": "MIS", "roles": ["reception"]}, headers=admin)
    ).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (
        await api.post("/api/v1/patients/search", json={"phone": "+7701"}, headers=headers)
    ).status_code == 200
    assert owners.callers[-1][1].actor == f"api-key:{made['api_key_id']}"
    assert (await api.get("/api/v1/audit", headers=headers)).status_code == 403
    assert (await api.delete(f"/api/v1/api-keys/{made['api_key_id']}", headers=admin)).status_code == 204
    await asyncio.sleep(1.05)
    assert (
        await api.post("/api/v1/patients/search", json={"phone": "+7701"}, headers=headers)
    ).status_code == 401


# --- the desk -------------------------------------------------------------------------------------------


async def test_the_desk_books_moves_checks_in_completes_and_takes_money(api: Api, owners: Owners) -> None:
    desk = await api.bearer("reception")
    body = {
        "patient": {"full_name": "Асель Ким", "phone": "+77010000003"},
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-02T10:00:00Z",
        "source": "phone",
    }
    booked = await api.post("/api/v1/appointments", json=body, headers=desk)
    assert booked.status_code == 201, booked.text
    appointment = booked.json()["appointment"]
    path = f"/api/v1/appointments/{appointment['id']}"
    conflict = await api.post(f"{path}/confirm", json={"if_version": 7}, headers=desk)
    assert (conflict.status_code, conflict.json()["version"]) == (409, 1)
    for verb, json, status in (
        ("confirm", {"if_version": 1}, "confirmed"),
        ("reschedule", {"starts_at": "2026-11-02T11:00:00Z"}, "booked"),
        ("check-in", {}, "arrived"),
        ("complete", {"paid": {"amount": 2500000, "currency": "KZT", "method": "card"}}, "fulfilled"),
    ):
        answer = await api.post(f"{path}/{verb}", json=json, headers=desk)
        assert (answer.status_code, answer.json()["appointment"]["status"]) == (200, status), answer.text
    assert answer.json()["appointment"]["visit"]["paid"] == {"amount": 2500000, "currency": "KZT"}
    assert {caller.purpose for name, caller in owners.callers if name == "CompleteAppointment"} == {"staff"}


async def test_a_time_is_shared_on_purpose_for_the_reason_that_booking_is_given(
    api: Api, owners: Owners
) -> None:
    form = {
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T10:00:00+05:00",
        "patient_id": owners.patient(),
        "overbook_reason": " acute pain ",
    }
    answer = await api.post("/api/v1/appointments", json=form, headers=await api.bearer("manager"))
    assert answer.status_code == 201
    told = [one for one in owners.received if type(one).__name__ == "BookAppointment"]
    assert [one.overbook_reason for one in told] == ["acute pain"]


async def test_a_walk_in_is_registered_booked_and_here_at_once(api: Api, owners: Owners) -> None:
    body = {
        "patient": {"full_name": "Асель Ким", "phone": "+77010000003"},
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
    }
    answer = await api.post("/api/v1/visits", json=body, headers=await api.bearer("reception"))
    assert answer.status_code == 201, answer.text
    shown = answer.json()["appointment"]
    assert (shown["status"], shown["source"], shown["starts_at"]) == (
        "arrived",
        "walk-in",
        "2026-11-02T09:00:00Z",
    )


async def test_a_repeated_walk_in_tells_every_owner_the_same_commands(api: Api, owners: Owners) -> None:
    body = {
        "patient": {"full_name": "Асель Ким", "phone": "+77010000003"},
        "service_id": str(owners.service_id),
        "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id),
    }
    headers = {**await api.bearer("reception"), "Idempotency-Key": "came in"}
    first, again = [await api.post("/api/v1/visits", json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json() == again.json()
    told = {type(one).__name__: one.command_id for one in owners.received if hasattr(one, "command_id")}
    assert told.keys() == {"RegisterPatient", "BookAppointment", "CheckInAppointment"}
    assert set(told.values()) == owners.commands.keys(), "each its own id, and none of them twice"


async def test_a_doctor_sees_the_own_patients_visits_and_no_money(api: Api, owners: Owners) -> None:
    mine = await api.book(owners)
    other = await api.book(
        owners,
        practitioner_id=str(owners.other_practitioner_id),
        branch_id=str(owners.branch_id),
        patient={"full_name": "Кто-то Другой", "phone": "+77010000009"},
    )
    desk = await api.bearer("reception")
    await api.post(
        f"/api/v1/appointments/{mine['id']}/complete",
        json={"paid": {"amount": 1, "currency": "KZT"}},
        headers=desk,
    )
    doctor = await api.bearer("doctor", practitioner_id=owners.practitioner_id)
    shown = await api.get(f"/api/v1/appointments/{mine['id']}", headers=doctor)
    assert shown.status_code == 200
    assert "paid" not in shown.json()["appointment"]["visit"]
    assert (await api.get(f"/api/v1/appointments/{other['id']}", headers=doctor)).status_code == 403
    assert (await api.get(f"/api/v1/patients/{mine['patient_id']}", headers=doctor)).status_code == 200
    assert (await api.get(f"/api/v1/patients/{other['patient_id']}", headers=doctor)).status_code == 403
    assert (await api.get(f"/api/v1/patients/{other['patient_id']}/360", headers=doctor)).status_code == 403
    board = await api.get(
        "/api/v1/day-board", params={"branch_id": str(owners.branch_id), "date": "2026-11-03"}, headers=doctor
    )
    assert [row["appointment"]["id"] for row in board.json()["rows"]] == [mine["id"]]
    assert owners.callers[-1][1].practitioners == (str(owners.practitioner_id),)


async def test_reception_sees_the_boards_of_its_branches_only(api: Api, owners: Owners) -> None:
    headers = await api.bearer("reception", branch_ids=[owners.branch_id])
    here = await api.get("/api/v1/day-board", params={"branch_id": str(owners.branch_id)}, headers=headers)
    there = await api.get(
        "/api/v1/day-board", params={"branch_id": str(owners.other_branch_id)}, headers=headers
    )
    assert (here.status_code, there.status_code) == (200, 404)


async def test_the_day_board_shows_allergies_or_says_that_it_does_not_know(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    owners.alerts[UUID(booked["patient_id"])] = [Alert(kind="allergy", text="penicillin")]
    headers = await api.bearer("reception")
    question: dict[str, Any] = {"branch_id": str(owners.branch_id), "date": "2026-11-03"}
    shown = (await api.get("/api/v1/day-board", params=question, headers=headers)).json()
    row = shown["rows"][0]
    assert row["alerts"] == {
        "status": "ok",
        "allergy": "yes",
        "items": [{"kind": "allergy", "text": "penicillin"}],
    }
    assert (row["patient"]["full_name"], row["message"], shown["unavailable"]) == (
        "Дана Смагулова",
        "delivered",
        [],
    )
    owners.unavailable |= {"patient_profile", "notifications"}
    shown = (await api.get("/api/v1/day-board", params=question, headers=headers)).json()
    row = shown["rows"][0]
    assert row["alerts"] == {"status": "unknown", "allergy": "unknown", "items": []}
    assert (row["patient"]["status"], row["message"]) == ("unknown", "unknown")
    assert shown["unavailable"] == ["patient_profile", "notifications"]


async def test_money_in_reports_follows_the_role(api: Api) -> None:
    dates = {"from": "2026-11-01", "to": "2026-11-30"}
    admin, manager = await api.bearer("admin"), await api.bearer("manager")
    assert (await api.get("/api/v1/reports/revenue", params=dates, headers=admin)).status_code == 403
    assert (await api.get("/api/v1/reports/revenue", params=dates, headers=manager)).status_code == 200
    assert (
        "lost" not in (await api.get("/api/v1/reports/no-show", params=dates, headers=admin)).json()["totals"]
    )
    assert (await api.get("/api/v1/reports/no-show", params=dates, headers=manager)).json()["totals"][
        "lost"
    ] == 4000000


async def test_a_branch_is_made_once_for_a_repeated_request(api: Api, owners: Owners) -> None:
    branch = {
        "name": "New", "zone": "Asia/Almaty", "locale": "ru", "phone": "+77270000001", "hours": [],
        "address": {"city": "Almaty", "street": "Abai 1"},
    }  # fmt: skip
    headers = {**await api.bearer("manager"), "Idempotency-Key": "branch"}
    answers = [await api.post("/api/v1/directory/branches", json=branch, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].json() == answers[1].json()
    assert len({one.branch_id for one in owners.changes}) == 1
    refused = await api.post("/api/v1/directory/branches", json=branch, headers=await api.bearer("reception"))
    assert refused.status_code == 403


async def test_a_card_changes_only_where_it_was_told_to(api: Api, owners: Owners) -> None:
    patient = (await api.book(owners))["patient_id"]
    changes = {"alerts": [{"kind": "allergy", "text": "latex"}], "email": None, "if_version": 3}
    answer = await api.patch(
        f"/api/v1/patients/{patient}", json=changes, headers=await api.bearer("reception")
    )
    assert answer.status_code == 200, answer.text
    told = owners.changes[-1]
    assert told.if_version == 3
    assert told.changes.alerts[0].text == "latex"

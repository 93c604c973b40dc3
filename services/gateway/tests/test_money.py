"""Money at the desk, what a patient owes, and the close of a day: who may, and what they are shown."""

from typing import Any
from uuid import UUID

import pytest

from common.contracts.booking import CloseDay, CompleteAppointment, RecordPayment
from common.contracts.gateway import Role
from common.contracts.messages import Money
from common.ids import new_id

from .conftest import Api
from .owners import OPEN, Owners

PAID = {"amount": 500, "currency": "KZT", "method": "cash"}
REFUND = {"amount": 200, "currency": "KZT", "method": "cash", "reason": "asked"}
DAY = "2026-11-03"


async def visit(api: Api, owners: Owners) -> str:
    """The address of a booked visit's money."""
    return f"/api/v1/visits/{(await api.book(owners))['id']}"


async def test_a_deposit_is_taken_once_for_a_repeated_request(api: Api, owners: Owners) -> None:
    url, headers = await visit(api, owners), await api.bearer("reception")
    body = {"paid": PAID, "if_version": 1}
    answers = [
        await api.post(f"{url}/payments", json=body, headers={**headers, "Idempotency-Key": "one"})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["appointment"]["deposit"]["paid"] == {"amount": 500, "currency": "KZT"}
    sent = [one for one in owners.received if isinstance(one, RecordPayment)]
    assert len({one.command_id for one in sent}) == 1
    assert sent[0].if_version == 1


async def test_refunds_are_for_managers_and_accounting_and_never_beyond_what_was_paid(
    api: Api, owners: Owners
) -> None:
    url, desk = await visit(api, owners), await api.bearer("reception")
    await api.post(f"{url}/payments", json={"paid": PAID}, headers=desk)
    assert (await api.post(f"{url}/refunds", json=REFUND, headers=desk)).status_code == 403
    accounting = await api.bearer("accounting")
    back = await api.post(f"{url}/refunds", json=REFUND, headers=accounting)
    assert (back.status_code, back.json()["appointment"]["deposit"]["paid"]["amount"]) == (201, 300)
    more = await api.post(f"{url}/refunds", json={**REFUND, "amount": 301}, headers=accounting)
    assert (more.status_code, more.json()["type"], more.json()["paid"]) == (
        422, "/problems/more-than-was-paid", 300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("payments", {"paid": {**PAID, "amount": -1}}),
        ("payments", {"paid": {**PAID, "method": "sheep"}}),
        ("refunds", {**REFUND, "amount": 0}),
        ("refunds", {**REFUND, "reason": "  "}),
        ("instalments", {"instalments": []}),
        ("instalments", {"instalments": [{"due_on": "soon", "amount": 1}]}),
    ],
)
async def test_money_that_is_none_is_malformed(api: Api, owners: Owners, what: str, body: Any) -> None:
    answer = await api.post(
        f"{await visit(api, owners)}/{what}", json=body, headers=await api.bearer("manager")
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed")


async def test_wrong_entries_moves_and_instalments_reach_their_owner(api: Api, owners: Owners) -> None:
    url, headers = await visit(api, owners), await api.bearer("reception")
    other = await api.book(owners, starts_at="2026-11-03T11:00:00+05:00")
    undo = await api.post(f"{url}/payments/{new_id()}/reverse", json={"reason": "typo"}, headers=headers)
    assert (undo.status_code, undo.json()["type"]) == (409, "/problems/not-reversible")
    moved = await api.post(
        f"{url}/move-credit", json={"to_visit_id": other["id"], "amount": 5}, headers=headers
    )
    assert (moved.status_code, moved.json()["appointment"]["id"]) == (201, other["id"])
    itself = await api.post(
        f"{url}/move-credit", json={"to_visit_id": url.rsplit("/", 1)[1]}, headers=headers
    )
    assert itself.status_code == 422
    for amount, status in ((OPEN, 201), (OPEN - 1, 422)):
        plan = {"instalments": [{"due_on": "2026-12-01", "amount": amount}]}
        assert (await api.post(f"{url}/instalments", json=plan, headers=headers)).status_code == status


async def test_a_price_at_the_end_of_a_visit_is_for_those_who_take_money(api: Api, owners: Owners) -> None:
    booked = await api.book(owners, practitioner_id=str(owners.practitioner_id))
    url = f"/api/v1/appointments/{booked['id']}/complete"
    body = {"price": {"amount": 700, "currency": "KZT"}, "price_reason": "pensioner"}
    doctor = await api.bearer("doctor", practitioner_id=owners.practitioner_id)
    assert (await api.post(url, json=body, headers=doctor)).status_code == 403
    done = await api.post(url, json=body, headers=await api.bearer("reception"))
    assert done.json()["appointment"]["visit"]["price"] == {"amount": 700, "currency": "KZT"}
    [command] = [one for one in owners.received if isinstance(one, CompleteAppointment)]
    assert command.price == Money(amount=700, currency="KZT")
    assert command.price_reason == "pensioner"


@pytest.mark.parametrize(
    ("role", "seen"), [("reception", True), ("manager", True), ("doctor", False), ("delegate", False)]
)
async def test_what_is_owed_is_shown_on_the_board_and_the_card_to_those_who_may_see_money(
    api: Api, owners: Owners, role: Role, seen: bool
) -> None:
    booked = await api.book(owners)
    desk = await api.bearer("reception")
    await api.post(f"/api/v1/visits/{booked['id']}/payments", json={"paid": PAID}, headers=desk)
    await api.post(
        f"/api/v1/appointments/{booked['id']}/complete",
        json={"price": {"amount": 700, "currency": "KZT"}, "price_reason": "x", "paid": PAID},
        headers=desk,
    )
    more: dict[str, Any] = (
        {"practitioner_id": owners.practitioner_id}
        if role == "doctor"
        else {"practitioner_ids": [owners.practitioner_id]}
        if role == "delegate"
        else {}
    )
    headers = await api.bearer(role, **more)
    board = await api.get(f"/api/v1/day-board?branch_id={owners.branch_id}&date={DAY}", headers=headers)
    card = await api.get(f"/api/v1/patients/{booked['patient_id']}/360", headers=headers)
    row, visits = board.json()["rows"][0], card.json()["sections"]["appointments"]["data"]
    if seen:
        assert row["balances"][0]["overdue"] == visits["balances"][0]["overdue"] == OPEN
    else:
        assert "balances" not in row
        assert "balances" not in visits
    for shown in (board, card):
        for word in ("price", "paid", "balance", "deposit"):
            assert (f'"{word}"' in shown.text) is seen, word


@pytest.mark.parametrize(("role", "seen"), [("reception", True), ("doctor", False)])
async def test_a_deposit_of_whom_an_absence_meets_follows_the_role(
    api: Api, owners: Owners, role: Role, seen: bool
) -> None:
    desk = await api.bearer("reception")
    await api.post(f"{await visit(api, owners)}/payments", json={"paid": PAID}, headers=desk)
    away = {
        "practitioner_id": str(owners.practitioner_id),
        "starts_at": "2026-11-03T09:00:00+05:00",
        "ends_at": "2026-11-03T12:00:00+05:00",
    }
    headers = await api.bearer(role, **({} if seen else {"practitioner_id": owners.practitioner_id}))
    saved = await api.post("/api/v1/absences", json=away, headers=headers)
    [displacement] = saved.json()["displacements"]
    assert (displacement["record"]["deposit"] is not None) is seen


async def test_a_card_says_what_is_not_known_where_booking_does_not_tell_in_time(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    headers = await api.bearer("reception")
    owners.silent.add("BalanceOf")
    card = await api.get(f"/api/v1/patients/{booked['patient_id']}/360", headers=headers)
    section = card.json()["sections"]["appointments"]
    assert (section["status"], section["data"]["balances"]) == ("ok", None)


async def test_balance_and_visits_of_a_patient_follow_the_role(api: Api, owners: Owners) -> None:
    patient = (await api.book(owners))["patient_id"]
    for role in ("reception", "manager", "accounting"):
        headers = await api.bearer(role)
        balance = await api.get(f"/api/v1/patients/{patient}/balance", headers=headers)
        assert balance.json()["balances"][0]["owes"] == OPEN
        visits = await api.get(f"/api/v1/patients/{patient}/visits", headers=headers)
        assert visits.json()["totals"][0]["visits"] == 7
    doctor = await api.bearer("doctor", practitioner_id=owners.practitioner_id)
    for what in ("balance", "visits"):
        assert (await api.get(f"/api/v1/patients/{patient}/{what}", headers=doctor)).status_code == 403


async def test_a_day_is_looked_at_with_names_and_closed_once(api: Api, owners: Owners) -> None:
    await api.book(owners)
    headers = await api.bearer("reception")
    me = (await api.get("/api/v1/sessions/current", headers=headers)).json()["staff"]
    owners.cashier = f"staff:{me['staff_id']}"
    look = f"/api/v1/day-close?branch_id={owners.branch_id}&date={DAY}"
    day = (await api.get(look, headers=headers)).json()
    assert (day["closing"], day["expected_cash"], day["till"][0]["name"]) == (None, 400, "Somebody")
    assert day["unclosed"][0]["patient"]["full_name"] == "Дана Смагулова"
    body = {"branch_id": str(owners.branch_id), "date": DAY, "counted_cash": 0}
    wordless = await api.post("/api/v1/day-close", json=body, headers=headers)
    assert (wordless.status_code, wordless.json()["difference"]) == (422, -400)
    keyed = {**headers, "Idempotency-Key": "close"}
    closed = [
        await api.post("/api/v1/day-close", json={**body, "note": "counted twice"}, headers=keyed)
        for _ in range(2)
    ]
    assert [one.status_code for one in closed] == [201, 201]
    assert closed[0].json() == closed[1].json()
    assert closed[0].json()["closed_by_name"] == "Somebody"
    assert (await api.get(look, headers=headers)).json()["closing"]["note"] == "counted twice"
    again = await api.post("/api/v1/day-close", json={**body, "counted_cash": 400}, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/day-closed")
    [first, *_] = [one for one in owners.received if isinstance(one, CloseDay)]
    assert first.branch_id == owners.branch_id


async def test_a_day_without_names_says_whose_they_are(api: Api, owners: Owners) -> None:
    await api.book(owners)
    owners.unavailable.add("patient_profile")
    look = f"/api/v1/day-close?branch_id={owners.branch_id}&date={DAY}"
    day = (await api.get(look, headers=await api.bearer("reception"))).json()
    assert day["unavailable"] == ["patient_profile"]
    assert {one["patient"]["status"] for one in day["unclosed"]} == {"unknown"}


async def test_a_day_is_closed_at_the_own_branches_by_those_who_may(api: Api, owners: Owners) -> None:
    look = f"/api/v1/day-close?branch_id={owners.branch_id}&date={DAY}"
    assert (await api.get(look, headers=await api.bearer("doctor"))).status_code == 403
    elsewhere = await api.bearer("reception", branch_ids=[owners.other_branch_id])
    assert (await api.get(look, headers=elsewhere)).json()["type"] == "/problems/unknown-branch"
    audited = await api.get("/api/v1/audit", headers=await api.bearer("manager"))
    told = [one for one in audited.json()["entries"] if one["action"] == "day.close"]
    assert [one["outcome"] for one in told].count("unknown-branch") == 1
    assert all(UUID(one["subjects"]["branch_id"]) == owners.branch_id for one in told if one["subjects"])

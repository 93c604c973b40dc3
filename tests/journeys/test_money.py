"""Money's whole way over HTTP: a deposit, a discount, a debt in instalments, a refund, a credit, and the day's close."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ALMATY = ZoneInfo("Asia/Almaty")
PRICE = 2_500_000


def tenge(amount: int, method: str = "cash") -> dict[str, Any]:
    return {"amount": amount, "currency": "KZT", "method": method}


class Desk:
    """Somebody of the staff who takes money."""

    def __init__(self, clinic: Any, headers: dict[str, str]) -> None:
        self.clinic = clinic
        self.headers = headers

    async def post(self, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
        answer = await self.clinic.http.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.clinic.http.get(f"/api/v1{path}", params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def balance(self, patient: str) -> dict[str, Any]:
        """What the 360 view says, which is what booking says."""
        [balance] = (await self.get(f"/patients/{patient}/balance"))["balances"]
        sections = await self.clinic.whole_view(patient)
        assert sections["appointments"]["data"]["balances"] == [balance]
        return dict(balance)


async def at(clinic: Any, role: str) -> Desk:
    return Desk(clinic, await clinic.login(role))


async def slots_of(clinic: Any, *, days_ahead: int, number: int) -> tuple[str, list[dict[str, Any]]]:
    """Free times of the hygiene (25 000 ₸) on one day in Almaty, one after the other, by one practitioner."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    start = (await clinic.now()).astimezone(ALMATY).date() + timedelta(days=days_ahead)
    found = await clinic.slots(
        service_id=service["service_id"],
        branch_id=branch["branch_id"],
        days=10,
        **{"from": start.isoformat()},
    )
    day, chosen = _local_day(found[0]["starts_at"]), found[:1]
    for slot in found:
        after = datetime.fromisoformat(slot["starts_at"]) >= datetime.fromisoformat(chosen[-1]["ends_at"])
        if (
            after
            and slot["practitioner_id"] == chosen[0]["practitioner_id"]
            and _local_day(slot["starts_at"]) == day
        ):
            chosen.append(slot)
    assert len(chosen) >= number
    return service["service_id"], chosen[:number]


def _local_day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(ALMATY).date()


@pytest.mark.timeout(300)
async def test_a_patients_money_from_the_deposit_to_the_close_of_the_day(clinic: Any, people: Any) -> None:
    who = people("Ержан Касымов")
    service, slots = await slots_of(clinic, days_ahead=2, number=3)
    ids = []
    for slot in slots:
        booked = await clinic.book(service, slot, who)
        assert booked.status_code == 201, booked.text
        ids.append(booked.json()["appointment"]["id"])
    visit, missed, second = ids
    await clinic.settle()
    reception, manager = await at(clinic, "reception"), await at(clinic, "manager")
    patient = (await reception.get(f"/appointments/{visit}"))["appointment"]["patient_id"]

    # deposits before the visits; one of them is cancelled, so its money is owed to the patient
    for it in (visit, missed):
        await reception.post(f"/visits/{it}/payments", paid=tenge(500_000, "card"))
    assert (await reception.balance(patient))["deposits"] == 1_000_000
    await reception.post(f"/appointments/{missed}/cancel", 200, reason="ill")
    owed = await reception.balance(patient)
    assert (owed["credit"], owed["deposits"], owed["balance"]) == (500_000, 500_000, -1_000_000)

    # it pays for the second visit, in part; the rest goes back, by those who may
    moved = await reception.post(f"/visits/{missed}/move-credit", to_visit_id=second, amount=300_000)
    assert moved["appointment"]["deposit"]["paid"]["amount"] == 300_000
    back = {**tenge(200_000, "card"), "reason": "fell ill"}
    await reception.post(f"/visits/{missed}/refunds", 403, **back)
    await manager.post(f"/visits/{missed}/refunds", **back)
    await manager.post(f"/visits/{missed}/refunds", 422, **back)

    # the visit takes place: cheaper than the catalogue, with a reason; two desks take the rest at once
    await clinic.move_clock(datetime.fromisoformat(slots[2]["ends_at"]) + timedelta(minutes=5))
    reception, manager = await at(clinic, "reception"), await at(clinic, "manager")
    price = {"amount": 2_000_000, "currency": "KZT"}
    await reception.post(f"/appointments/{visit}/complete", 422, price=price)
    done = await reception.post(f"/appointments/{visit}/complete", 200, price=price, price_reason="pensioner")
    bill = done["appointment"]
    assert bill["visit"]["balance"]["amount"] == 1_500_000
    both = await asyncio.gather(
        *(
            clinic.http.post(
                f"/api/v1/visits/{visit}/payments",
                json={"paid": tenge(1_500_000), "if_version": bill["version"]},
                headers=who_takes.headers,
            )
            for who_takes in (reception, manager)
        )
    )
    assert sorted(one.status_code for one in both) == [201, 409]

    # the second is paid in instalments; what is late is a debt
    await reception.post(f"/appointments/{second}/complete", 200, paid=tenge(200_000))
    today = (await clinic.now()).astimezone(ALMATY).date()
    parts = [{"due_on": (today + timedelta(days=days)).isoformat(), "amount": 1_000_000} for days in (10, 40)]
    await reception.post(f"/visits/{second}/instalments", 422, instalments=parts[:1])
    await reception.post(f"/visits/{second}/instalments", instalments=parts)
    balance = await reception.balance(patient)
    assert (balance["owes"], balance["overdue"], balance["credit"]) == (2_000_000, 0, 0)
    card = await reception.get(f"/patients/{patient}/visits")
    assert [one["payment_status"] for one in card["visits"]] == ["partly-paid", "paid"]
    assert card["totals"] == [{"currency": "KZT", "visits": 2, "charged": 4_500_000, "paid": 2_500_000}]

    # the doctor sees none of it
    doctor = await at(clinic, "doctor")
    board = await doctor.get("/day-board", branch_id=slots[0]["branch_id"], date=today.isoformat())
    assert all("balances" not in row and "deposit" not in row["appointment"] for row in board["rows"])
    refused = await clinic.http.get(f"/api/v1/patients/{patient}/balance", headers=doctor.headers)
    assert refused.status_code == 403

    # the day is closed; later money belongs to the next one
    where = {"branch_id": slots[0]["branch_id"], "date": today.isoformat()}
    day = await reception.get("/day-close", **where)
    assert [one["visit"]["visit_id"] for one in day["debts"] if one["visit"]["patient_id"] == patient] == [
        second
    ]
    cash = sum(one["received"] - one["refunded"] for one in day["till"] if one["method"] == "cash")
    assert day["expected_cash"] == cash >= 1_700_000
    short = {**where, "counted_cash": cash - 100, "leave_open": True}
    await reception.post("/day-close", 422, **short)
    closed = await reception.post("/day-close", **short, note="change")
    assert (closed["expected_cash"], closed["difference"]) == (cash, -100)
    await reception.post(f"/visits/{second}/payments", paid=tenge(7_00))
    assert (await reception.get("/day-close", **where))["till"] == day["till"]
    tomorrow = {**where, "date": (today + timedelta(days=1)).isoformat()}
    assert (await reception.get("/day-close", **tomorrow))["expected_cash"] >= 7_00

    # and after the first instalment's day has gone by, it shows as a debt
    await clinic.move_clock(timedelta(days=11))
    reception = await at(clinic, "reception")
    assert (await reception.balance(patient))["overdue"] == 1_000_000 - 7_00

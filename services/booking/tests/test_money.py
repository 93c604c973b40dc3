"""What a clinic's desk does with money: deposits, parts, refunds, credit, instalments, and what each patient owes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from booking.handlers import Parts
from common.clock import Clock
from common.contracts.booking import (
    AppointmentRecord,
    AskReport,
    BalanceOf,
    CancelAppointment,
    CompleteAppointment,
    CorrectAppointment,
    Instalment,
    MarkNoShow,
    MoveCredit,
    Paid,
    PatientBalance,
    PutInstalments,
    RecordPayment,
    RefundPayment,
    RescheduleAppointment,
    ReversePayment,
    VisitsOfPatient,
)
from common.contracts.messages import Money
from common.ids import new_id

from .clinic import Clinic, a_branch, a_practitioner, a_service, almaty, code_of, open_clinic, refused

TEN = almaty(3, 10)
PRICE = 1_000_000


def tenge(amount: int, method: str = "cash") -> Paid:
    return Paid.model_validate({"amount": amount, "currency": "KZT", "method": method})


def refunding(visit_id: UUID, amount: int, **more: Any) -> RefundPayment:
    values = {"visit_id": visit_id, "amount": amount, "currency": "KZT", "method": "cash", "reason": "asked"}
    return RefundPayment.model_validate({**values, **more})


async def booked(clinic: Clinic, **more: Any) -> UUID:
    return (await clinic.book(TEN, **more)).appointment.appointment_id


async def visited(clinic: Clinic, at: datetime = TEN, *, paid: int | None = None, **more: Any) -> UUID:
    """A visit that took place."""
    it = (await clinic.book(at, **more)).appointment.appointment_id
    clinic.put_clock(at)
    await clinic.tell(CompleteAppointment(appointment_id=it, paid=None if paid is None else tenge(paid)))
    return it


async def balance_of(clinic: Clinic, patient_id: UUID) -> PatientBalance:
    [balance] = (await clinic.tell(BalanceOf(patient_ids=[patient_id]))).balances
    found: PatientBalance = balance
    return found


async def patient_of(clinic: Clinic, visit_id: UUID) -> UUID:
    [row] = await clinic.rows("SELECT patient_id FROM appointments WHERE appointment_id = :id", id=visit_id)
    patient_id: UUID = row.patient_id
    return patient_id


async def events(clinic: Clinic, word: str) -> list[Any]:
    rows = await clinic.rows(
        "SELECT convert_from(body, 'UTF8')::jsonb AS body FROM outbox WHERE subject LIKE :word ORDER BY seq",
        word=f"%.{word}.v1",
    )
    return [row.body for row in rows]


# --- the price ------------------------------------------------------------------------------------------


async def test_a_discount_says_why_and_the_catalogues_price_is_kept_beside_it(clinic: Clinic):
    it = await booked(clinic)
    clinic.put_clock(TEN)
    less = Money(amount=800_000, currency="KZT")
    wordless = CompleteAppointment(appointment_id=it, price=less)
    assert await code_of(clinic.tell(wordless)) == "price-needs-reason"
    command = CompleteAppointment(
        appointment_id=it, price=less, price_reason="pensioner", paid=tenge(800_000)
    )
    visit = (await clinic.tell(command)).visit
    assert (visit.price, visit.list_price.amount, visit.price_reason) == (less, PRICE, "pensioner")
    assert visit.balance.amount == 0


async def test_a_visit_without_a_price_is_given_one_and_needs_no_reason(parts: Parts):
    clinic = await open_clinic(parts, price=None)
    it = await booked(clinic)
    clinic.put_clock(TEN)
    price = Money(amount=5_000, currency="KZT")
    visit = (await clinic.tell(CompleteAppointment(appointment_id=it, price=price))).visit
    assert (visit.price, visit.list_price, visit.balance) == (price, None, price)


async def test_a_visit_that_never_had_a_price_costs_what_was_paid(parts: Parts):
    clinic = await open_clinic(parts, price=None)
    it = await visited(clinic, paid=700)
    balance = await balance_of(clinic, await patient_of(clinic, it))
    assert (balance.charged, balance.paid, balance.balance) == (700, 700, 0)


async def test_a_doctor_ends_the_visit_but_sets_no_price(clinic: Clinic):
    it = await booked(clinic)
    clinic.put_clock(TEN)
    doctor = clinic.staff("doctor", practitioners=[clinic.practitioner.practitioner_id])
    free = CompleteAppointment(
        appointment_id=it, price=Money(amount=0, currency="KZT"), price_reason="a friend"
    )
    assert await code_of(clinic.tell(free, doctor)) == "not-allowed"
    assert (
        await code_of(clinic.tell(CompleteAppointment(appointment_id=it, paid=tenge(1)), doctor))
        == "not-allowed"
    )
    assert (await clinic.tell(CompleteAppointment(appointment_id=it), doctor)).visit is not None


# --- payments -------------------------------------------------------------------------------------------


async def test_a_visit_is_paid_in_parts_by_several_methods(clinic: Clinic):
    it = await visited(clinic, paid=300_000)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(200_000, "card")))
    record = await clinic.tell(
        RecordPayment(visit_id=it, paid=tenge(500_000, "transfer")), clinic.staff("accounting")
    )
    assert [(one.amount.amount, one.method) for one in record.visit.payments] == [
        (300_000, "cash"), (200_000, "card"), (500_000, "transfer"),
    ]  # fmt: skip
    assert (record.visit.paid.amount, record.visit.balance.amount) == (PRICE, 0)
    assert await clinic.told() == [("booked", 1), ("completed", 2), ("paid", 3), ("paid", 4)]


async def test_the_same_order_pays_once(clinic: Clinic):
    it = await visited(clinic)
    order = RecordPayment(visit_id=it, paid=tenge(100))
    assert await clinic.tell(order) == await clinic.tell(order)
    assert await code_of(clinic.tell(order.model_copy(update={"paid": tenge(200)}))) == "command-reused"
    assert len(await clinic.rows("SELECT 1 FROM payments")) == 1


async def test_money_is_in_the_networks_currency_and_for_a_visit(clinic: Clinic):
    it = await booked(clinic)
    euros = Paid(amount=1, currency="EUR")
    assert await code_of(clinic.tell(RecordPayment(visit_id=it, paid=euros))) == "wrong-currency"
    assert await code_of(clinic.tell(RecordPayment(visit_id=new_id(), paid=tenge(1)))) == "unknown-visit"
    assert await code_of(clinic.tell(refunding(it, 1, currency="EUR"))) == "wrong-currency"
    clinic.put_clock(TEN)
    for wrong in ({"paid": euros}, {"price": Money(amount=1, currency="EUR"), "price_reason": "x"}):
        order = CompleteAppointment.model_validate({"appointment_id": it, **wrong})
        assert await code_of(clinic.tell(order)) == "wrong-currency"


async def test_what_somebody_else_took_meanwhile_is_seen_before_it_is_taken_twice(clinic: Clinic):
    it = await visited(clinic)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(PRICE), if_version=2))
    again = RecordPayment(visit_id=it, paid=tenge(PRICE), if_version=2)
    assert await code_of(clinic.tell(again)) == "version-conflict"


async def test_nothing_that_was_entered_is_ever_edited_or_deleted(clinic: Clinic):
    await visited(clinic, paid=5)
    for act in ("UPDATE payments SET amount = 1", "DELETE FROM payments"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with clinic.parts.database.transaction(clinic.caller.network_id) as tx:
                await tx.execute(sa.text(act))


# --- before the visit -----------------------------------------------------------------------------------


async def test_a_deposit_stays_with_the_appointment_wherever_it_moves_and_counts_at_its_end(clinic: Clinic):
    it = await booked(clinic)
    record = await clinic.tell(RecordPayment(visit_id=it, paid=tenge(400_000)))
    assert (record.visit, record.deposit.paid.amount) == (None, 400_000)
    assert await clinic.told() == [("booked", 1), ("paid", 2)]
    moved = await clinic.tell(RescheduleAppointment(appointment_id=it, starts_at=almaty(4, 10)))
    assert moved.deposit.paid.amount == 400_000
    clinic.put_clock(almaty(4, 10))
    visit = (await clinic.tell(CompleteAppointment(appointment_id=it, paid=tenge(600_000)))).visit
    assert (visit.paid.amount, visit.balance.amount) == (PRICE, 0)


async def test_a_cancelled_appointments_deposit_is_owed_to_the_patient_and_given_back(clinic: Clinic):
    it = await booked(clinic)
    patient = await patient_of(clinic, it)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(400_000)))
    before = await balance_of(clinic, patient)
    assert (before.deposits, before.credit, before.balance) == (400_000, 0, -400_000)
    await clinic.tell(CancelAppointment(appointment_id=it))
    owed = await balance_of(clinic, patient)
    assert (owed.deposits, owed.credit, owed.balance) == (0, 400_000, -400_000)
    assert await code_of(clinic.tell(RecordPayment(visit_id=it, paid=tenge(1)))) == "illegal-transition"
    record = await clinic.tell(refunding(it, 400_000))
    assert record.deposit.paid.amount == 0
    assert (await balance_of(clinic, patient)).credit == 0


async def test_a_missed_appointments_deposit_is_owed_to_the_patient_too(clinic: Clinic):
    it = await booked(clinic)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(100)))
    clinic.put_clock(TEN)
    await clinic.tell(MarkNoShow(appointment_id=it))
    assert (await balance_of(clinic, await patient_of(clinic, it))).credit == 100


async def test_credit_moves_to_another_visit_and_meets_no_till(clinic: Clinic):
    it = await booked(clinic)
    patient = await patient_of(clinic, it)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(400_000)))
    await clinic.tell(CancelAppointment(appointment_id=it))
    other = (await clinic.book(almaty(4, 10), patient_id=patient)).appointment.appointment_id
    too_much = MoveCredit(visit_id=it, to_visit_id=other, amount=400_001)
    assert (await refused(clinic.tell(too_much))).extra == {"paid": 400_000}
    record = await clinic.tell(MoveCredit(visit_id=it, to_visit_id=other), clinic.staff("reception"))
    assert record.deposit.paid.amount == 400_000
    assert (record.deposit.payments[0].kind, record.deposit.payments[0].other_visit_id) == ("moved", it)
    assert await code_of(clinic.tell(MoveCredit(visit_id=it, to_visit_id=other))) == "more-than-was-paid"
    balance = await balance_of(clinic, patient)
    assert (balance.credit, balance.deposits) == (0, 400_000)
    told = [event["deposit"]["paid"]["amount"] for event in await events(clinic, "appointment.paid")]
    assert told == [400_000, 0, 400_000]


async def test_what_was_paid_beyond_the_price_moves_and_what_is_owed_stays(clinic: Clinic):
    it = await visited(clinic, paid=PRICE + 500)
    other = (
        await clinic.book(almaty(4, 10), patient_id=await patient_of(clinic, it))
    ).appointment.appointment_id
    await clinic.tell(MoveCredit(visit_id=it, to_visit_id=other))
    assert (await balance_of(clinic, await patient_of(clinic, it))).deposits == 500


async def test_money_goes_to_another_patient_by_those_who_may_refund_it(clinic: Clinic):
    it, other = await booked(clinic), (await clinic.book(almaty(4, 10))).appointment.appointment_id
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(100)))
    move = MoveCredit(visit_id=it, to_visit_id=other)
    assert await code_of(clinic.tell(move, clinic.staff("reception"))) == "another-patient"
    assert (await clinic.tell(move, clinic.staff("accounting"))).deposit.paid.amount == 100


# --- going back -----------------------------------------------------------------------------------------


async def test_a_refund_never_exceeds_what_was_paid_for_the_visit(clinic: Clinic):
    it = await visited(clinic, paid=300_000)
    refusal = await refused(clinic.tell(refunding(it, 300_001)))
    assert (refusal.refusal, refusal.extra) == ("more-than-was-paid", {"paid": 300_000})
    visit = (await clinic.tell(refunding(it, 200_000))).visit
    assert [(one.amount.amount, one.kind, one.reason) for one in visit.refunds] == [
        (200_000, "refund", "asked")
    ]
    assert (visit.paid.amount, visit.balance.amount) == (100_000, 900_000)
    assert (await refused(clinic.tell(refunding(it, 100_001)))).extra == {"paid": 100_000}


async def test_a_refund_may_lower_the_price_so_that_nothing_is_owed_again(clinic: Clinic):
    it = await visited(clinic, paid=PRICE)
    record = await clinic.tell(refunding(it, 300_000, lowers_price=True))
    visit = record.visit
    assert (visit.price.amount, visit.list_price.amount, visit.balance.amount) == (700_000, PRICE, 0)
    undo = ReversePayment(visit_id=it, payment_id=visit.refunds[0].payment_id, reason="wrong patient")
    visit = (await clinic.tell(undo)).visit
    assert (visit.price.amount, visit.list_price, visit.price_reason, visit.balance.amount) == (
        PRICE,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(("role", "code"), [("reception", "not-allowed"), ("doctor", "not-allowed")])
async def test_refunds_are_for_managers_and_accounting(clinic: Clinic, role: str, code: str):
    it = await visited(clinic, paid=10)
    assert await code_of(clinic.tell(refunding(it, 1), clinic.staff(role))) == code
    for permitted in ("manager", "accounting"):
        await clinic.tell(refunding(it, 1), clinic.staff(permitted))


async def test_a_wrong_payment_is_undone_by_a_counter_entry_once(clinic: Clinic):
    it = await visited(clinic)
    wrong = RecordPayment(visit_id=it, paid=tenge(999, "card"))
    await clinic.tell(wrong)
    undo = ReversePayment(visit_id=it, payment_id=wrong.command_id, reason="typed twice")
    visit = (await clinic.tell(undo)).visit
    assert visit.paid.amount == 0
    assert [(one.kind, one.method, one.reverses) for one in visit.refunds] == [
        ("reversal", "card", wrong.command_id)
    ]
    again = undo.model_copy(update={"command_id": new_id()})
    assert await code_of(clinic.tell(again)) == "not-reversible"
    the_undoing = ReversePayment(visit_id=it, payment_id=undo.command_id, reason="no")
    assert await code_of(clinic.tell(the_undoing)) == "not-reversible"
    nothing = ReversePayment(visit_id=it, payment_id=new_id(), reason="no")
    assert await code_of(clinic.tell(nothing)) == "unknown-payment"


async def test_what_has_gone_back_by_now_cannot_be_undone_as_well(clinic: Clinic):
    it = await visited(clinic)
    paid = RecordPayment(visit_id=it, paid=tenge(100))
    await clinic.tell(paid)
    await clinic.tell(refunding(it, 60))
    undo = ReversePayment(visit_id=it, payment_id=paid.command_id, reason="never was")
    assert (await refused(clinic.tell(undo))).extra == {"paid": 40}


async def test_reception_undoes_what_it_took_itself_on_the_same_day(clinic: Clinic):
    it = await visited(clinic)
    me, other = clinic.staff("reception", actor="staff:me"), clinic.staff("reception", actor="staff:other")
    mine, later = (RecordPayment(visit_id=it, paid=tenge(10)) for _ in range(2))
    await clinic.tell(mine, me)
    await clinic.tell(later, me)
    undo = ReversePayment(visit_id=it, payment_id=mine.command_id, reason="typo")
    assert await code_of(clinic.tell(undo, other)) == "not-allowed"
    await clinic.tell(undo, me)
    clinic.put_clock(TEN + timedelta(days=1))
    tomorrow = ReversePayment(visit_id=it, payment_id=later.command_id, reason="typo")
    assert await code_of(clinic.tell(tomorrow, me)) == "not-allowed"
    await clinic.tell(tomorrow, clinic.staff("manager"))


async def test_a_completion_that_is_undone_leaves_its_money_as_a_deposit(clinic: Clinic):
    it = await visited(clinic, paid=PRICE)
    record = await clinic.tell(CorrectAppointment(appointment_id=it, reason="wrong patient"))
    assert (record.visit, record.deposit.paid.amount) == (None, PRICE)


async def test_the_bus_hears_amounts_and_never_what_people_wrote(clinic: Clinic):
    it = await booked(clinic)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(50)))
    await clinic.tell(refunding(it, 10, reason="Марат asked"))
    clinic.put_clock(TEN)
    price = Money(amount=900, currency="KZT")
    await clinic.tell(CompleteAppointment(appointment_id=it, price=price, price_reason="Марат is poor"))
    record: AppointmentRecord = await clinic.tell(refunding(it, 5, reason="Марат again"))
    assert record.visit is not None
    assert [one.reason for one in record.visit.refunds] == ["Марат asked", "Марат again"]
    [paid] = await events(clinic, "visit.paid")
    assert (paid["visit"]["paid"]["amount"], paid["visit"]["balance"]["amount"]) == (35, 865)
    assert [one["amount"]["amount"] for one in paid["visit"]["refunds"]] == [10, 5]
    [row] = await clinic.rows(
        "SELECT count(*) AS n FROM outbox WHERE convert_from(body, 'UTF8') LIKE '%Марат%'"
    )
    assert row.n == 0


# --- instalments ----------------------------------------------------------------------------------------


def parts_of(*parts: tuple[int, int]) -> list[Instalment]:
    return [Instalment(due_on=date(2026, 11, day), amount=amount) for day, amount in parts]


async def test_instalments_sum_to_what_is_open_and_overdue_ones_show_as_debt(clinic: Clinic):
    it = await visited(clinic, paid=400_000)
    patient = await patient_of(clinic, it)
    assert (await balance_of(clinic, patient)).overdue == 600_000
    wrong = PutInstalments(visit_id=it, instalments=parts_of((10, 200_000), (20, 300_000)))
    assert (await refused(clinic.tell(wrong))).extra == {"open": 600_000}
    plan = parts_of((10, 200_000), (20, 400_000))
    record = await clinic.tell(PutInstalments(visit_id=it, instalments=plan))
    assert record.visit.instalments == plan
    assert (await events(clinic, "visit.paid"))[-1]["visit"]["instalments"][0]["due_on"] == "2026-11-10"

    async def overdue(day: int) -> tuple[int, int]:
        clinic.put_clock(almaty(day, 12))
        balance = await balance_of(clinic, patient)
        return balance.owes, balance.overdue

    assert await overdue(10) == (600_000, 0)
    assert await overdue(11) == (600_000, 200_000)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(150_000)))
    assert await overdue(12) == (450_000, 50_000)
    assert await overdue(21) == (450_000, 450_000)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(450_000)))
    assert await overdue(22) == (0, 0)


@pytest.mark.parametrize("days", [(2, 20), (10, 10), (20, 10)])
async def test_the_days_of_instalments_follow_each_other_from_today(clinic: Clinic, days: tuple[int, int]):
    it = await visited(clinic)
    plan = parts_of((days[0], 500_000), (days[1], 500_000))
    assert (
        await code_of(clinic.tell(PutInstalments(visit_id=it, instalments=plan)))
        == "instalments-out-of-order"
    )


async def test_instalments_are_for_a_visit_that_took_place(clinic: Clinic):
    plan = PutInstalments(visit_id=await booked(clinic), instalments=parts_of((10, PRICE)))
    assert await code_of(clinic.tell(plan)) == "unknown-visit"


# --- balances and the card ------------------------------------------------------------------------------


async def test_balances_of_many_come_in_one_answer_and_never_mix(clinic: Clinic):
    debtor = await patient_of(clinic, await visited(clinic))
    payer = await patient_of(clinic, await visited(clinic, almaty(3, 11), paid=PRICE))
    balances = (await clinic.tell(BalanceOf(patient_ids=[debtor, payer, new_id()]))).balances
    assert {one.patient_id: (one.owes, one.balance) for one in balances} == {
        debtor: (PRICE, PRICE),
        payer: (0, 0),
    }


@pytest.mark.parametrize("role", ["doctor", "delegate"])
async def test_what_a_patient_owes_is_not_for_everybody(clinic: Clinic, role: str):
    for question in (BalanceOf(patient_ids=[new_id()]), VisitsOfPatient(patient_ids=[new_id()])):
        assert await code_of(clinic.tell(question, clinic.staff(role))) == "not-allowed"
        assert await code_of(clinic.tell(question, clinic.patient(new_id()))) == "not-allowed"


CARD = [
    # what, by whom, when (Almaty), tenge
    ("Консультация", "Айгерим Нурлановна Сейтова", datetime(2024, 1, 22, 10), 10_000),
    ("Лечение кариеса, зуб 36", "Айгерим Нурлановна Сейтова", datetime(2024, 2, 5, 11), 35_000),
    ("Гигиена", "Дана Ермековна", datetime(2024, 3, 18, 9), 25_000),
    ("Удаление зуба", "Виктор Сергеевич Ким", datetime(2024, 5, 27, 16), 28_000),
    ("Лечение кариеса, зуб 46", "Айгерим Нурлановна Сейтова", datetime(2024, 8, 12, 12), 37_000),
    ("Гигиена", "Дана Ермековна", datetime(2024, 9, 20, 9), 25_000),
    ("Гигиена", "Дана Ермековна", datetime(2024, 12, 15, 10), 25_000),
]


async def test_the_card_of_seven_visits_reproduces_what_was_paid(parts: Parts):
    then = Clock()
    then.put(datetime(2024, 1, 1, tzinfo=UTC))
    clinic = await open_clinic(replace(parts, clock=then))
    services = {
        name: a_service(name={"ru": name}, price=Money(amount=tenge_ * 100, currency="KZT"))
        for name, _, _, tenge_ in CARD
    }
    doctors = {name: a_practitioner(clinic.branch, *services.values(), name=name) for _, name, _, _ in CARD}
    await clinic.put(*services.values(), *doctors.values())
    patient = new_id()
    for what, who, local, amount in CARD:
        at = local.replace(tzinfo=UTC) - timedelta(hours=6 if local < datetime(2024, 3, 1) else 5)
        clinic.put_clock(at - timedelta(days=1))
        it = await clinic.book(
            at,
            patient_id=patient,
            service_id=services[what].service_id,
            practitioner_id=doctors[who].practitioner_id,
        )
        clinic.put_clock(at)
        await clinic.tell(
            CompleteAppointment(
                appointment_id=it.appointment.appointment_id, paid=tenge(amount * 100, "card")
            )
        )
    card = await clinic.tell(VisitsOfPatient(patient_ids=[patient]))
    [totals] = card.totals
    assert (totals.visits, totals.paid, totals.charged, totals.currency) == (7, 185_000_00, 185_000_00, "KZT")
    last = card.visits[0]
    assert (last.service["ru"], last.practitioner, last.payment_status) == (
        "Гигиена",
        "Дана Ермековна",
        "paid",
    )
    assert last.visit.starts_at == datetime(2024, 12, 15, 5, tzinfo=UTC)
    assert last.visit.paid == Money(amount=25_000_00, currency="KZT")
    assert [line.visit.paid.amount for line in card.visits] == [amount * 100 for *_, amount in reversed(CARD)]


async def test_how_a_visit_is_paid_is_one_word(clinic: Clinic):
    patient = new_id()

    async def status(at: datetime, *acts: Any, **more: Any) -> str:
        it = await visited(clinic, at, patient_id=patient, **more)
        for act in acts:
            await clinic.tell(act(it))
        return str((await clinic.tell(VisitsOfPatient(patient_ids=[patient]))).visits[0].payment_status)

    assert await status(almaty(3, 10)) == "unpaid"
    assert await status(almaty(3, 11), paid=1) == "partly-paid"
    assert await status(almaty(3, 12), paid=PRICE) == "paid"
    assert await status(almaty(3, 13), paid=PRICE + 1) == "overpaid"
    assert await status(almaty(3, 14), lambda it: refunding(it, PRICE), paid=PRICE) == "refunded"
    assert (
        await status(almaty(3, 15), lambda it: refunding(it, PRICE, lowers_price=True), paid=PRICE)
        == "refunded"
    )


# --- reports --------------------------------------------------------------------------------------------


async def test_revenue_knows_refunds_discounts_and_the_average_ticket(clinic: Clinic):
    await booked_deposit(clinic)
    first = await visited(clinic, almaty(3, 11), paid=PRICE)
    await clinic.tell(refunding(first, 400_000, lowers_price=True))
    back = await visited(clinic, almaty(3, 12), paid=PRICE)
    await clinic.tell(refunding(back, PRICE))
    await visited(clinic, almaty(3, 13), paid=200_000)
    day = date(2026, 11, 3)
    revenue = await clinic.tell(AskReport(kpi="revenue", from_date=day, to_date=day))
    assert revenue.totals == {
        "visits": 2,
        "paid": 800_000,
        "average": 400_000,
        "charged": 3 * PRICE - 400_000,
        "discounts": 400_000,
    }


async def booked_deposit(clinic: Clinic) -> None:
    """Money for a visit that did not take place is no revenue."""
    await clinic.tell(RecordPayment(visit_id=await booked(clinic), paid=tenge(123)))


async def test_tills_report_what_came_and_went_by_method_on_their_own_days(clinic: Clinic):
    it = await visited(clinic, paid=500)
    wrong = RecordPayment(visit_id=it, paid=tenge(70, "card"))
    await clinic.tell(wrong)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(30, "card")))
    await clinic.tell(ReversePayment(visit_id=it, payment_id=wrong.command_id, reason="typo"))
    await clinic.tell(refunding(it, 100))
    clinic.put_clock(almaty(4, 12))
    elsewhere = a_branch(name="Абай")
    await clinic.put(elsewhere)
    await clinic.tell(RecordPayment(visit_id=it, paid=tenge(9), branch_id=elsewhere.branch_id))

    async def taken(day: int) -> dict[tuple[str, str], tuple[float, float]]:
        on = date(2026, 11, day)
        report = await clinic.tell(AskReport(kpi="till", from_date=on, to_date=on))
        return {
            (row.labels["branch"], row.labels["method"]): (row.values["received"], row.values["refunded"])
            for row in report.rows
        }

    here = clinic.branch.name
    assert await taken(3) == {(here, "cash"): (500, 100), (here, "card"): (30, 0)}
    assert await taken(4) == {(elsewhere.name, "cash"): (9, 0)}

"""Cancelling and moving: until when, how often, and why."""

from datetime import timedelta

import pytest

from booking.handlers import Parts
from common.contracts.booking import AskReport, CancelAppointment, RescheduleAppointment
from common.ids import new_id

from .clinic import Clinic, almaty, code_of, open_clinic, refused

TEN = almaty(3, 10)


@pytest.fixture
async def strict(parts: Parts) -> Clinic:
    """A clinic whose patients cancel and move up to four hours before."""
    return await open_clinic(parts, cancellation_notice=240)


async def report(clinic: Clinic, **more):
    """Cancellations of the 3rd of November."""
    return await clinic.tell(AskReport(kpi="cancellations", from_date=TEN.date(), to_date=TEN.date(), **more))


async def test_inside_the_notice_a_patient_is_told_whom_to_call_and_until_when_it_was_possible(
    strict: Clinic,
):
    booked = (await strict.book(TEN)).appointment
    patient = strict.patient(booked.patient_id)
    strict.put_clock(TEN - timedelta(hours=3, minutes=59))
    for order, code in (
        (CancelAppointment(appointment_id=booked.appointment_id), "too-late-to-cancel"),
        (
            RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(4, 10)),
            "too-late-to-move",
        ),
    ):
        refusal = await refused(strict.tell(order, patient))
        assert refusal.refusal == code
        assert refusal.extra == {
            "branch_phone": strict.branch.phone,
            "until": (TEN - timedelta(hours=4)).isoformat(),
        }


async def test_at_the_last_moment_of_the_notice_a_patient_still_cancels(strict: Clinic):
    booked = (await strict.book(TEN)).appointment
    strict.put_clock(TEN - timedelta(hours=4))
    order = CancelAppointment(appointment_id=booked.appointment_id, reason="busy")
    done = await strict.tell(order, strict.patient(booked.patient_id))
    assert (done.appointment.cancel_reason, done.appointment.late_cancel) == ("busy", False)


async def test_who_has_moved_as_often_as_may_is_told_the_limit_and_may_still_cancel(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    patient = clinic.patient(booked.patient_id)
    for hour in (11, 12):
        await clinic.tell(
            RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(3, hour)), patient
        )
    again = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(3, 13))
    refusal = await refused(clinic.tell(again, patient))
    assert refusal.refusal == "too-many-moves"
    assert refusal.extra == {"branch_phone": clinic.branch.phone, "limit": clinic.parts.moves_limit}
    await clinic.tell(again)
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id), patient)


@pytest.mark.parametrize("reason", ["clinic", "my own words", ""])
async def test_a_reason_is_one_of_a_short_list(clinic: Clinic, reason):
    booked = (await clinic.book(TEN)).appointment
    patient = clinic.patient(booked.patient_id)
    for order in (
        CancelAppointment(appointment_id=booked.appointment_id, reason=reason),
        RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(3, 11), reason=reason),
    ):
        refusal = await refused(clinic.tell(order, patient))
        assert refusal.refusal == "reason-not-listed"
        assert "busy" in refusal.extra["reasons"]
        assert "clinic" not in refusal.extra["reasons"]
    assert await clinic.told() == [("booked", 1)]


async def test_staff_have_reasons_of_their_own(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    by_reply = CancelAppointment(appointment_id=booked.appointment_id, reason="patient-by-reply")
    assert await code_of(clinic.tell(by_reply)) == "reason-not-listed"
    cancelled = await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id, reason="duplicate"))
    assert cancelled.appointment.cancel_reason == "duplicate"


async def test_the_report_counts_cancellations_and_moves_by_reason_on_the_day_they_left(strict: Clinic):
    first, second, third = [(await strict.book(almaty(3, hour))).appointment for hour in (10, 11, 12)]
    await strict.tell(
        CancelAppointment(appointment_id=first.appointment_id, reason="ill"), strict.patient(first.patient_id)
    )
    move = RescheduleAppointment(
        command_id=new_id(), appointment_id=third.appointment_id, starts_at=almaty(5, 10), reason="clinic"
    )
    assert await strict.tell(move) == await strict.tell(move)
    strict.put_clock(almaty(3, 10))
    await strict.tell(CancelAppointment(appointment_id=second.appointment_id, reason="patient_asked"))
    told = await report(strict)
    assert told.totals == {"cancelled": 2, "moved": 1, "late": 1}
    assert [(row.labels["act"], row.labels["reason"], row.values) for row in told.rows] == [
        ("cancelled", "ill", {"number": 1, "late": 0}),
        ("cancelled", "patient_asked", {"number": 1, "late": 1}),
        ("moved", "clinic", {"number": 1, "late": 0}),
    ]
    assert (await report(strict, branch_id=strict.branch.branch_id)).totals == told.totals


async def test_a_move_that_changes_nothing_is_not_counted(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    await clinic.tell(RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=TEN))
    assert (await report(clinic)).totals["moved"] == 0

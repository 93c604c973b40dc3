"""Who is refused is told what would be possible instead; and that can be booked."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from booking.handlers import Parts
from common.contracts.booking import (
    AbsenceRange,
    BookSeries,
    CorrectAppointment,
    CreateReferral,
    FindAlternatives,
    HoldSlot,
    JoinWaitlist,
    MarkNoShow,
    PutAbsence,
    RescheduleAppointment,
    Slot,
)
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, a_branch, a_practitioner, a_room, a_service, almaty, open_clinic, refused

TEN = almaty(3, 10)
HALF = timedelta(minutes=30)
NOT_AT_THIS_TIME = [
    (almaty(2, 13), "slot-in-the-past"),
    (almaty(2, 15), "too-soon"),
    (almaty(3, 8), "outside-working-time"),
    (almaty(3, 10, 10), "off-the-grid"),
    (almaty(13, 10), "too-far-ahead"),
    (TEN, "slot-taken"),
]


async def expect_bookable(clinic: Clinic, refusal: Refused, patient_id: UUID) -> None:
    """Several times, and this patient can have each of them."""
    slots = [Slot.model_validate(one) for one in refusal.extra["alternatives"]]
    assert len(slots) == 6
    for slot in slots:
        where = {"branch_id": slot.branch_id, "practitioner_id": slot.practitioner_id}
        await clinic.book(slot.starts_at, patient_id=patient_id, **where)


@pytest.fixture
async def strict(parts: Parts) -> Clinic:
    """Two hours of notice, ten days of horizon, and ten o'clock is taken."""
    clinic = await open_clinic(parts, minimum_notice=120, horizon_days=10)
    await clinic.book(TEN)
    return clinic


@pytest.mark.parametrize(("starts_at", "code"), NOT_AT_THIS_TIME)
async def test_who_cannot_book_at_a_time_is_told_of_others(strict: Clinic, starts_at: datetime, code: str):
    order = strict.booking(starts_at)
    refusal = await refused(strict.tell(order))
    assert refusal.refusal == code
    await expect_bookable(strict, refusal, order.patient_id)


@pytest.mark.parametrize(("starts_at", "code"), NOT_AT_THIS_TIME)
async def test_who_cannot_hold_a_time_is_told_of_others(strict: Clinic, starts_at: datetime, code: str):
    order = HoldSlot.model_validate(strict.booking(starts_at).model_dump(exclude={"command_id"}))
    refusal = await refused(strict.tell(order))
    assert refusal.refusal == code
    await expect_bookable(strict, refusal, order.patient_id)


@pytest.mark.parametrize(("starts_at", "code"), NOT_AT_THIS_TIME)
async def test_who_cannot_move_to_a_time_is_told_of_others(strict: Clinic, starts_at: datetime, code: str):
    booked = (await strict.book(almaty(4, 10))).appointment
    move = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=starts_at)
    refusal = await refused(strict.tell(move))
    assert refusal.refusal == code
    for one in refusal.extra["alternatives"]:
        aside = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=one["starts_at"])
        assert (await strict.tell(aside)).appointment.starts_at == Slot.model_validate(one).starts_at


async def test_each_visit_of_a_series_that_cannot_be_is_told_with_others(clinic: Clinic):
    night = a_branch(zone="Europe/Paris", hours=[{"weekday": 7, "opens": "00:00", "closes": "00:00"}])
    await clinic.put(night)
    hours = [{"branch_id": night.branch_id, "weekday": 7, "starts": "00:00", "ends": "00:00"}]
    doctor = a_practitioner(night, clinic.service, working_hours=hours)
    await clinic.put(doctor)
    first = datetime(2027, 3, 21, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
    there = {"branch_id": night.branch_id, "practitioner_id": doctor.practitioner_id}
    await clinic.book(first + timedelta(days=14), **there)
    order = BookSeries.model_validate(
        {
            "series_id": new_id(),
            "appointment_ids": [new_id() for _ in range(3)],
            "patient_id": new_id(),
            "service_id": clinic.service.service_id,
            "starts_at": first,
            "every": 1,
            "unit": "week",
            **there,
        }
    )
    done = await clinic.tell(order)
    assert [one.code for one in done.collisions] == ["no-such-time", "slot-taken"]
    for one in done.collisions:
        assert len(one.alternatives) == 6
        for slot in one.alternatives:
            assert slot.starts_at.astimezone(ZoneInfo("Europe/Paris")).date() == one.local.date()
    slot = done.collisions[0].alternatives[0]
    await clinic.book(slot.starts_at, patient_id=order.patient_id, **there)


async def test_whom_the_clinic_cannot_overbook_is_told_of_other_times(clinic: Clinic):
    await clinic.book(TEN)
    for _ in range(2):
        await clinic.book(TEN, overbook_reason="acute pain")
    order = clinic.booking(TEN, overbook_reason="acute pain")
    refusal = await refused(clinic.tell(order))
    assert (refusal.refusal, refusal.extra["limit"]) == ("overbooked-enough", 2)
    await expect_bookable(clinic, refusal, order.patient_id)


async def test_whom_an_absent_practitioner_cannot_see_is_told_so_and_of_other_times(clinic: Clinic):
    away = AbsenceRange(
        practitioner_id=clinic.practitioner.practitioner_id, starts_at=TEN, ends_at=TEN + 4 * HALF
    )
    await clinic.tell(PutAbsence(absence_id=new_id(), range=away))
    order = clinic.booking(TEN, overbook_reason="acute pain")
    refusal = await refused(clinic.tell(order))
    assert refusal.refusal == "practitioner-away"
    await expect_bookable(clinic, refusal, order.patient_id)


@pytest.mark.parametrize("overbook_reason", [None, "acute pain"])
async def test_a_patient_who_is_elsewhere_is_told_of_times_at_which_they_are_not(
    clinic: Clinic, overbook_reason: str | None
):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    patient_id = new_id()
    own = [almaty(3, 9), almaty(3, 9, 30), TEN]
    for at in own:
        await clinic.book(at, patient_id=patient_id, practitioner_id=colleague.practitioner_id)
    refusal = await refused(clinic.book(TEN, patient_id=patient_id, overbook_reason=overbook_reason))
    assert refusal.refusal == "patient-busy"
    await expect_bookable(clinic, refusal, patient_id)


async def test_a_patients_other_visits_are_no_alternatives_to_one_of_them(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    elsewhere = {"practitioner_id": colleague.practitioner_id, "patient_id": booked.patient_id}
    await clinic.book(almaty(3, 9), **elsewhere)
    found = (await clinic.tell(FindAlternatives(appointment_id=booked.appointment_id))).slots
    assert [slot.starts_at for slot in found[:2]] == [almaty(3, 9, 30), almaty(3, 10, 30)]


async def test_where_a_no_show_cannot_be_undone_other_times_are_proposed(clinic: Clinic):
    missed = (await clinic.book(TEN)).appointment
    clinic.put_clock(TEN + timedelta(minutes=5))
    await clinic.tell(MarkNoShow(appointment_id=missed.appointment_id))
    await clinic.tell(clinic.booking(TEN, walk_in=True))
    undo = CorrectAppointment(appointment_id=missed.appointment_id, reason="was late")
    refusal = await refused(clinic.tell(undo))
    assert refusal.refusal == "slot-taken"
    await expect_bookable(clinic, refusal, missed.patient_id)


async def test_what_is_not_offered_there_is_said_to_be_offered_elsewhere(clinic: Clinic):
    surgery = a_service(room_kind="theatre", kind="surgery")
    far = a_branch(name="Абай")
    await clinic.put(surgery, far)
    surgeons = [a_practitioner(where, surgery) for where in (clinic.branch, far, far)]
    await clinic.put(a_room(far, kind="theatre"), *surgeons)
    here = {"service_id": surgery.service_id, "branch_id": clinic.branch.branch_id}
    for attempt in (
        clinic.booking(TEN, **here),
        joining(clinic, **here),
        referring(clinic, service_kind="surgery", branch_id=clinic.branch.branch_id),
    ):
        refusal = await refused(clinic.tell(attempt))
        assert refusal.refusal == "not-offered"
        assert [(one["branch_id"], one["practitioner_id"]) for one in refusal.extra["offers"]] == [
            (str(far.branch_id), str(one)) for one in sorted(one.practitioner_id for one in surgeons[1:])
        ]
    for number, offer in enumerate(refusal.extra["offers"]):
        await clinic.book(TEN + number * HALF, **offer)


async def test_who_would_wait_for_days_that_are_over_is_told_the_first_that_is_not(clinic: Clinic):
    wish = joining(clinic, from_date=date(2026, 10, 30), to_date=date(2026, 11, 1))
    refusal = await refused(clinic.tell(wish))
    assert (refusal.refusal, refusal.extra) == ("waitlist-window", {"first_date": "2026-11-02"})
    await clinic.tell(joining(clinic, from_date=date(2026, 10, 30), to_date=date(2026, 11, 2)))


def joining(clinic: Clinic, **changes: Any) -> JoinWaitlist:
    values = {
        "entry_id": new_id(),
        "patient_id": new_id(),
        "service_id": clinic.service.service_id,
        "from_date": date(2026, 11, 3),
        "to_date": date(2026, 11, 4),
    }
    return JoinWaitlist.model_validate({**values, **changes})


def referring(clinic: Clinic, **wish: Any) -> CreateReferral:
    return CreateReferral.model_validate(
        {
            "referral_id": new_id(),
            "patient_id": new_id(),
            "from_practitioner_id": clinic.practitioner.practitioner_id,
            "wish": wish,
            "urgency": "routine",
            "reason": "other",
        }
    )

"""Visits that come again keep their wall-clock time, and what collides is said."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from booking.rules import series as rules
from common.contracts.booking import BookSeries
from common.ids import new_id

from .clinic import Clinic, a_branch, a_practitioner, almaty, code_of

PARIS = ZoneInfo("Europe/Paris")


def ordering(clinic: Clinic, starts_at, **changes) -> BookSeries:
    values = {
        "series_id": new_id(),
        "appointment_ids": [new_id() for _ in range(4)],
        "patient_id": new_id(),
        "service_id": clinic.service.service_id,
        "branch_id": clinic.branch.branch_id,
        "practitioner_id": clinic.practitioner.practitioner_id,
        "starts_at": starts_at,
        "every": 3,
        "unit": "month",
        **changes,
    }
    return BookSeries.model_validate(values)


async def test_four_quarters_over_two_changes_of_the_clocks_stay_at_ten(clinic: Clinic):
    branch = a_branch(zone="Europe/Paris", name="Paris")
    await clinic.put(branch)
    doctor = a_practitioner(branch, clinic.service)
    await clinic.put(doctor)
    first = datetime(2026, 12, 30, 10, tzinfo=PARIS)
    there = {"branch_id": branch.branch_id, "practitioner_id": doctor.practitioner_id}
    order = ordering(clinic, first, **there)
    done = await clinic.tell(order)
    assert done.collisions == []
    local = [one.appointment.starts_at.astimezone(PARIS) for one in done.booked]
    assert [f"{at:%Y-%m-%d %H:%M %z}" for at in local] == [
        "2026-12-30 10:00 +0100", "2027-03-30 10:00 +0200", "2027-06-30 10:00 +0200", "2027-09-30 10:00 +0200",
    ]  # fmt: skip
    assert {one.appointment.series_id for one in done.booked} == {order.series_id}
    assert await clinic.tell(order) == done
    assert await clinic.told() == [("booked", 1)] * 4


async def test_what_collides_is_listed_with_other_times_and_the_rest_is_booked(clinic: Clinic):
    await clinic.book(almaty(10, 10))
    done = await clinic.tell(ordering(clinic, almaty(3, 10), every=1, unit="week"))
    assert [one.appointment.starts_at for one in done.booked] == [
        almaty(3, 10), almaty(17, 10), almaty(24, 10),
    ]  # fmt: skip
    [collision] = done.collisions
    assert (collision.number, collision.starts_at, collision.code) == (2, almaty(10, 10), "slot-taken")
    assert len(collision.alternatives) >= 3


async def test_a_series_of_something_unknown_or_by_a_patient_is_refused_whole(clinic: Clinic):
    assert (
        await code_of(clinic.tell(ordering(clinic, almaty(3, 10), service_id=new_id()))) == "unknown-service"
    )
    order = ordering(clinic, almaty(3, 10))
    assert await code_of(clinic.tell(order, clinic.patient(order.patient_id))) == "not-allowed"
    assert await clinic.told() == []


@pytest.mark.parametrize(
    ("first", "months", "expected"),
    [
        (datetime(2027, 1, 31, 9), 1, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        (datetime(2027, 11, 30, 9), 3, ["2027-11-30", "2028-02-29", "2028-05-30", "2028-08-30"]),
    ],
)
def test_a_month_without_the_day_has_its_last_day(first, months, expected):
    times = rules.local_times(first.replace(tzinfo=UTC), "UTC", number=4, every=months, unit="month")
    assert [f"{at:%Y-%m-%d}" for at in times] == expected


def test_a_time_that_the_clocks_skip_does_not_exist():
    assert rules.instant(datetime(2027, 3, 28, 2, 30), "Europe/Paris") is None
    assert rules.instant(datetime(2027, 10, 31, 2, 30), "Europe/Paris") == datetime(
        2027, 10, 31, 0, 30, tzinfo=UTC
    )

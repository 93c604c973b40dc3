"""The load report: booked minutes of the minutes that are offered."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.rules import load
from booking.rules.availability import seconds
from booking.rules.load import Worked
from common.contracts.booking import AbsenceRange, AskReport, EndAbsence, ImportBusyTimes, PutAbsence
from common.contracts.directory import OpeningHours, WorkingHours
from common.errors import Refused
from common.ids import new_id

from .clinic import WEEK, Clinic, a_branch, a_catalogue, a_practitioner, a_service, almaty

BRANCH, SERVICE = a_branch(), a_service()
DOCTOR = a_practitioner(BRANCH, SERVICE)
CATALOGUE = a_catalogue(BRANCH, SERVICE, DOCTOR)
FOURTH, FIFTH = date(2026, 11, 4), date(2026, 11, 5)
NO_LOAD = {"booked": 0, "offered": 0, "overbooked": 0, "load": 0}


def a_visit(starts_at: datetime) -> Worked:
    return Worked(DOCTOR.practitioner_id, BRANCH.branch_id, starts_at, starts_at + timedelta(minutes=30))


def span(starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
    return seconds(starts_at), seconds(ends_at)


def test_load_is_booked_minutes_of_offered_minutes_without_what_is_blocked():
    visits = [a_visit(almaty(4, 10)), a_visit(almaty(4, 12))]
    away = span(almaty(4, 13, 30), almaty(4, 23))  # half the day, and the evening
    busy = [
        span(almaty(4, 13), almaty(4, 14)),
        span(almaty(6, 9), almaty(6, 10)),
    ]  # half of the first is away too
    colleague = {new_id(): [span(almaty(5, 9), almaty(5, 18))]}
    report = load.report(
        visits, {DOCTOR.practitioner_id: [away, *busy], **colleague}, CATALOGUE, [BRANCH], [FOURTH, FIFTH]
    )
    assert [(row.labels["day"], row.values) for row in report.rows] == [
        ("2026-11-04", {"booked": 60, "offered": 240, "overbooked": 0, "load": 0.25}),
        ("2026-11-05", {"booked": 0, "offered": 540, "overbooked": 0, "load": 0}),
    ]
    assert report.totals == {"booked": 60, "offered": 780, "overbooked": 0, "load": pytest.approx(60 / 780)}


def test_a_visit_that_stands_behind_what_is_blocked_was_offered():
    away = [span(almaty(4, 9), almaty(4, 18))]
    visits = [a_visit(almaty(4, 10)), a_visit(almaty(4, 10))]
    report = load.report(visits, {DOCTOR.practitioner_id: away}, CATALOGUE, [BRANCH], [FOURTH])
    assert (report.totals["booked"], report.totals["offered"]) == (60, 30)


def test_who_is_away_all_day_has_no_row_of_that_day():
    away = [span(almaty(4, 0), almaty(5, 0))]
    report = load.report([], {DOCTOR.practitioner_id: away}, CATALOGUE, [BRANCH], [FOURTH])
    assert (report.rows, report.totals) == ([], NO_LOAD)


def test_a_blocked_hour_counts_once_in_the_night_that_has_an_hour_twice():
    paris = ZoneInfo("Europe/Paris")
    hours = [OpeningHours(weekday=day, opens=time(0), closes=time(6)) for day in WEEK]
    night = a_branch(zone="Europe/Paris", hours=hours)
    watch = a_practitioner(
        night,
        SERVICE,
        working_hours=[
            WorkingHours(branch_id=night.branch_id, weekday=day, starts=time(0), ends=time(6)) for day in WEEK
        ],
    )
    away = span(
        datetime(2026, 10, 25, 2, 30, tzinfo=paris), datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=paris)
    )
    days = [date(2026, 10, 24), date(2026, 10, 25)]
    report = load.report(
        [], {watch.practitioner_id: [away]}, a_catalogue(night, SERVICE, watch), [night], days
    )
    assert [row.values["offered"] for row in report.rows] == [6 * 60, 7 * 60 - 60]


@pytest.mark.parametrize("who", ["practitioner", "branch"])
def test_whoever_is_no_longer_active_offers_nothing_but_on_the_days_of_visits(who: str):
    branch = BRANCH.model_copy(update={"active": who != "branch"})
    doctor = DOCTOR.model_copy(update={"active": who != "practitioner"})
    catalogue = a_catalogue(branch, SERVICE, doctor)
    report = load.report([a_visit(almaty(4, 10))], {}, catalogue, [branch], [FOURTH, FIFTH])
    assert [(row.labels["day"], row.values["offered"]) for row in report.rows] == [("2026-11-04", 540)]


def test_load_is_told_for_a_year_at_most():
    first = date(2026, 1, 1)
    year = AskReport(kpi="load", from_date=first, to_date=first + timedelta(days=365))
    assert len(load.days_of(year)) == 366
    with pytest.raises(Refused) as refused:
        load.days_of(year.model_copy(update={"to_date": first + timedelta(days=366)}))
    assert refused.value.refusal == "period-too-long"


def a_calendar(*busy: tuple[str, str]) -> str:
    """Of another system; times are UTC on the 4th and 5th."""
    events = [
        f"BEGIN:VEVENT\r\nUID:{starts}\r\nDTSTART:202611{starts}00Z\r\nDTEND:202611{ends}00Z\r\nEND:VEVENT\r\n"
        for starts, ends in busy
    ]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mis//EN\r\n{''.join(events)}END:VCALENDAR\r\n"


async def booked_and_offered(clinic: Clinic) -> list[tuple[str, float, float]]:
    """By day, from the 4th to the 6th."""
    report = await clinic.tell(AskReport(kpi="load", from_date=FOURTH, to_date=date(2026, 11, 6)))
    return [(row.labels["day"][-2:], row.values["booked"], row.values["offered"]) for row in report.rows]


async def test_absences_closed_branches_and_other_calendars_are_not_offered(clinic: Clinic):
    who = clinic.practitioner.practitioner_id
    await clinic.book(almaty(4, 10))
    for away in (
        AbsenceRange(practitioner_id=who, starts_at=almaty(4, 13, 30), ends_at=almaty(4, 18)),
        AbsenceRange(branch_id=clinic.branch.branch_id, starts_at=almaty(5, 9), ends_at=almaty(5, 12)),
    ):
        await clinic.tell(PutAbsence(absence_id=new_id(), range=away))
    calendar = a_calendar(("04T0800", "04T0900"), ("05T1200", "05T1230"))
    await clinic.tell(ImportBusyTimes(practitioner_id=who, calendar_id=new_id(), calendar=calendar))
    assert await booked_and_offered(clinic) == [
        ("04", 30, 540 - 270 - 30),
        ("05", 0, 540 - 180 - 30),
        ("06", 0, 540),
    ]


async def test_what_could_not_be_had_was_not_offered_whatever_was_said_afterwards(clinic: Clinic):
    who = clinic.practitioner.practitioner_id
    absence_id, calendar_id = new_id(), new_id()
    away = AbsenceRange(practitioner_id=who, starts_at=almaty(5, 9), ends_at=almaty(6, 18))
    await clinic.tell(PutAbsence(absence_id=absence_id, range=away))
    before = a_calendar(("04T0500", "04T0600"), ("04T0800", "04T1000"))
    await clinic.tell(ImportBusyTimes(practitioner_id=who, calendar_id=calendar_id, calendar=before))

    clinic.put_clock(almaty(4, 14))  # in the middle of what the calendar no longer says
    for _ in range(2):
        order = ImportBusyTimes(practitioner_id=who, calendar_id=calendar_id, calendar=a_calendar())
        await clinic.tell(order)
    clinic.put_clock(almaty(6, 12))
    await clinic.tell(EndAbsence(absence_id=absence_id))
    assert await booked_and_offered(clinic) == [("04", 0, 540 - 60 - 60), ("06", 0, 360)]

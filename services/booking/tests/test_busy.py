"""One schedule beside another system's calendar."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.rules.availability import seconds
from booking.rules.busy import busy_spans
from booking.rules.refusals import MalformedCalendar
from booking.workers import expire_holds
from common.contracts.booking import (
    AbsenceRange,
    AcceptOffer,
    BusyImported,
    CancelAppointment,
    CorrectAppointment,
    EndAbsence,
    HoldSlot,
    ImportBusyTimes,
    JoinWaitlist,
    ListWaitlist,
    MarkNoShow,
    PutAbsence,
    RescheduleAppointment,
)
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, almaty, code_of, free

TEN = almaty(3, 10)
HALF = timedelta(minutes=30)
MARCH, APRIL = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 30, tzinfo=UTC)


def calendar(*events: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//clinic//EN"]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}@mis"]
        lines += ["BEGIN:VEVENT", *uid, "SUMMARY:operation of Ivanov", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def spans(*events: str, since=MARCH, until=APRIL):
    found = busy_spans(calendar(*events), zone="Europe/Paris", since=since, until=until)
    return [
        (f"{datetime.fromtimestamp(start, UTC):%m-%d %H:%M}", (end - start) // 60) for start, end in found
    ]


def test_a_weekly_event_keeps_its_wall_clock_over_the_change_of_the_clocks():
    weekly = "DTSTART;TZID=Europe/Paris:20270320T100000|DTEND;TZID=Europe/Paris:20270320T110000"
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20270403T100000Z"
    assert spans(f"{weekly}|{rule}") == [("03-20 09:00", 60), ("03-27 09:00", 60), ("04-03 08:00", 60)]
    gone = "EXDATE;TZID=Europe/Paris:20270327T100000"
    assert spans(f"{weekly}|{rule}|{gone}") == [("03-20 09:00", 60), ("04-03 08:00", 60)]


def test_one_time_of_a_repeated_event_that_was_moved_is_busy_where_it_went():
    master = "UID:a|DTSTART:20270301T090000Z|DURATION:PT30M|RRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:a|RECURRENCE-ID:20270302T090000Z|DTSTART:20270302T140000Z|DURATION:PT1H"
    assert spans(master, moved) == [("03-01 09:00", 30), ("03-02 14:00", 60), ("03-03 09:00", 30)]


def fhir(*resources: dict[str, object]) -> str:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]})


def a_slot(status: str, start: str, end: str) -> dict[str, object]:
    return {"resourceType": "Slot", "status": status, "start": start, "end": end, "comment": "Ivanov"}


def test_slots_and_appointments_of_fhir_are_busy_as_their_status_says():
    told = fhir(
        {"resourceType": "Schedule", "id": "x"},
        a_slot("busy", "2027-03-02T10:00:00+01:00", "2027-03-02T11:00:00+01:00"),
        a_slot("free", "2027-03-02T11:00:00+01:00", "2027-03-02T12:00:00+01:00"),
        a_slot("busy-unavailable", "2027-03-02T09:30:00Z", "2027-03-02T10:30:00Z"),
        {**a_slot("booked", "2027-03-04T09:00:00Z", "2027-03-04T09:30:00Z"), "resourceType": "Appointment"},
        {
            **a_slot("cancelled", "2027-03-05T09:00:00Z", "2027-03-05T09:30:00Z"),
            "resourceType": "Appointment",
        },
        {"resourceType": "Appointment", "status": "booked"},
    )
    found = busy_spans(told, zone="Europe/Paris", since=MARCH, until=APRIL)
    assert [(datetime.fromtimestamp(start, UTC), (end - start) // 60) for start, end in found] == [
        (datetime(2027, 3, 2, 9, tzinfo=UTC), 90),
        (datetime(2027, 3, 4, 9, tzinfo=UTC), 30),
    ]


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "{}",
        '{"resourceType": "Patient"}',
        fhir(a_slot("occupied", "2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z")),
        fhir(a_slot("busy", "2027-03-02T10:00:00", "2027-03-02T11:00:00Z")),
        fhir({"resourceType": "Slot", "status": "busy", "start": "2027-03-02T10:00:00Z"}),
        '{"resourceType": "Bundle", "entry": [{}]}',
    ],
)
def test_fhir_that_cannot_be_read_changes_nothing(told: str):
    with pytest.raises(MalformedCalendar):
        busy_spans(told, zone="UTC", since=MARCH, until=APRIL)


async def test_an_mis_that_speaks_fhir_takes_its_time_out_of_the_schedule(clinic: Clinic):
    told = fhir(a_slot("busy", TEN.isoformat(), (TEN + timedelta(hours=1)).isoformat()))
    command = ImportBusyTimes(
        calendar_id=new_id(), practitioner_id=clinic.practitioner.practitioner_id, calendar=told
    )
    assert (await clinic.tell(command)).blocked == 1
    assert TEN not in await free(clinic)


def test_whole_days_are_local_days_also_those_of_23_hours():
    assert spans("DTSTART;VALUE=DATE:20270328|DTEND;VALUE=DATE:20270329") == [("03-27 23:00", 23 * 60)]
    assert spans("DTSTART;VALUE=DATE:20270401") == [("03-31 22:00", 24 * 60)]


def test_what_is_free_cancelled_or_outside_the_window_does_not_count():
    assert spans(
        "DTSTART:20270310T090000Z|DURATION:PT1H|TRANSP:TRANSPARENT",
        "DTSTART:20270311T090000Z|DURATION:PT1H|STATUS:CANCELLED",
        "DTSTART:20270211T090000Z|DURATION:PT1H",
        "DTSTART:20270312T090000|DURATION:PT1H",
    ) == [("03-12 08:00", 60)]


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        calendar("DTEND:20270310T090000Z"),
        calendar("DTSTART:20270310T090000Z|DURATION:PT1H|RRULE:FREQ=SECONDLY"),
        calendar("DTSTART:tomorrow"),
    ],
)
def test_what_is_no_calendar_is_refused(text):
    with pytest.raises(MalformedCalendar):
        busy_spans(text, zone="UTC", since=MARCH, until=APRIL)


def order(clinic: Clinic, *events: str, **more) -> ImportBusyTimes:
    values = {
        "calendar_id": new_id(),
        "practitioner_id": clinic.practitioner.practitioner_id,
        "calendar": calendar(*events),
        **more,
    }
    return ImportBusyTimes.model_validate(values)


def event(starts_at, minutes: int) -> str:
    return f"DTSTART:{starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}|DURATION:PT{minutes}M"


def joining(clinic: Clinic) -> JoinWaitlist:
    return JoinWaitlist(
        entry_id=new_id(),
        patient_id=new_id(),
        service_id=clinic.service.service_id,
        from_date=date(2026, 11, 3),
        to_date=date(2026, 11, 3),
    )


async def test_busy_times_disappear_from_the_schedule_and_come_back_with_the_next_calendar(clinic: Clinic):
    first = order(clinic, event(TEN, 60), event(almaty(4, 9), 9 * 60))
    assert (await clinic.tell(first)).blocked == 2
    found = await free(clinic)
    assert not {TEN, TEN + timedelta(minutes=30)} & found
    assert {TEN - timedelta(minutes=30), TEN + timedelta(hours=1)} <= found
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    later = order(clinic, event(TEN, 30), calendar_id=first.calendar_id)
    assert (await clinic.tell(later)).blocked == 1
    assert {TEN + timedelta(minutes=30), almaty(4, 9)} <= await free(clinic)
    other = order(clinic, event(TEN, 60))
    assert (await clinic.tell(other)).conflicts == []
    assert await clinic.told() == []
    kept = await clinic.rows("SELECT 1 FROM appointments WHERE appointments::text LIKE '%Ivanov%'")
    assert kept == []


async def test_an_appointment_that_stands_there_already_stays_and_is_reported(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    done = await clinic.tell(order(clinic, event(TEN - timedelta(minutes=30), 120)))
    assert [one.appointment_id for one in done.conflicts] == [booked.appointment_id]
    assert done.blocked == 2
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id))
    assert TEN + timedelta(minutes=30) not in await free(clinic)


async def test_what_an_appointment_leaves_stays_closed_while_the_other_calendar_is_busy(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    other = (await clinic.book(almaty(3, 15))).appointment
    waiting = await clinic.tell(joining(clinic))
    first = order(clinic, event(TEN - timedelta(minutes=30), 120))
    await clinic.tell(first)
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id))
    assert TEN not in await free(clinic)
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    assert await code_of(clinic.book(TEN, overbook_reason="acute pain")) == "practitioner-away"
    move = RescheduleAppointment(appointment_id=other.appointment_id, starts_at=TEN)
    assert await code_of(clinic.tell(move)) == "slot-taken"
    [entry] = (await clinic.tell(ListWaitlist())).entries
    assert (entry.entry_id, entry.offer) == (waiting.entry_id, None)
    await clinic.tell(order(clinic, calendar_id=first.calendar_id))
    [entry] = (await clinic.tell(ListWaitlist())).entries
    assert entry.offer.slot.starts_at in {TEN, TEN - timedelta(minutes=30)}
    assert TEN + HALF in await free(clinic)


async def test_behind_one_appointment_there_may_be_several_calendars(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    calendars = [order(clinic, event(TEN, 30)) for _ in range(2)]
    for one in calendars:
        assert [found.appointment_id for found in (await clinic.tell(one)).conflicts] == [
            booked.appointment_id
        ]
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id))
    for one in calendars:
        assert TEN not in await free(clinic)
        await clinic.tell(order(clinic, calendar_id=one.calendar_id))
    await clinic.book(TEN)


async def test_a_hold_gives_way_and_its_time_stays_closed_when_it_would_have_run_out(clinic: Clinic):
    wanted = clinic.booking(TEN)
    await clinic.tell(HoldSlot.model_validate(wanted.model_dump(exclude={"command_id"})))
    done = await clinic.tell(order(clinic, event(TEN, 30)))
    assert (done.blocked, done.conflicts) == (1, [])
    assert await code_of(clinic.tell(wanted)) == "hold-over"
    clinic.put_clock(almaty(2, 15))
    await expire_holds(clinic.parts).step()
    assert TEN not in await free(clinic)
    assert await code_of(clinic.book(TEN)) == "slot-taken"


async def test_what_the_waitlist_was_offered_is_lost_to_the_other_calendar(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    await clinic.tell(joining(clinic))
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment_id))
    [entry] = (await clinic.tell(ListWaitlist())).entries
    await clinic.tell(order(clinic, event(TEN, 30)))
    assert await code_of(clinic.tell(AcceptOffer(offer_id=entry.offer.offer_id))) == "offer-over"
    [entry] = (await clinic.tell(ListWaitlist())).entries
    assert (entry.status, entry.offer) == ("waiting", None)
    assert TEN not in await free(clinic)


async def test_an_absence_and_another_calendar_each_close_what_the_other_gives_back(clinic: Clinic):
    away = PutAbsence(
        absence_id=new_id(),
        range=AbsenceRange(
            practitioner_id=clinic.practitioner.practitioner_id, starts_at=TEN, ends_at=TEN + 2 * HALF
        ),
    )
    calendar_ids = [new_id(), new_id()]
    await clinic.tell(order(clinic, event(TEN, 30), calendar_id=calendar_ids[0]))
    await clinic.tell(away)
    await clinic.tell(order(clinic, event(TEN + HALF, 30), calendar_id=calendar_ids[1]))
    await clinic.tell(order(clinic, calendar_id=calendar_ids[0]))
    assert not {TEN, TEN + HALF} & await free(clinic)
    await clinic.tell(EndAbsence(absence_id=away.absence_id))
    assert {TEN, TEN + HALF} & await free(clinic) == {TEN}


async def test_who_cancels_while_a_calendar_comes_in_leaves_nothing_open_behind(clinic: Clinic):
    for hour in range(9, 17):
        at = almaty(4, hour)
        booked = (await clinic.book(at)).appointment
        outcomes = await asyncio.gather(
            clinic.tell(CancelAppointment(appointment_id=booked.appointment_id)),
            clinic.tell(order(clinic, event(at, 30))),
            clinic.book(at),
            clinic.book(at),
            return_exceptions=True,
        )
        imported, booked_later = outcomes[1], outcomes[2:]
        assert isinstance(imported, BusyImported)
        later = {one.appointment.appointment_id for one in booked_later if not isinstance(one, BaseException)}
        assert later <= {one.appointment_id for one in imported.conflicts}
        assert at not in await free(clinic)


async def test_who_came_back_into_an_absence_stays_and_is_no_hindrance_to_another_calendar(clinic: Clinic):
    visit = CancelAppointment(appointment_id=(await clinic.book(TEN)).appointment.appointment_id)
    calendar_id = new_id()
    await clinic.tell(order(clinic, event(TEN, 30), calendar_id=calendar_id))
    clinic.put_clock(TEN + timedelta(minutes=5))
    await clinic.tell(MarkNoShow(appointment_id=visit.appointment_id))
    who = clinic.practitioner.practitioner_id
    away = AbsenceRange(practitioner_id=who, starts_at=TEN, ends_at=TEN + HALF)
    await clinic.tell(PutAbsence(absence_id=new_id(), range=away))
    await clinic.tell(CorrectAppointment(appointment_id=visit.appointment_id, reason="was there"))
    for _ in range(2):
        await clinic.tell(order(clinic, calendar_id=calendar_id))
    assert (await clinic.tell(visit)).appointment.status == "cancelled"
    walk_in = clinic.booking(TEN + timedelta(minutes=5), walk_in=True)
    assert await code_of(clinic.tell(walk_in)) == "slot-taken"


async def test_only_managers_import_and_for_somebody_who_exists(clinic: Clinic):
    assert await code_of(clinic.tell(order(clinic), clinic.staff("reception"))) == "not-allowed"
    assert await code_of(clinic.tell(order(clinic, practitioner_id=new_id()))) == "unknown-practitioner"
    assert await code_of(clinic.tell(order(clinic, calendar="BEGIN:"))) == "malformed-calendar"


async def test_who_races_with_an_import_is_there_before_or_refused(clinic: Clinic):
    starts = [TEN + timedelta(minutes=30 * (number % 4)) for number in range(24)]
    imports = [order(clinic, event(TEN, 120)) for _ in range(2)]
    attempts = [clinic.book(at) for at in starts]
    attempts[6:6] = [clinic.tell(one) for one in imports]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Refused)] == []
    rows = await clinic.rows(
        "SELECT sum(upper(busy) - lower(busy)) AS whole, range_agg(busy) AS all FROM appointments"
        " WHERE status IN ('booked', 'blocked') AND overlap_lane = 0"
    )
    assert rows[0].whole == timedelta(hours=2)
    assert len(rows[0].all) == 1
    assert seconds(rows[0].all[0].lower) == seconds(TEN)

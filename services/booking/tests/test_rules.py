"""Statuses, permissions and numbers, without a database."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from booking.rules import appointment as rules
from booking.rules import catalogue as catalogues
from booking.rules import reports
from booking.rules.appointment import TRANSITIONS, Act, Appointment
from booking.rules.permissions import expect_may
from booking.rules.refusals import (
    IllegalTransition,
    NotStarted,
    TooLateToCancel,
    TooLateToMove,
    TooManyMoves,
)
from booking.rules.reports import Tally
from common.caller import Caller
from common.contracts.booking import Status
from common.contracts.directory import OpeningHours
from common.errors import NotAllowed, Refused, VersionConflict
from common.ids import new_id

from .clinic import CLOSES, OPENS, a_branch, a_catalogue, a_practitioner, a_room, a_service, almaty

NOW, VISIT = almaty(2, 14), almaty(4, 10)
STATUSES: tuple[Status, ...] = get_args(Status)
NOTICE = timedelta(hours=24)


def an_appointment(status: Status = "booked", **changes) -> Appointment:
    starts_at = changes.pop("starts_at", almaty(4, 10))
    appointment = Appointment(
        network_id="net", appointment_id=new_id(), version=3, status=status, patient_id=new_id(),
        practitioner_id=new_id(), branch_id=new_id(), service_id=new_id(), starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30), source="site", created_at=NOW, price=1_000_000, currency="KZT",
        path=("confirmed", "arrived") if status == "fulfilled" else ("booked",),
    )  # fmt: skip
    return replace(appointment, **changes)


def do(act: Act, appointment: Appointment, *, by_patient: bool = False, now=VISIT) -> Appointment:
    match act:
        case "take-up":
            return rules.take_up(appointment, now=now)
        case "release":
            return rules.release(appointment)
        case "displace":
            return rules.displace(appointment, answer_by=None)
        case "confirm":
            return rules.confirm(appointment, now=now)
        case "cancel":
            return rules.cancel(
                appointment, now=now, reason="ill", notice=NOTICE, by_patient=by_patient, branch_phone="+7"
            )
        case "reschedule":
            rules.may_move(
                appointment, now=now, notice=NOTICE, moves_limit=2, by_patient=by_patient, branch_phone="+7"
            )
            return rules.reschedule(
                appointment, starts_at=almaty(5, 10), duration=timedelta(minutes=30),
                practitioner_id=appointment.practitioner_id, branch_id=appointment.branch_id, room_id=None,
                by_patient=by_patient,
            )  # fmt: skip
        case "check-in":
            return rules.check_in(appointment, now=now)
        case "complete":
            return rules.complete(appointment, now=now)
        case "no-show":
            return rules.miss(appointment, now=now)
        case "correct":
            return rules.correct(appointment)


LEGAL = [(act, status) for act, transition in TRANSITIONS.items() for status in sorted(transition.sources)]
ILLEGAL = [
    (act, status)
    for act in TRANSITIONS
    for status in STATUSES
    if (act, status) not in {*LEGAL, ("confirm", "confirmed")}
]


@pytest.mark.parametrize(("act", "status"), LEGAL)
def test_a_legal_act_makes_the_next_version(act, status):
    before = an_appointment(status)
    after = do(act, before)
    assert after.version == before.version + (act != "release")  # nobody is told of the end of a hold
    assert after.status == (TRANSITIONS[act].target or before.path[-1])


@pytest.mark.parametrize(("act", "status"), ILLEGAL)
def test_an_illegal_act_is_refused_with_the_status(act, status):
    with pytest.raises(IllegalTransition) as refused:
        do(act, an_appointment(status))
    assert refused.value.extra["status"] == status


def test_confirming_twice_changes_nothing():
    confirmed = do("confirm", an_appointment())
    assert do("confirm", confirmed) is confirmed


def test_a_moved_appointment_waits_for_the_patients_word_again():
    confirmed = do("confirm", an_appointment())
    moved = do("reschedule", confirmed)
    assert (moved.status, moved.confirmed_at, moved.sequence, moved.moves) == ("booked", None, 1, 0)


def test_a_patients_own_moves_are_counted():
    assert do("reschedule", an_appointment(), by_patient=True, now=NOW).moves == 1


def test_a_patient_may_move_only_so_often():
    with pytest.raises(TooManyMoves) as refused:
        do("reschedule", an_appointment(moves=2), by_patient=True, now=NOW)
    assert refused.value.extra["branch_phone"] == "+7"
    assert do("reschedule", an_appointment(moves=2), by_patient=False, now=NOW).sequence == 1


@pytest.mark.parametrize(("act", "code"), [("cancel", TooLateToCancel), ("reschedule", TooLateToMove)])
@pytest.mark.parametrize("before_start", [NOTICE - timedelta(seconds=1), timedelta(0), -timedelta(hours=1)])
def test_inside_the_notice_patients_have_to_call(act, code, before_start):
    with pytest.raises(code) as refused:
        do(act, an_appointment(), by_patient=True, now=almaty(4, 10) - before_start)
    assert refused.value.extra["branch_phone"] == "+7"


def test_at_the_notice_to_the_second_a_patient_may_still_cancel_and_it_is_not_late():
    cancelled = do("cancel", an_appointment(), by_patient=True, now=almaty(4, 10) - NOTICE)
    assert (cancelled.status, cancelled.late_cancel, cancelled.cancel_reason) == ("cancelled", False, "ill")


def test_the_desk_may_cancel_late_and_it_shows():
    assert do("cancel", an_appointment(), now=almaty(4, 9)).late_cancel


@pytest.mark.parametrize("act", ["complete", "no-show"])
def test_nothing_has_happened_before_the_start(act):
    with pytest.raises(NotStarted):
        do(act, an_appointment(), now=almaty(4, 9, 59))


def test_whoever_has_arrived_can_be_treated_early():
    assert do("complete", an_appointment("arrived"), now=almaty(4, 9, 40)).status == "fulfilled"


def test_corrections_go_back_step_by_step():
    confirmed = do("confirm", an_appointment(path=()))
    fulfilled = do("complete", do("check-in", confirmed))
    arrived = do("correct", fulfilled)
    assert (arrived.status, arrived.completed_at) == ("arrived", None)
    back = do("correct", arrived)
    assert (back.status, back.arrived_at, back.path) == ("confirmed", None, ())


def test_a_version_that_has_passed_is_a_conflict():
    with pytest.raises(VersionConflict) as refused:
        rules.expect_version(an_appointment(), 2)
    assert refused.value.extra == {"version": 3}
    rules.expect_version(an_appointment(), 3)
    rules.expect_version(an_appointment(), None)


# --- who may --------------------------------------------------------------------------------------------


MINE = new_id()


def somebody(*roles: str, actor: str = "staff:1", branches: tuple[str, ...] = ()) -> Caller:
    """Who is bound to an agenda is bound to `MINE`."""
    return Caller("net", actor, roles, branches, (str(MINE),))


def may(caller: Caller, deed, **where: UUID) -> bool:
    try:
        expect_may(caller, deed, **where)
    except NotAllowed:
        return False
    return True


DEEDS = {
    "reception": ("book", "walk-in", "cancel", "correct", "pay", "read-day", "read-reports"),
    "manager": ("book", "set-up", "correct", "read-reports"),
    "admin": ("book", "set-up", "open-network"),
    "system": ("book", "set-up", "open-network", "read-appointments"),
    "doctor": ("check-in", "complete", "no-show", "read-day", "refer"),
    "delegate": ("book", "confirm", "cancel", "reschedule", "series", "read-day", "read-referrals"),
    "accounting": ("pay", "read-reports", "read-appointments"),
}
NEVER = {
    "reception": ("set-up", "open-network"),
    "manager": ("open-network",),
    "delegate": ("walk-in", "complete", "pay", "correct", "absence", "overbook", "read-reports", "refer"),
    "doctor": ("book", "cancel", "pay", "correct", "set-up", "read-reports"),
    "accounting": ("book", "cancel", "complete", "correct", "set-up"),
}


@pytest.mark.parametrize(("role", "deed"), [(role, deed) for role, deeds in DEEDS.items() for deed in deeds])
def test_a_role_may_do_its_work(role, deed):
    assert may(somebody(role), deed, practitioner_id=MINE)


@pytest.mark.parametrize(("role", "deed"), [(role, deed) for role, deeds in NEVER.items() for deed in deeds])
def test_a_role_may_do_nothing_else(role, deed):
    assert not may(somebody(role), deed, practitioner_id=MINE)


@pytest.mark.parametrize(
    ("role", "deed"), [("doctor", "complete"), ("delegate", "book"), ("delegate", "hold")]
)
def test_doctors_and_delegates_act_on_the_agendas_that_their_account_names(role, deed):
    bound = somebody(role)
    assert may(bound, deed, practitioner_id=MINE)
    assert not may(bound, deed, practitioner_id=new_id())
    assert not may(bound, deed)
    assert not may(replace(bound, practitioners=()), deed, practitioner_id=MINE)


def test_a_doctor_reads_what_others_did_with_a_patient_and_a_delegate_does_not():
    assert may(somebody("doctor"), "read-history", practitioner_id=new_id())
    assert not may(somebody("delegate"), "read-history", practitioner_id=new_id())
    assert not may(somebody("doctor"), "read-day", practitioner_id=new_id())


def test_who_is_a_doctor_and_works_at_the_desk_is_bound_to_no_agenda():
    assert may(somebody("doctor", "reception"), "book", practitioner_id=new_id())


def test_reception_acts_at_its_branches_and_managers_everywhere():
    here, there = new_id(), new_id()
    assert may(somebody("reception", branches=(str(here),)), "book", branch_id=here)
    assert not may(somebody("reception", branches=(str(here),)), "book", branch_id=there)
    assert may(somebody("reception"), "book", branch_id=there)
    assert may(somebody("manager", branches=(str(here),)), "book", branch_id=there)


def test_a_patient_touches_what_is_theirs_and_nothing_else():
    me, other = new_id(), new_id()
    patient = somebody(actor=f"patient:{me}")
    assert may(patient, "cancel", patient_id=me)
    assert not may(patient, "cancel", patient_id=other)
    assert not may(patient, "cancel")
    assert not may(patient, "complete", patient_id=me)
    assert not may(somebody(actor="anonymous"), "cancel", patient_id=me)
    assert may(somebody(actor="anonymous"), "book")
    assert not may(somebody(actor="anonymous"), "walk-in")
    assert may(somebody(actor="patient-by-reply"), "confirm", patient_id=me)


def test_a_patient_with_a_role_in_the_context_is_still_a_patient():
    assert not may(somebody("admin", actor="anonymous"), "complete")


def test_an_unknown_role_may_look_only():
    assert may(somebody("visitor"), "find")
    assert not may(somebody("visitor"), "book")


# --- the catalogue --------------------------------------------------------------------------------------

BRANCH = a_branch()
SERVICE = a_service()


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        (a_branch(hours=[OpeningHours(weekday=1, opens=CLOSES, closes=OPENS)]), "hours-end-before-start"),
        (a_practitioner(a_branch(), SERVICE), "unknown-branch"),
        (a_practitioner(BRANCH, a_service()), "unknown-service"),
        (a_practitioner(BRANCH, SERVICE, rooms={"elsewhere": "1"}), "unknown-branch"),
        (a_room(a_branch()), "unknown-branch"),
        (a_service(branch_ids=[new_id()]), "unknown-branch"),
        (a_service(price={"amount": 1, "currency": "EUR"}), "wrong-currency"),
    ],
)
def test_a_thing_that_names_what_does_not_exist_is_refused(thing, code):
    with pytest.raises(Refused) as refused:
        catalogues.check(thing, a_catalogue(BRANCH, SERVICE))
    assert refused.value.refusal == code


def test_a_branch_may_be_open_until_midnight():
    late = a_branch(hours=[{"weekday": 1, "opens": "18:00", "closes": "00:00"}])
    catalogues.check(late, a_catalogue())


def test_only_what_goes_together_is_offered():
    closed, retired = a_branch(active=False), a_practitioner(BRANCH, SERVICE, active=False)
    works, elsewhere = a_practitioner(BRANCH, SERVICE), a_practitioner(BRANCH, a_service())
    everything = a_catalogue(BRANCH, closed, SERVICE, retired, works, elsewhere)
    assert list(everything.offers(SERVICE)) == [(BRANCH, works)]
    assert list(everything.offers(a_service(branch_ids=[closed.branch_id]))) == []
    needs_chair = SERVICE.model_copy(update={"room_kind": "chair"})
    assert list(everything.offers(needs_chair)) == []


# --- reports --------------------------------------------------------------------------------------------

DOCTOR = a_practitioner(BRANCH, SERVICE)
CATALOGUE = a_catalogue(BRANCH, SERVICE, DOCTOR)


def some(number: int, status: Status, **changes) -> Tally:
    tally = Tally(
        practitioner_id=DOCTOR.practitioner_id, service_id=SERVICE.service_id, status=status, source="site",
        number=number, price=number * 1_000_000, paid=0, paid_for=0,
    )  # fmt: skip
    return replace(tally, **changes)


def test_twenty_slots_with_a_fifth_missed_lose_forty_thousand():
    report = reports.no_show([some(16, "fulfilled"), some(4, "noshow"), some(3, "cancelled")], CATALOGUE)
    assert report.totals == {"booked": 20, "fulfilled": 16, "noshow": 4, "rate": 0.2, "lost": 40_000 * 100}
    assert [row.values for row in report.rows] == [report.totals]
    assert report.rows[0].labels["practitioner"] == DOCTOR.name


def test_nobody_has_missed_a_visit_that_is_still_to_come():
    assert reports.no_show([some(1, "booked")], CATALOGUE).totals["rate"] == 0


def test_sources_add_up_to_all_bookings():
    report = reports.sources(
        [some(1, "booked"), some(1, "cancelled", source="phone"), some(2, "noshow", source="phone")]
    )
    assert {row.labels["source"]: row.values["booked"] for row in report.rows} == {"phone": 3, "site": 1}
    assert report.totals == {"booked": 4}


def test_revenue_is_what_was_paid():
    report = reports.revenue([some(3, "fulfilled", paid=2_500_000, paid_for=2), some(1, "booked")], CATALOGUE)
    charged = 3 * 1_000_000
    assert report.totals == {
        "visits": 2, "paid": 2_500_000, "average": 1_250_000, "charged": charged, "discounts": 0,
    }  # fmt: skip
    assert report.rows[0].labels["service"] == "Гигиена"

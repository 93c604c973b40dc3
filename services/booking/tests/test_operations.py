"""What commands do to the schedule, and that the database itself keeps it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.handlers import Parts
from booking.tables.directory import Directories
from common.contracts.booking import (
    BookAppointment,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    HoldSlot,
    MarkNoShow,
    Paid,
    RecordPayment,
    ReleaseHold,
    RescheduleAppointment,
)
from common.contracts.directory import PutBranch, PutService
from common.errors import CommandReused
from common.ids import new_id
from common.testing import START

from .clinic import (
    Clinic,
    a_branch,
    a_practitioner,
    a_room,
    a_service,
    almaty,
    code_of,
    free,
    open_clinic,
    refused,
)

TEN = almaty(3, 10)


# --- booking --------------------------------------------------------------------------------------------


async def test_a_booking_is_stored_told_once_and_not_free_any_more(clinic: Clinic):
    assert TEN in await free(clinic)
    booked = await clinic.book(TEN, utm={"utm_source": "2gis"})
    assert booked.appointment.status == "booked"
    assert booked.appointment.ends_at == TEN + timedelta(minutes=30)
    assert await clinic.told() == [("booked", 1)]
    assert TEN not in await free(clinic)
    [row] = await clinic.rows("SELECT source, utm->>'utm_source' AS utm, price FROM appointments")
    assert (row.source, row.utm, row.price) == ("site", "2gis", 1_000_000)


async def test_at_night_somebody_without_an_account_books_the_next_morning(clinic: Clinic):
    clinic.put_clock(almaty(2, 22))
    anonymous = clinic.staff(actor="anonymous")
    booked = await clinic.tell(clinic.booking(almaty(3, 9)), anonymous)
    assert booked.appointment.status == "booked"


async def test_a_taken_slot_is_refused_with_alternatives_the_same_practitioner_first(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    await clinic.book(TEN)
    refusal = await refused(clinic.book(TEN))
    assert refusal.refusal == "slot-taken"
    alternatives = refusal.extra["alternatives"]
    assert len(alternatives) >= 3
    assert {slot["practitioner_id"] for slot in alternatives} == {str(clinic.practitioner.practitioner_id)}
    assert all(slot["starts_at"] != TEN.isoformat() for slot in alternatives)
    assert await clinic.told() == [("booked", 1)]


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (almaty(2, 13), "slot-in-the-past"),
        (almaty(2, 15), "too-soon"),
        (almaty(3, 8), "outside-working-time"),
        (almaty(3, 17, 45), "outside-working-time"),
        (almaty(3, 10, 10), "off-the-grid"),
        (TEN + timedelta(microseconds=1), "off-the-grid"),
        (almaty(13, 10), "too-far-ahead"),
    ],
)
async def test_a_time_that_cannot_be_booked_is_refused(parts: Parts, starts_at, code):
    clinic = await open_clinic(parts, minimum_notice=120, horizon_days=10)
    assert await code_of(clinic.book(starts_at)) == code
    assert await clinic.rows("SELECT 1 FROM appointments") == []
    assert await clinic.rows("SELECT 1 FROM commands WHERE reply IS NULL") == []


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("service_id", "unknown-service"),
        ("branch_id", "unknown-branch"),
        ("practitioner_id", "unknown-practitioner"),
    ],
)
async def test_what_does_not_exist_cannot_be_booked(clinic: Clinic, named, code):
    assert await code_of(clinic.book(TEN, **{named: new_id()})) == code


async def test_what_does_not_go_together_cannot_be_booked(clinic: Clinic):
    other = a_service()
    await clinic.put(other)
    assert await code_of(clinic.book(TEN, service_id=other.service_id)) == "not-offered"


async def test_the_same_patient_cannot_be_in_two_chairs(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    first = await clinic.book(TEN)
    again = clinic.book(
        TEN, practitioner_id=colleague.practitioner_id, patient_id=first.appointment.patient_id
    )
    refusal = await refused(again)
    assert refusal.refusal == "patient-busy"
    assert refusal.extra["alternatives"]


async def test_a_walk_in_starts_now_off_the_grid_and_without_notice(parts: Parts):
    clinic = await open_clinic(parts, minimum_notice=120)
    clinic.put_clock(almaty(2, 14, 7))
    walk_in = clinic.booking(almaty(2, 14, 5), walk_in=True, source="walk-in")
    assert await code_of(clinic.tell(walk_in, clinic.staff(actor="anonymous"))) == "not-allowed"
    assert (await clinic.tell(walk_in)).appointment.source == "walk-in"


async def test_buffers_keep_neighbours_apart(parts: Parts):
    clinic = await open_clinic(parts, granularity=5, buffer_before=10, buffer_after=5)
    await clinic.book(TEN)
    assert await code_of(clinic.book(TEN + timedelta(minutes=40))) == "slot-taken"
    await clinic.book(TEN + timedelta(minutes=45))
    assert TEN - timedelta(minutes=40) not in await free(clinic)
    assert TEN - timedelta(minutes=45) in await free(clinic)


async def test_the_same_command_gives_the_same_answer_and_books_once(clinic: Clinic):
    command = clinic.booking(TEN)
    first = await clinic.tell(command)
    assert await clinic.tell(command) == first
    assert await clinic.told() == [("booked", 1)]
    changed = command.model_copy(update={"source": "phone"})
    with pytest.raises(CommandReused):
        await clinic.tell(changed)


async def test_the_same_appointment_by_another_command_is_found_again(clinic: Clinic):
    command = clinic.booking(TEN)
    first = await clinic.tell(command)
    assert await clinic.tell(command.model_copy(update={"command_id": new_id()})) == first
    assert await clinic.told() == [("booked", 1)]
    other_patient = {"command_id": new_id(), "patient_id": new_id()}
    assert await code_of(clinic.tell(command.model_copy(update=other_patient))) == "command-reused"


async def test_another_process_sees_a_change_of_the_directory_before_it_refuses_or_books(clinic: Clinic):
    elsewhere = Clinic(
        Parts(clinic.parts.database, clinic.parts.clock, Directories(), 2),
        clinic.caller, clinic.branch, clinic.service, clinic.practitioner,
    )  # fmt: skip
    await elsewhere.book(TEN)
    await clinic.put(clinic.service.model_copy(update={"duration": 60}))
    booked = await elsewhere.book(almaty(3, 12))
    assert booked.appointment.ends_at == almaty(3, 13)
    added = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(added)
    await elsewhere.book(TEN, practitioner_id=added.practitioner_id)
    await clinic.put(added.model_copy(update={"active": False}))
    gone = elsewhere.book(almaty(3, 15), practitioner_id=added.practitioner_id)
    assert await code_of(gone) == "not-offered"


# --- after the booking ----------------------------------------------------------------------------------


async def test_a_whole_visit_tells_each_step_once_with_the_next_version(clinic: Clinic):
    booked = await clinic.book(TEN)
    it = booked.appointment.appointment_id
    await clinic.tell(ConfirmAppointment(appointment_id=it))
    await clinic.tell(ConfirmAppointment(appointment_id=it))
    await clinic.tell(RescheduleAppointment(appointment_id=it, starts_at=almaty(3, 11)))
    clinic.put_clock(almaty(3, 10, 55))
    await clinic.tell(CheckInAppointment(appointment_id=it, if_version=3))
    paid = Paid(amount=2_500_000, currency="KZT", method="card")
    done = await clinic.tell(CompleteAppointment(appointment_id=it, paid=paid))
    later = await clinic.tell(RecordPayment(visit_id=it, paid=paid))
    assert await clinic.told() == [
        ("booked", 1), ("confirmed", 2), ("rescheduled", 3), ("checked-in", 4), ("completed", 5), ("paid", 6),
    ]  # fmt: skip
    assert (done.visit.service_kind, done.visit.paid.amount) == ("hygiene", 2_500_000)
    assert done.visit.price.amount == 1_000_000
    assert (later.visit.paid.amount, len(later.visit.payments)) == (5_000_000, 2)
    assert later.visit.payments[0].method == "card"


async def test_a_cancelled_slot_is_free_at_once(clinic: Clinic):
    booked = await clinic.book(TEN)
    await clinic.tell(CancelAppointment(appointment_id=booked.appointment.appointment_id, reason="ill"))
    assert TEN in await free(clinic)
    await clinic.book(TEN)


async def test_a_move_frees_the_old_time_and_takes_the_new(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    moved = await clinic.tell(RescheduleAppointment(appointment_id=it, starts_at=almaty(3, 12)))
    assert (moved.appointment.sequence, moved.appointment.starts_at) == (1, almaty(3, 12))
    slots = await free(clinic)
    assert TEN in slots
    assert almaty(3, 12) not in slots


async def test_a_move_to_a_taken_time_is_refused_with_alternatives_and_changes_nothing(clinic: Clinic):
    await clinic.book(TEN)
    other = await clinic.book(almaty(3, 12))
    move = RescheduleAppointment(appointment_id=other.appointment.appointment_id, starts_at=TEN)
    refusal = await refused(clinic.tell(move))
    assert refusal.refusal == "slot-taken"
    assert len(refusal.extra["alternatives"]) >= 3
    assert await clinic.told() == [("booked", 1), ("booked", 1)]


async def test_a_move_to_where_it_is_changes_nothing(clinic: Clinic):
    booked = await clinic.book(TEN)
    same = RescheduleAppointment(appointment_id=booked.appointment.appointment_id, starts_at=TEN)
    assert await clinic.tell(same) == booked


async def test_a_move_goes_by_the_same_rules_as_a_booking(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    move = RescheduleAppointment(appointment_id=it, starts_at=almaty(3, 19))
    assert await code_of(clinic.tell(move)) == "outside-working-time"
    elsewhere = move.model_copy(update={"branch_id": new_id(), "command_id": new_id()})
    assert await code_of(clinic.tell(elsewhere)) == "unknown-branch"


async def test_a_move_keeps_its_chair_or_takes_another_free_one(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    one, two = a_room(clinic.branch), a_room(clinic.branch, name="2")
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(one, two, colleague)
    mine = (await clinic.book(TEN)).appointment
    await clinic.book(almaty(3, 11), practitioner_id=colleague.practitioner_id)
    assert mine.room_id == one.room_id
    moved = await clinic.tell(
        RescheduleAppointment(appointment_id=mine.appointment_id, starts_at=almaty(3, 11))
    )
    assert moved.appointment.room_id == two.room_id
    again = await clinic.tell(
        RescheduleAppointment(appointment_id=mine.appointment_id, starts_at=almaty(3, 12))
    )
    assert again.appointment.room_id == two.room_id


async def test_patients_are_bound_by_the_notice_and_the_desk_is_not(parts: Parts):
    clinic = await open_clinic(parts, cancellation_notice=24 * 60)
    booked = (await clinic.book(TEN)).appointment
    patient = clinic.patient(booked.patient_id)
    cancel = CancelAppointment(appointment_id=booked.appointment_id)
    refusal = await refused(clinic.tell(cancel, patient))
    assert refusal.refusal == "too-late-to-cancel"
    assert refusal.extra["branch_phone"] == clinic.branch.phone
    move = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(5, 10))
    assert await code_of(clinic.tell(move, patient)) == "too-late-to-move"
    assert (await clinic.tell(cancel)).appointment.late_cancel


async def test_a_patient_moves_twice_and_then_has_to_call(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    patient = clinic.patient(booked.patient_id)
    for hour in (11, 12):
        move = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(3, hour))
        await clinic.tell(move, patient)
    third = RescheduleAppointment(appointment_id=booked.appointment_id, starts_at=almaty(3, 13))
    assert await code_of(clinic.tell(third, patient)) == "too-many-moves"
    await clinic.tell(third)


async def test_a_link_works_for_its_own_patient_only(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    for command in (ConfirmAppointment, CancelAppointment):
        attempt = clinic.tell(command(appointment_id=booked.appointment_id), clinic.patient(new_id()))
        assert await code_of(attempt) == "not-allowed"
    assert await clinic.told() == [("booked", 1)]


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    await clinic.tell(ConfirmAppointment(appointment_id=it, if_version=1))
    refusal = await refused(clinic.tell(CancelAppointment(appointment_id=it, if_version=1)))
    assert (refusal.refusal, refusal.extra) == ("version-conflict", {"version": 2})


async def test_a_wrong_no_show_is_undone_with_its_reason(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    clinic.put_clock(almaty(3, 10, 20))
    await clinic.tell(MarkNoShow(appointment_id=it))
    undone = await clinic.tell(CorrectAppointment(appointment_id=it, reason="was in the corridor"))
    assert undone.appointment.status == "booked"
    assert await clinic.told() == [("booked", 1), ("missed", 2), ("corrected", 3)]
    [row] = await clinic.rows("SELECT * FROM corrections")
    assert (row.corrected_from, row.corrected_to, row.reason, row.corrected_by, row.version) == (
        "noshow", "booked", "was in the corridor", clinic.caller.actor, 3,
    )  # fmt: skip


async def test_a_no_show_whose_time_was_given_away_cannot_be_undone(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    clinic.put_clock(almaty(3, 10, 5))
    await clinic.tell(MarkNoShow(appointment_id=it))
    await clinic.book(almaty(3, 10, 5), walk_in=True)
    undo = CorrectAppointment(appointment_id=it, reason="was in the corridor")
    assert await code_of(clinic.tell(undo)) == "slot-taken"


async def test_nothing_ends_before_it_starts(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    assert await code_of(clinic.tell(MarkNoShow(appointment_id=it))) == "not-started"
    assert await code_of(clinic.tell(CompleteAppointment(appointment_id=it))) == "not-started"


async def test_a_doctor_completes_their_own_visits_only(clinic: Clinic):
    it = (await clinic.book(TEN)).appointment.appointment_id
    clinic.put_clock(TEN)
    stranger = clinic.staff("doctor", practitioners=[new_id()])
    doctor = clinic.staff("doctor", practitioners=[clinic.practitioner.practitioner_id])
    assert await code_of(clinic.tell(CompleteAppointment(appointment_id=it), stranger)) == "not-allowed"
    assert (await clinic.tell(CompleteAppointment(appointment_id=it), doctor)).visit is not None


# --- holds ----------------------------------------------------------------------------------------------


async def hold(clinic: Clinic, until: datetime):
    """A held time."""
    record = await clinic.tell(holding(clinic, minutes=(until - clinic.parts.clock.now()).seconds // 60))
    assert (record.version, record.appointment.status, record.appointment.held_until) == (0, "held", until)
    return record.appointment


def holding(clinic: Clinic, **changes) -> HoldSlot:
    order = clinic.booking(TEN)
    return HoldSlot.model_validate({**order.model_dump(exclude={"command_id"}), **changes})


def taking_up(held, **changes) -> BookAppointment:
    names = ("appointment_id", "patient_id", "service_id", "branch_id", "practitioner_id", "starts_at")
    values = {**{name: getattr(held, name) for name in names}, "source": "phone", **changes}
    return BookAppointment.model_validate(values)


async def test_a_hold_is_taken_up_by_its_own_patient_at_its_own_place(clinic: Clinic):
    held = await hold(clinic, START + timedelta(minutes=10))
    assert await clinic.told() == []
    for other in ({"patient_id": new_id()}, {"starts_at": almaty(3, 11)}):
        with pytest.raises(CommandReused):
            await clinic.tell(taking_up(held, **other))
    booked = await clinic.tell(taking_up(held))
    assert (booked.version, booked.appointment.status, booked.appointment.source) == (1, "booked", "phone")
    assert booked.appointment.held_until is None
    assert await clinic.told() == [("booked", 1)]
    assert await clinic.tell(taking_up(held)) == booked
    clinic.put_clock(START + timedelta(minutes=11))
    assert await code_of(clinic.tell(ReleaseHold(appointment_id=held.appointment_id))) == "illegal-transition"


async def test_a_hold_is_made_once_for_a_repeated_order_and_never_beside_another(clinic: Clinic):
    order = holding(clinic)
    first = await clinic.tell(order)
    again = order.model_copy(update={"command_id": new_id()})
    assert await clinic.tell(again) == first
    assert await code_of(clinic.tell(holding(clinic))) == "slot-taken"
    with pytest.raises(CommandReused):
        await clinic.tell(again.model_copy(update={"command_id": new_id(), "patient_id": new_id()}))


async def test_a_hold_that_is_over_is_not_taken_up_and_other_times_are_proposed(clinic: Clinic):
    held = await hold(clinic, START + timedelta(minutes=10))
    clinic.put_clock(START + timedelta(minutes=10))
    refusal = await refused(clinic.tell(taking_up(held)))
    assert refusal.refusal == "hold-over"
    assert len(refusal.extra["alternatives"]) >= 3
    assert await clinic.told() == []


async def test_a_hold_given_back_is_free_at_once_and_tells_nobody(clinic: Clinic):
    held = await hold(clinic, START + timedelta(minutes=10))
    release = ReleaseHold(appointment_id=held.appointment_id)
    assert (await clinic.tell(release)).version == 0
    assert (await clinic.tell(release.model_copy(update={"command_id": new_id()}))).version == 0
    assert TEN in await free(clinic)
    assert await code_of(clinic.tell(taking_up(held))) == "hold-over"
    assert await clinic.told() == []


async def test_patients_hold_nothing(clinic: Clinic):
    assert await code_of(clinic.tell(holding(clinic), clinic.staff(actor="anonymous"))) == "not-allowed"


async def test_a_hold_keeps_its_time_until_it_runs_out(clinic: Clinic):
    await hold(clinic, START + timedelta(minutes=10))
    assert TEN not in await free(clinic)
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    clinic.put_clock(START + timedelta(minutes=10))
    assert TEN in await free(clinic)
    assert (await clinic.book(TEN)).appointment.status == "booked"


async def test_a_move_may_go_where_a_hold_has_run_out(clinic: Clinic):
    await hold(clinic, START + timedelta(minutes=10))
    other = await clinic.book(almaty(3, 12))
    clinic.put_clock(START + timedelta(minutes=10))
    move = RescheduleAppointment(appointment_id=other.appointment.appointment_id, starts_at=TEN)
    assert (await clinic.tell(move)).appointment.starts_at == TEN


async def test_the_loop_ends_holds_that_have_run_out_and_tells_nobody(clinic: Clinic):
    from booking.workers import expire_holds

    await hold(clinic, START + timedelta(minutes=10))
    loop = expire_holds(clinic.parts)
    assert await loop.outlook() == (START + timedelta(minutes=10), 0)
    assert await loop.step() == 0
    clinic.put_clock(START + timedelta(minutes=10))
    assert await loop.step() == 1
    [row] = await clinic.rows("SELECT status, cancel_reason, version, due_at FROM appointments")
    assert tuple(row) == ("cancelled", "hold-expired", 0, None)
    assert await clinic.told() == []
    assert await loop.outlook() == (None, 0)


# --- overbooking ----------------------------------------------------------------------------------------


async def test_a_time_is_shared_on_purpose_with_a_reason_and_only_so_often(clinic: Clinic):
    await clinic.book(TEN)
    urgent = await clinic.book(TEN, overbook_reason="acute pain")
    assert urgent.appointment.overbooked
    await clinic.book(TEN, overbook_reason="acute pain")
    refusal = await refused(clinic.book(TEN, overbook_reason="acute pain"))
    assert (refusal.refusal, refusal.extra["limit"]) == ("overbooked-enough", 2)
    rows = await clinic.rows("SELECT overlap_lane, overbook_reason FROM appointments ORDER BY 1")
    assert [tuple(row) for row in rows] == [(0, None), (1, "acute pain"), (2, "acute pain")]
    assert await clinic.told() == [("booked", 1)] * 3


async def test_a_free_time_needs_no_reason(clinic: Clinic):
    assert not (await clinic.book(TEN, overbook_reason="just in case")).appointment.overbooked


async def test_only_a_manager_shares_time_and_never_a_patients(clinic: Clinic):
    first = await clinic.book(TEN)
    order = clinic.booking(TEN, overbook_reason="acute pain")
    for who in (clinic.staff("reception"), clinic.patient(order.patient_id), clinic.staff("doctor")):
        assert await code_of(clinic.tell(order, who)) == "not-allowed"
    await clinic.tell(order, clinic.staff("manager"))
    again = clinic.booking(TEN, overbook_reason="acute pain", patient_id=first.appointment.patient_id)
    assert await code_of(clinic.tell(again)) == "patient-busy"


async def test_who_is_overbooked_has_a_chair_that_is_free_or_shares_one_with_the_same_practitioner(
    parts: Parts,
):
    clinic = await open_clinic(parts, room_kind="chair")
    chairs = [a_room(clinic.branch, name=str(number)) for number in (1, 2, 3)]
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(*chairs, colleague)
    theirs = await clinic.book(TEN, practitioner_id=colleague.practitioner_id)
    own = [await clinic.book(TEN, overbook_reason="acute pain") for _ in range(3)]
    seated = [record.appointment.room_id for record in (theirs, *own)]
    assert seated == [chairs[number].room_id for number in (0, 1, 2, 1)]
    assert [record.appointment.overbooked for record in own] == [False, True, True]


async def test_where_others_have_every_chair_nobody_is_overbooked_into_one(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(a_room(clinic.branch), colleague)
    await clinic.book(TEN, practitioner_id=colleague.practitioner_id)
    refusal = await refused(clinic.book(TEN, overbook_reason="acute pain"))
    assert (refusal.refusal, len(refusal.extra["alternatives"])) == ("slot-taken", 6)
    shared = await clinic.book(TEN, practitioner_id=colleague.practitioner_id, overbook_reason="acute pain")
    assert shared.appointment.overbooked


async def test_shared_time_is_not_free_again_before_the_last_has_left_it(clinic: Clinic):
    first = (await clinic.book(TEN)).appointment
    urgent = (await clinic.book(TEN, overbook_reason="acute pain")).appointment
    await clinic.tell(CancelAppointment(appointment_id=first.appointment_id))
    assert TEN not in await free(clinic)
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    other = (await clinic.book(almaty(3, 12))).appointment
    move = RescheduleAppointment(appointment_id=other.appointment_id, starts_at=TEN)
    assert await code_of(clinic.tell(move)) == "slot-taken"
    aside = RescheduleAppointment(appointment_id=urgent.appointment_id, starts_at=almaty(3, 11))
    assert not (await clinic.tell(aside)).appointment.overbooked
    assert TEN in await free(clinic)


# --- the directory --------------------------------------------------------------------------------------


async def test_a_thing_is_replaced_under_its_next_version(clinic: Clinic):
    renamed = clinic.branch.model_copy(update={"name": "Абай"})
    assert (await clinic.tell(PutBranch(branch=renamed, if_version=1))).version == 2
    refusal = await refused(clinic.tell(PutBranch(branch=clinic.branch, if_version=1)))
    assert (refusal.refusal, refusal.extra) == ("version-conflict", {"version": 2})
    rows = await clinic.rows("SELECT subject FROM outbox ORDER BY seq")
    assert [row.subject.split(".")[2] for row in rows] == [
        "network", "branch", "service", "practitioner", "branch",
    ]  # fmt: skip


async def test_changes_of_one_directory_at_once_each_get_a_version(clinic: Clinic):
    service = clinic.service
    done = await asyncio.gather(*(clinic.tell(PutService(service=service)) for _ in range(10)))
    assert sorted(one.version for one in done) == list(range(2, 12))


async def test_a_thing_that_names_what_does_not_exist_changes_nothing(clinic: Clinic):
    lost = a_practitioner(a_branch(), clinic.service)
    assert await code_of(clinic.put(lost)) == "unknown-branch"
    assert await clinic.rows("SELECT 1 FROM outbox WHERE subject LIKE '%practitioner%' OFFSET 1") == []


async def test_a_room_stays_at_its_branch(clinic: Clinic):
    other, room = a_branch(), a_room(clinic.branch)
    await clinic.put(other, room)
    assert await code_of(clinic.put(room.model_copy(update={"branch_id": other.branch_id}))) == "room-stays"


async def test_what_is_held_online_names_no_kind_of_room(clinic: Clinic):
    online = clinic.service.model_copy(update={"virtual": True})
    assert (
        await code_of(clinic.put(online.model_copy(update={"room_kind": "chair"}))) == "virtual-needs-no-room"
    )
    await clinic.put(online)


async def test_an_online_visit_takes_no_room_and_still_binds_practitioner_and_patient(clinic: Clinic):
    online = clinic.service.model_copy(update={"virtual": True})
    await clinic.put(online, a_room(clinic.branch))
    booked = (await clinic.book(TEN)).appointment
    assert booked.room_id is None
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    colleague = a_practitioner(clinic.branch, online)
    await clinic.put(colleague)
    again = clinic.book(TEN, practitioner_id=colleague.practitioner_id, patient_id=booked.patient_id)
    assert await code_of(again) == "patient-busy"

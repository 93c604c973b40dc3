"""Somebody is away: the time is gone at once, and whoever had it is offered other times, once."""

import asyncio
from datetime import timedelta

import pytest

from booking.handlers import Parts
from booking.tables import blocks
from booking.workers import expire_holds
from common.contracts.booking import (
    AbsenceChoice,
    AbsenceEnded,
    AbsenceEntered,
    AbsenceRange,
    AppointmentDisplaced,
    CancelAppointment,
    CheckInAppointment,
    DescribeAbsence,
    EndAbsence,
    FindAlternatives,
    HoldSlot,
    ListAbsences,
    PutAbsence,
    RescheduleAppointment,
    TaskRaised,
)
from common.contracts.directory import WorkingHours
from common.errors import CommandReused, Refused
from common.ids import new_id

from .clinic import CLOSES, OPENS, WEEK, Clinic, a_branch, a_practitioner, almaty, code_of, free, refused

NINE, TEN, NOON = almaty(3, 9), almaty(3, 10), almaty(3, 12)


def away(clinic: Clinic, starts_at=NINE, ends_at=NOON, **whose) -> AbsenceRange:
    return AbsenceRange(
        **(whose or {"practitioner_id": clinic.practitioner.practitioner_id}),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def putting(clinic: Clinic, *choices: AbsenceChoice, **changes) -> PutAbsence:
    return PutAbsence.model_validate(
        {"absence_id": new_id(), "range": away(clinic), "choices": choices, **changes}
    )


async def three(clinic: Clinic):
    return [
        (await clinic.book(TEN + timedelta(minutes=30 * number))).appointment.appointment_id
        for number in range(3)
    ]


async def events(clinic: Clinic, kind):
    rows = await clinic.rows(
        "SELECT convert_from(body, 'UTF8') AS body FROM outbox WHERE subject = :subject ORDER BY seq",
        subject=kind.subject,
    )
    return [kind.model_validate_json(row.body) for row in rows]


async def statuses(clinic: Clinic):
    rows = await clinic.rows(
        "SELECT status FROM appointments WHERE status NOT IN ('blocked', 'held') ORDER BY starts_at"
    )
    return [row.status for row in rows]


async def test_a_dry_run_names_everybody_with_other_times_and_changes_nothing(clinic: Clinic):
    booked = await three(clinic)
    await clinic.book(almaty(3, 15))
    plan = await clinic.tell(DescribeAbsence(range=away(clinic)))
    assert [one.appointment.appointment_id for one in plan.affected] == booked
    for one in plan.affected:
        assert len(one.alternatives) >= 3
        assert all(slot.starts_at >= NOON for slot in one.alternatives)
    assert TEN not in await free(clinic)
    assert almaty(3, 11, 30) in await free(clinic)
    assert await clinic.told() == [("booked", 1)] * 4


async def test_who_is_away_now_or_later_is_listed_until_it_was_ended(clinic: Clinic):
    own, ended, closed = (
        putting(clinic),
        putting(clinic),
        putting(
            clinic,
            range=away(clinic, starts_at=almaty(3, 8), ends_at=NINE, branch_id=clinic.branch.branch_id),
            reason="closed",
        ),
    )
    for order in (own, ended, closed):
        await clinic.tell(order)
    for _ in range(2):
        await clinic.tell(EndAbsence(absence_id=ended.absence_id))
    entered = [one.absence.absence_id for one in await events(clinic, AbsenceEntered)]
    assert entered == [own.absence_id, ended.absence_id, closed.absence_id]
    assert [one.absence.absence_id for one in await events(clinic, AbsenceEnded)] == [ended.absence_id]
    listed = (await clinic.tell(ListAbsences(branch_id=clinic.branch.branch_id))).absences
    assert [(one.absence_id, one.reason) for one in listed] == [
        (closed.absence_id, "closed"),
        (own.absence_id, "other"),
    ]
    stranger = clinic.staff("doctor", practitioners=[new_id()])
    shown = (await clinic.tell(ListAbsences(), stranger)).absences
    assert [one.absence_id for one in shown] == [closed.absence_id]


async def test_the_time_is_gone_at_once_and_each_patient_has_three_times_of_their_own(clinic: Clinic):
    booked = await three(clinic)
    saved = await clinic.tell(putting(clinic))
    assert [one.record.appointment.appointment_id for one in saved.displacements] == booked
    assert [one.record.appointment.status for one in saved.displacements] == ["displaced"] * 3
    offers = [offer for one in saved.displacements for offer in one.offers]
    assert len({(offer.slot.starts_at, offer.slot.practitioner_id) for offer in offers}) == 9
    found = await free(clinic)
    assert not any(NINE <= at < NOON for at in found)
    assert not found & {offer.slot.starts_at for offer in offers}
    assert await clinic.told() == [("booked", 1)] * 3 + [("displaced", 2)] * 3
    assert [one.offers for one in await events(clinic, AppointmentDisplaced)] == [
        one.offers for one in saved.displacements
    ]
    assert await code_of(clinic.book(almaty(3, 9))) == "slot-taken"


async def test_saved_twice_it_tells_nobody_twice(clinic: Clinic):
    await three(clinic)
    order = putting(clinic)
    first = await clinic.tell(order)
    assert await clinic.tell(order) == first
    told = await clinic.told()
    again = await clinic.tell(order.model_copy(update={"command_id": new_id()}))
    another = await clinic.tell(putting(clinic))
    assert again.displacements == another.displacements == []
    assert await clinic.told() == told
    longer = {"command_id": new_id(), "range": away(clinic, ends_at=almaty(3, 13))}
    with pytest.raises(CommandReused):
        await clinic.tell(order.model_copy(update=longer))


async def test_whom_to_call_is_a_task_at_once_and_who_does_not_answer_later(clinic: Clinic):
    first, second, _ = await three(clinic)
    message = AbsenceChoice(appointment_id=first, choice="message")
    call = AbsenceChoice(appointment_id=second, choice="call")
    await clinic.tell(putting(clinic, message, call, otherwise="message", answer_hours=2))
    assert [task.appointment_id for task in await events(clinic, TaskRaised)] == [second]
    loop = expire_holds(clinic.parts)
    clinic.put_clock(clinic.parts.clock.now() + timedelta(hours=2))
    while await loop.step():
        pass
    tasks = await events(clinic, TaskRaised)
    assert sorted(task.appointment_id for task in tasks[1:]) == sorted({*await three_of(clinic)} - {second})
    assert {(task.kind, task.reason) for task in tasks[1:]} == {("call-back", "displaced, no answer")}
    assert await loop.outlook() == (None, 0)
    assert await clinic.rows("SELECT 1 FROM appointments WHERE status = 'held'") == []
    assert await statuses(clinic) == ["displaced"] * 3 + ["cancelled"] * 9


async def test_who_was_written_to_and_has_fewer_than_three_times_left_is_called_once(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    mine = (await clinic.book(TEN)).appointment.appointment_id
    week = away(clinic, NINE, almaty(30, 18))
    [displaced] = (
        await clinic.tell(putting(clinic, range=week, otherwise="message", answer_hours=48))
    ).displacements
    held = [one.slot.starts_at for one in displaced.offers]
    assert len(held) == 3
    assert await events(clinic, TaskRaised) == []
    theirs = away(clinic, min(held), max(held), practitioner_id=colleague.practitioner_id)
    await clinic.tell(putting(clinic, range=theirs))
    [task] = await events(clinic, TaskRaised)
    assert (task.appointment_id, task.reason) == (mine, "displaced, too few times")
    assert task.due_at == clinic.parts.clock.now()
    later = theirs.model_copy(update={"ends_at": max(held) + timedelta(hours=1)})
    await clinic.tell(putting(clinic, range=later))
    loop = expire_holds(clinic.parts)
    clinic.put_clock(clinic.parts.clock.now() + timedelta(hours=48))
    while await loop.step():
        pass
    assert await events(clinic, TaskRaised) == [task]
    assert await clinic.told() == [("booked", 1), ("displaced", 2)]


async def test_whom_fewer_than_three_times_can_be_held_for_is_called_at_once(clinic: Clinic):
    mine = (await clinic.book(TEN)).appointment.appointment_id
    [displaced] = (
        await clinic.tell(
            putting(clinic, range=away(clinic, NINE, NINE + timedelta(days=90)), otherwise="message")
        )
    ).displacements
    assert len(displaced.offers) < 3
    [task] = await events(clinic, TaskRaised)
    assert (task.appointment_id, task.reason) == (mine, "displaced, too few times")


async def three_of(clinic: Clinic):
    rows = await clinic.rows("SELECT appointment_id FROM appointments WHERE status = 'displaced'")
    return [row.appointment_id for row in rows]


async def test_a_displaced_patient_takes_a_held_time_and_the_others_are_free_again(clinic: Clinic):
    record = await clinic.book(TEN)
    saved = await clinic.tell(putting(clinic))
    [displaced] = saved.displacements
    kept = await clinic.tell(FindAlternatives(appointment_id=record.appointment.appointment_id))
    assert [slot.starts_at for slot in kept.slots[:3]] == [one.slot.starts_at for one in displaced.offers]
    chosen, *others = [offer.slot.starts_at for offer in displaced.offers]
    patient = clinic.patient(record.appointment.patient_id)
    move = RescheduleAppointment(appointment_id=record.appointment.appointment_id, starts_at=chosen)
    moved = await clinic.tell(move, patient)
    assert (moved.appointment.status, moved.version) == ("booked", 3)
    found = await free(clinic)
    assert chosen not in found
    assert set(others) <= found


async def test_a_displaced_patient_may_still_cancel_and_what_was_held_is_free_again(clinic: Clinic):
    record = await clinic.book(TEN)
    saved = await clinic.tell(putting(clinic))
    cancel = CancelAppointment(appointment_id=record.appointment.appointment_id)
    assert not (await clinic.tell(cancel)).appointment.late_cancel
    assert {offer.slot.starts_at for offer in saved.displacements[0].offers} <= await free(clinic)


async def test_a_colleague_takes_over_at_the_same_time_or_nothing_changes(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    first, second, _ = await three(clinic)
    await clinic.book(TEN + timedelta(minutes=30), practitioner_id=colleague.practitioner_id)
    plan = await clinic.tell(DescribeAbsence(range=away(clinic)))
    assert [bool(one.colleagues) for one in plan.affected] == [True, False, True]

    def to_colleague(one):
        return AbsenceChoice(appointment_id=one, choice="reassign", practitioner_id=colleague.practitioner_id)

    told = await clinic.told()
    refusal = await refused(clinic.tell(putting(clinic, to_colleague(first), to_colleague(second))))
    assert refusal.refusal == "not-reassignable"
    assert refusal.extra == {"appointment_id": str(second), "why": "slot-taken"}
    assert await clinic.told() == told
    saved = await clinic.tell(putting(clinic, to_colleague(first)))
    assert [one.choice for one in saved.displacements] == ["reassign", "call", "call"]
    moved = saved.displacements[0].record.appointment
    assert (moved.status, moved.starts_at, moved.practitioner_id) == (
        "booked", TEN, colleague.practitioner_id,
    )  # fmt: skip
    assert sorted(await clinic.told())[-3:] == sorted([("displaced", 2)] * 2 + [("rescheduled", 2)])


async def test_a_visit_that_has_begun_stays(clinic: Clinic):
    here = (await clinic.book(TEN)).appointment.appointment_id
    await clinic.tell(CheckInAppointment(appointment_id=here))
    assert (await clinic.tell(DescribeAbsence(range=away(clinic)))).begun == [here]
    assert (await clinic.tell(putting(clinic))).displacements == []
    assert await statuses(clinic) == ["arrived"]
    assert not any(NINE <= at < NOON for at in await free(clinic))


async def test_a_hold_in_the_time_is_given_back_and_nobody_shares_it_on_purpose(clinic: Clinic):
    order = clinic.booking(TEN)
    await clinic.tell(HoldSlot.model_validate(order.model_dump(exclude={"command_id"})))
    await clinic.tell(putting(clinic))
    assert await clinic.told() == []
    assert await code_of(clinic.tell(order)) == "hold-over"
    shared = clinic.booking(TEN, overbook_reason="acute pain")
    assert await code_of(clinic.tell(shared)) == "practitioner-away"


async def test_a_branch_that_is_closed_leaves_work_elsewhere_alone(clinic: Clinic):
    other = a_branch(name="Абай")
    await clinic.put(other)
    both = a_practitioner(clinic.branch, clinic.service)
    there = [
        WorkingHours(branch_id=other.branch_id, weekday=2, starts=OPENS, ends=CLOSES),
        *(
            WorkingHours(branch_id=clinic.branch.branch_id, weekday=day, starts=OPENS, ends=CLOSES)
            for day in WEEK
            if day != 2
        ),
    ]
    await clinic.put(both.model_copy(update={"working_hours": there}))
    mine = (await clinic.book(TEN)).appointment.appointment_id
    elsewhere = await clinic.book(TEN, practitioner_id=both.practitioner_id, branch_id=other.branch_id)
    closed = away(clinic, NINE, almaty(5, 9), branch_id=clinic.branch.branch_id)
    saved = await clinic.tell(putting(clinic, range=closed, reason="closed"))
    assert [one.record.appointment.appointment_id for one in saved.displacements] == [mine]
    assert elsewhere.appointment.appointment_id not in await three_of(clinic)
    here = await free(clinic, branch_id=clinic.branch.branch_id)
    assert min(at for at in here if at >= NINE) == almaty(5, 9)
    assert almaty(3, 11) in await free(clinic, branch_id=other.branch_id)


async def test_who_begins_to_work_at_a_closed_branch_is_away_too_and_who_leaves_it_is_not(clinic: Clinic):
    elsewhere = a_branch(name="Another")
    await clinic.put(elsewhere)
    closed = away(clinic, branch_id=clinic.branch.branch_id)
    await clinic.tell(PutAbsence(absence_id=new_id(), range=closed, reason="closed"))
    newcomer = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(newcomer)
    here = {"practitioner_id": newcomer.practitioner_id, "branch_id": clinic.branch.branch_id}
    assert TEN not in await free(clinic, **here)
    assert NOON in await free(clinic, **here)
    moved = a_practitioner(elsewhere, clinic.service).model_copy(
        update={"practitioner_id": newcomer.practitioner_id}
    )
    await clinic.put(moved)
    there = {"practitioner_id": newcomer.practitioner_id, "branch_id": elsewhere.branch_id}
    assert TEN in await free(clinic, **there)


async def test_whoever_is_booked_with_somebody_that_comes_back_to_a_closed_branch_stays(clinic: Clinic):
    elsewhere = a_branch(name="Another")
    await clinic.put(elsewhere)
    visit = (await clinic.book(TEN)).appointment
    there = a_practitioner(elsewhere, clinic.service).working_hours
    await clinic.put(clinic.practitioner.model_copy(update={"working_hours": there}))
    closed = away(clinic, branch_id=clinic.branch.branch_id)
    assert (await clinic.tell(putting(clinic, range=closed, reason="closed"))).displacements == []
    await clinic.put(clinic.practitioner)
    assert await statuses(clinic) == ["booked"]
    await clinic.tell(CancelAppointment(appointment_id=visit.appointment_id))
    assert {at for at in await free(clinic) if at.date() == TEN.date()} == {
        NOON + number * timedelta(minutes=30) for number in range(12)
    }


async def test_an_absence_that_ends_gives_back_what_no_other_absence_takes(clinic: Clinic):
    first = putting(clinic)
    await clinic.tell(first)
    await clinic.tell(putting(clinic, range=away(clinic, TEN, almaty(3, 15))))
    end = EndAbsence(absence_id=first.absence_id)
    await clinic.tell(end)
    await clinic.tell(end.model_copy(update={"command_id": new_id()}))
    found = await free(clinic)
    assert {NINE, almaty(3, 9, 30), almaty(3, 15)} <= found
    assert not any(TEN <= at < almaty(3, 15) for at in found)
    assert await code_of(clinic.tell(EndAbsence(absence_id=new_id()))) == "unknown-absence"


async def test_a_doctor_takes_time_off_for_themselves_only_and_patients_none(clinic: Clinic):
    order = putting(clinic)
    doctor = clinic.staff("doctor", practitioners=[clinic.practitioner.practitioner_id])
    for who in (clinic.staff("doctor", practitioners=[new_id()]), clinic.patient(new_id())):
        assert await code_of(clinic.tell(order, who)) == "not-allowed"
        assert await code_of(clinic.tell(DescribeAbsence(range=away(clinic)), who)) == "not-allowed"
    assert (await clinic.tell(order, doctor)).displacements == []


async def test_however_many_are_quicker_one_after_the_other_the_absence_takes_the_time(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    late = [NINE + number * timedelta(minutes=30) for number in range(18)]
    block = blocks.block

    async def after_another(*which, **more):
        if late:
            await clinic.book(late.pop())
        return await block(*which, **more)

    monkeypatch.setattr(blocks, "block", after_another)
    saved = await clinic.tell(putting(clinic, range=away(clinic, NINE, almaty(3, 18))))
    assert len(saved.displacements) == 18
    assert {at.date() for at in await free(clinic)} & {TEN.date()} == set()


@pytest.mark.parametrize("attempt", range(3))
async def test_who_races_with_an_absence_is_displaced_or_refused(parts: Parts, clinic: Clinic, attempt):
    starts = [NINE + timedelta(minutes=30 * (number % 6)) for number in range(30)]
    moving = [(await clinic.book(almaty(4, 9) + timedelta(minutes=30 * number))) for number in range(6)]
    moves = [
        RescheduleAppointment(
            appointment_id=one.appointment.appointment_id, starts_at=NINE + timedelta(hours=1)
        )
        for one in moving
    ]

    async def late(attempt):
        await asyncio.sleep(0.01)
        return await attempt

    attempts = [clinic.book(at) for at in starts] + [clinic.tell(one) for one in moves]
    attempts[10:10] = [late(clinic.tell(putting(clinic))), clinic.tell(putting(clinic))]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    broken = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Refused)]
    assert broken == []
    inside = await clinic.rows(
        "SELECT status FROM appointments WHERE busy && tstzrange(:start, :end)"
        " AND status NOT IN ('displaced', 'cancelled', 'noshow', 'blocked', 'held')",
        start=NINE,
        end=NOON,
    )
    assert inside == []
    blocked = await clinic.rows(
        "SELECT sum(upper(busy) - lower(busy)) AS length FROM appointments WHERE status = 'blocked'"
    )
    assert blocked[0].length == NOON - NINE
    told = [kind for kind, _ in await clinic.told()]
    assert told.count("displaced") == len(await three_of(clinic))

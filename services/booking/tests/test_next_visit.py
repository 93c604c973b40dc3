"""A control with the practitioner whom the patient saw last."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from common.contracts.booking import CompleteAppointment, FindNextSlots, MarkNoShow, NextSlots
from common.contracts.directory import WorkingHours
from common.ids import new_id

from .clinic import CLOSES, OPENS, WEEK, Clinic, a_branch, a_practitioner, a_service, almaty, code_of


async def visited(clinic: Clinic, patient_id: UUID, day: int, hour: int = 10, **place: Any) -> UUID:
    """A visit of a patient that took place."""
    booked = (await clinic.book(almaty(day, hour), patient_id=patient_id, **place)).appointment
    clinic.put_clock(booked.starts_at)
    await clinic.tell(CompleteAppointment(appointment_id=booked.appointment_id))
    return booked.appointment_id


async def next_slots(clinic: Clinic, *patients: UUID, caller: Any = None, **query: Any) -> NextSlots:
    """What booking proposes, for the clinic's service unless another is named."""
    values = {"patient_ids": list(patients), "service_id": clinic.service.service_id, **query}
    found: NextSlots = await clinic.tell(FindNextSlots.model_validate(values), caller)
    return found


async def test_the_last_practitioner_comes_first_at_the_same_branch_then_elsewhere_then_colleagues(
    clinic: Clinic,
):
    elsewhere = a_branch()
    await clinic.put(elsewhere)
    hours = [
        *clinic.practitioner.working_hours,
        *(
            WorkingHours(branch_id=elsewhere.branch_id, weekday=day, starts=OPENS, ends=CLOSES)
            for day in WEEK
        ),
    ]
    both = clinic.practitioner.model_copy(update={"working_hours": hours})
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(both, colleague)
    me = new_id()
    visit = await visited(clinic, me, 3)
    found = await next_slots(clinic, me, limit=20)
    assert (found.last_visit_id, found.practitioner_id, found.branch_id) == (
        visit, both.practitioner_id, clinic.branch.branch_id,
    )  # fmt: skip
    assert {slot.practitioner_id for slot in found.slots} == {both.practitioner_id}
    assert {slot.branch_id for slot in found.slots} == {clinic.branch.branch_id}
    assert [slot.starts_at for slot in found.slots] == sorted(slot.starts_at for slot in found.slots)
    assert found.slots[0].starts_at == almaty(3, 10, 30)


async def test_the_same_service_counts_before_another_of_its_kind(clinic: Clinic):
    alike = a_service(kind="hygiene")
    hers = a_practitioner(clinic.branch, alike)
    await clinic.put(alike, hers)
    me, other = new_id(), new_id()
    await visited(clinic, me, 3)
    for patient in (me, other):
        await visited(
            clinic, patient, 4, 10 + (patient is other),
            service_id=alike.service_id, practitioner_id=hers.practitioner_id,
        )  # fmt: skip
    assert (await next_slots(clinic, me)).practitioner_id == clinic.practitioner.practitioner_id
    assert (await next_slots(clinic, other)).practitioner_id == hers.practitioner_id


async def test_visits_that_did_not_take_place_or_were_of_another_kind_do_not_count(clinic: Clinic):
    surgery = a_service(kind="surgery")
    surgeon = a_practitioner(clinic.branch, surgery)
    await clinic.put(surgery, surgeon)
    me = new_id()
    await visited(clinic, me, 3, service_id=surgery.service_id, practitioner_id=surgeon.practitioner_id)
    missed = (await clinic.book(almaty(4, 9), patient_id=me)).appointment
    clinic.put_clock(missed.starts_at)
    await clinic.tell(MarkNoShow(appointment_id=missed.appointment_id))
    found = await next_slots(clinic, me)
    assert (found.last_visit_id, found.practitioner_id) == (None, None)
    assert found.slots, "times of anybody who does it"


async def test_visits_under_a_merged_id_count_and_the_day_can_be_chosen(clinic: Clinic):
    me, me_too = new_id(), new_id()
    visit = await visited(clinic, me_too, 3)
    found = await next_slots(clinic, me, me_too, from_date=almaty(17, 9).date(), limit=1)
    assert found.last_visit_id == visit
    assert [slot.starts_at for slot in found.slots] == [almaty(17, 9)]


async def test_patients_ask_for_themselves_and_delegates_learn_of_their_doctors_only(clinic: Clinic):
    me = new_id()
    await visited(clinic, me, 3)
    own = await next_slots(clinic, me, caller=clinic.patient(me))
    assert own.practitioner_id == clinic.practitioner.practitioner_id
    assert await code_of(next_slots(clinic, me, caller=clinic.patient(new_id()))) == "not-allowed"
    stranger = clinic.staff("delegate", practitioners=[new_id()])
    assert (await next_slots(clinic, me, caller=stranger)).practitioner_id is None


async def test_a_practitioner_who_left_is_named_and_colleagues_have_the_times(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    me = new_id()
    await visited(clinic, me, 3)
    await clinic.put(clinic.practitioner.model_copy(update={"active": False}))
    found = await next_slots(clinic, me)
    assert found.practitioner_id == clinic.practitioner.practitioner_id
    assert {slot.practitioner_id for slot in found.slots} == {colleague.practitioner_id}
    assert all(slot.starts_at > almaty(3, 10) - timedelta(minutes=1) for slot in found.slots)

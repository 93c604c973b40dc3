"""What booking answers."""

import asyncio
from datetime import date, time, timedelta

import pytest

from booking.handlers import Parts
from booking.rules import slots
from common.contracts.booking import (
    AppointmentsOfPatient,
    AskReport,
    CancelAppointment,
    CompleteAppointment,
    DayBoard,
    FindAlternatives,
    FindFreeSlots,
    GetAppointments,
    HoldSlot,
    MarkNoShow,
    Paid,
    ReleaseHold,
)
from common.contracts.directory import DescribeDirectory, Network, OpenNetwork, WorkingHours
from common.errors import NotAllowed, Refused, UnknownThing
from common.ids import new_id
from common.testing import caller

from .clinic import Clinic, a_branch, a_practitioner, a_room, almaty, open_clinic

TEN = almaty(3, 10)


async def find(clinic: Clinic, **query):
    return (await clinic.tell(FindFreeSlots(service_id=clinic.service.service_id, **query))).slots


async def test_a_hold_is_on_no_board_and_in_no_history_whatever_becomes_of_it(clinic: Clinic):
    order = clinic.booking(TEN)
    place = order.model_dump(
        include={"appointment_id", "patient_id", "service_id", "branch_id", "practitioner_id"}
    )
    await clinic.tell(HoldSlot(starts_at=TEN, **place))
    board = DayBoard(branch_id=clinic.branch.branch_id, day=TEN.date())
    history = AppointmentsOfPatient(patient_ids=[order.patient_id])
    assert (await clinic.tell(board)).appointments == (await clinic.tell(history)).appointments == []
    await clinic.tell(ReleaseHold(appointment_id=order.appointment_id))
    assert (await clinic.tell(board)).appointments == (await clinic.tell(history)).appointments == []


async def test_today_begins_now_and_after_the_minimum_notice(parts: Parts):
    clinic = await open_clinic(parts, minimum_notice=60)
    clinic.put_clock(almaty(2, 14, 1))
    slots = await find(clinic, days=1)
    assert [slot.starts_at for slot in slots] == [
        almaty(2, 15, 30) + timedelta(minutes=30 * number) for number in range(5)
    ]


async def test_every_slot_that_is_found_can_be_booked_and_no_other_of_the_day(clinic: Clinic):
    await clinic.book(almaty(3, 9, 30))
    slots = {slot.starts_at for slot in await find(clinic, from_date=date(2026, 11, 3), days=1)}
    for number in range(-2, 20):
        at = almaty(3, 9) + timedelta(minutes=30 * number)
        try:
            await clinic.book(at)
        except Refused:
            assert at not in slots
        else:
            assert at in slots
    assert await find(clinic, from_date=date(2026, 11, 3), days=1) == []


async def test_slots_of_all_practitioners_and_branches_come_in_order_of_time(clinic: Clinic):
    paris = a_branch(zone="Europe/Paris", locale="fr")
    colleague, abroad = a_practitioner(clinic.branch, clinic.service), a_practitioner(paris, clinic.service)
    await clinic.put(paris, colleague, abroad)
    slots = await find(clinic, from_date=date(2026, 11, 3), days=1)
    assert len(slots) == 3 * 18
    assert slots == sorted(slots, key=lambda slot: (slot.starts_at, slot.practitioner_id))
    at_home = await find(clinic, from_date=date(2026, 11, 3), days=1, branch_id=clinic.branch.branch_id)
    assert {slot.practitioner_id for slot in at_home} == {
        clinic.practitioner.practitioner_id,
        colleague.practitioner_id,
    }
    assert {slot.branch_id for slot in await find(clinic, practitioner_id=abroad.practitioner_id)} == {
        paris.branch_id
    }


async def test_somebody_who_works_at_two_branches_is_busy_at_both(clinic: Clinic):
    second = a_branch()
    both = a_practitioner(clinic.branch, clinic.service)
    more = a_practitioner(second, clinic.service).working_hours
    both = both.model_copy(update={"working_hours": [*both.working_hours, *more]})
    await clinic.put(second, both)
    await clinic.book(TEN, practitioner_id=both.practitioner_id)
    slots = await find(clinic, branch_id=second.branch_id)
    assert slots
    assert TEN not in {slot.starts_at for slot in slots}


async def test_a_chair_taken_by_a_colleague_is_not_offered(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    assert await find(clinic) == []
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(a_room(clinic.branch), a_room(clinic.branch, kind="x-ray"), colleague)
    await clinic.book(TEN)
    free = {slot.starts_at for slot in await find(clinic, practitioner_id=colleague.practitioner_id)}
    assert TEN not in free
    assert TEN + timedelta(minutes=30) in free


async def test_nothing_is_found_before_today_or_beyond_the_horizon(parts: Parts):
    clinic = await open_clinic(parts, horizon_days=3)
    assert await find(clinic, from_date=date(2026, 10, 1), days=7) == []
    assert await find(clinic, from_date=date(2026, 11, 20), days=7) == []
    last = (await find(clinic, days=62))[-1]
    assert last.starts_at.date() == date(2026, 11, 5)


@pytest.mark.parametrize("named", ["service_id", "branch_id", "practitioner_id"])
async def test_what_does_not_exist_is_not_just_empty(clinic: Clinic, named):
    query = {"service_id": clinic.service.service_id, named: new_id()}
    with pytest.raises(UnknownThing) as refused:
        await clinic.tell(FindFreeSlots(**query))
    assert refused.value.refusal == f"unknown-{named.removesuffix('_id')}"


async def test_alternatives_are_the_same_practitioner_then_branch_then_soonest(clinic: Clinic):
    booked = (await clinic.book(almaty(2, 17, 30))).appointment
    colleague, second = a_practitioner(clinic.branch, clinic.service), a_branch()
    elsewhere = a_practitioner(second, clinic.service)
    mondays = [rule for rule in clinic.practitioner.working_hours if rule.weekday == 1]
    rare = clinic.practitioner.model_copy(update={"working_hours": [mondays[0]]})
    await clinic.put(second, colleague, elsewhere, rare)
    taken = [almaty(2, 14, 30) + timedelta(minutes=30 * number) for number in range(6)]
    taken += [almaty(9, 9, 30) + timedelta(minutes=30 * number) for number in range(16)]
    await asyncio.gather(*(clinic.book(at) for at in taken))
    found = (await clinic.tell(FindAlternatives(appointment_id=booked.appointment_id))).slots
    assert [(slot.practitioner_id, slot.starts_at) for slot in found] == [
        (rare.practitioner_id, almaty(2, 14)),
        (rare.practitioner_id, almaty(9, 9)),
        (rare.practitioner_id, almaty(9, 17, 30)),
        (colleague.practitioner_id, almaty(2, 14)),
        (colleague.practitioner_id, almaty(2, 14, 30)),
        (colleague.practitioner_id, almaty(2, 15)),
    ]


async def test_a_practitioners_own_late_times_come_first_however_many_others_are_free_before(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    booked = (await clinic.book(almaty(2, 17, 30))).appointment
    far = a_branch()
    rare = clinic.practitioner.model_copy(update={"working_hours": [an_hour_on(clinic, weekday=1)]})
    here = a_practitioner(clinic.branch, clinic.service, working_hours=[an_hour_on(clinic, weekday=6)])
    await clinic.put(far, rare, here, a_practitioner(far, clinic.service))
    monkeypatch.setattr(slots, "MOST_SLOTS", 40)
    found = (await clinic.tell(FindAlternatives(appointment_id=booked.appointment_id))).slots
    assert [(slot.practitioner_id, slot.starts_at) for slot in found] == [
        (rare.practitioner_id, almaty(9, 9)),
        (rare.practitioner_id, almaty(9, 9, 30)),
        (here.practitioner_id, almaty(7, 9)),
        (here.practitioner_id, almaty(7, 9, 30)),
        (here.practitioner_id, almaty(14, 9)),
        (here.practitioner_id, almaty(14, 9, 30)),
    ]


def an_hour_on(clinic: Clinic, *, weekday: int) -> WorkingHours:
    return WorkingHours(branch_id=clinic.branch.branch_id, weekday=weekday, starts=time(9), ends=time(10))


async def test_a_search_that_finds_too_much_says_that_there_is_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    search = FindFreeSlots(service_id=clinic.service.service_id, days=1)
    assert not (await clinic.tell(search)).truncated
    monkeypatch.setattr(slots, "MOST_SLOTS", 3)
    cut = await clinic.tell(search)
    assert (cut.truncated, [slot.starts_at for slot in cut.slots]) == (
        True,
        [almaty(2, 14), almaty(2, 14, 30), almaty(2, 15)],
    )


async def test_alternatives_leave_out_the_time_that_is_to_be_replaced(clinic: Clinic):
    booked = (await clinic.book(TEN)).appointment
    found = (await clinic.tell(FindAlternatives(appointment_id=booked.appointment_id))).slots
    assert len(found) == 6
    assert TEN not in {slot.starts_at for slot in found}
    with pytest.raises(UnknownThing):
        await clinic.tell(FindAlternatives(appointment_id=new_id()))


async def test_appointments_by_id_leave_out_the_unknown(clinic: Clinic):
    booked = await clinic.book(TEN)
    found = await clinic.tell(GetAppointments(appointment_ids=[booked.appointment.appointment_id, new_id()]))
    assert found.appointments == [booked]


async def test_a_patient_reads_their_own_appointments_newest_first(clinic: Clinic):
    patient_id = new_id()
    first = await clinic.book(TEN, patient_id=patient_id)
    second = await clinic.book(almaty(4, 10), patient_id=patient_id)
    other = await clinic.book(almaty(5, 10))
    patient = clinic.patient(patient_id)
    mine = await clinic.tell(AppointmentsOfPatient(patient_ids=[patient_id]), patient)
    assert mine.appointments == [second, first]
    for query in (
        AppointmentsOfPatient(patient_ids=[patient_id, other.appointment.patient_id]),
        GetAppointments(appointment_ids=[other.appointment.appointment_id]),
        FindAlternatives(appointment_id=other.appointment.appointment_id),
        DayBoard(branch_id=clinic.branch.branch_id, day=TEN.date()),
        AskReport(kpi="no-show", from_date=TEN.date(), to_date=TEN.date()),
    ):
        with pytest.raises(NotAllowed):
            await clinic.tell(query, patient)


async def test_the_day_board_shows_the_branchs_own_day_with_what_was_cancelled(clinic: Clinic):
    late = a_branch(hours=[{"weekday": day, "opens": "00:00", "closes": "00:00"} for day in range(1, 8)])
    always = [
        {"branch_id": late.branch_id, "weekday": day, "starts": "00:00", "ends": "00:00"}
        for day in range(1, 8)
    ]
    night = a_practitioner(late, clinic.service, working_hours=always)
    await clinic.put(late, night)
    there = {"branch_id": late.branch_id, "practitioner_id": night.practitioner_id}
    await clinic.book(almaty(3, 23, 30), **there)
    midnight = await clinic.book(almaty(4, 0), **there)
    evening = await clinic.book(almaty(4, 23, 30), **there)
    await clinic.book(almaty(5, 0), **there)
    await clinic.book(almaty(4, 10))
    cancelled = await clinic.tell(CancelAppointment(appointment_id=midnight.appointment.appointment_id))
    board = await clinic.tell(DayBoard(branch_id=late.branch_id, day=date(2026, 11, 4)))
    assert board.appointments == [cancelled, evening]
    with pytest.raises(UnknownThing):
        await clinic.tell(DayBoard(branch_id=new_id(), day=date(2026, 11, 4)))


async def test_reports_are_about_the_days_and_the_branch_asked_for(clinic: Clinic):
    missed = (await clinic.book(TEN)).appointment
    came = (await clinic.book(almaty(3, 11), source="phone")).appointment
    await clinic.book(almaty(4, 11))
    clinic.put_clock(almaty(3, 11, 30))
    await clinic.tell(MarkNoShow(appointment_id=missed.appointment_id))
    paid = Paid(amount=900_000, currency="KZT")
    await clinic.tell(CompleteAppointment(appointment_id=came.appointment_id, paid=paid))

    async def ask(kpi, **more):
        day = date(2026, 11, 3)
        query = AskReport.model_validate({"kpi": kpi, "from_date": day, "to_date": day, **more})
        return (await clinic.tell(query)).totals

    assert await ask("no-show") == {"booked": 2, "fulfilled": 1, "noshow": 1, "rate": 0.5, "lost": 1_000_000}
    assert (await ask("no-show", to_date=date(2026, 11, 4)))["booked"] == 3
    assert await ask("sources") == {"booked": 2}
    assert await ask("revenue") == {
        "visits": 1, "paid": 900_000, "average": 900_000, "charged": 1_000_000, "discounts": 0,
    }  # fmt: skip
    assert await ask("load") == {
        "booked": 30,
        "offered": 540,
        "overbooked": 0,
        "load": pytest.approx(30 / 540),
    }
    elsewhere = a_branch()
    await clinic.put(elsewhere)
    assert (await ask("no-show", branch_id=elsewhere.branch_id))["booked"] == 0


async def test_the_directory_is_described_with_versions(clinic: Clinic):
    await clinic.put(clinic.branch)
    described = await clinic.tell(DescribeDirectory(), clinic.staff(actor="anonymous"))
    assert described.branches == [clinic.branch]
    assert described.services == [clinic.service]
    assert described.practitioners == [clinic.practitioner]
    assert described.versions[str(clinic.branch.branch_id)] == 2
    assert described.versions[clinic.caller.network_id] == 1


async def test_a_network_is_opened_once_and_in_its_own_name(clinic: Clinic):
    with pytest.raises(UnknownThing) as unknown:
        await clinic.tell(DescribeDirectory(), caller("nobody"))
    assert unknown.value.refusal == "unknown-network"
    network = Network(
        network_id=clinic.caller.network_id,
        name="N",
        country="KZ",
        locales=["ru"],
        currency="KZT",
        preset="kz",
    )
    with pytest.raises(Refused) as twice:
        await clinic.tell(OpenNetwork(network=network))
    assert twice.value.refusal == "network-exists"
    with pytest.raises(NotAllowed):
        await clinic.tell(OpenNetwork(network=network.model_copy(update={"network_id": "other"})))
    with pytest.raises(NotAllowed):
        await clinic.tell(OpenNetwork(network=network), clinic.staff("manager"))

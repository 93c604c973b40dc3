"""Freed slots go to those who wait: one offer at a time, on a held slot, and one acceptance."""

import asyncio
from datetime import date, time, timedelta

import pytest

from booking.handlers import Parts
from booking.operations import changing
from booking.operations.waitlist.offering import PAGE
from booking.workers import expire_holds, pass_on_offers
from common.contracts.booking import (
    AbsenceRange,
    AcceptOffer,
    CancelAppointment,
    DeclineOffer,
    EndAbsence,
    HoldSlot,
    JoinWaitlist,
    LeaveWaitlist,
    ListWaitlist,
    PutAbsence,
    ReleaseHold,
    RescheduleAppointment,
    WaitlistOfferEnded,
)
from common.contracts.directory import WorkingHours
from common.errors import CommandReused, Refused
from common.ids import new_id

from .clinic import (
    CLOSES,
    OPENS,
    WEEK,
    Clinic,
    a_branch,
    a_practitioner,
    almaty,
    code_of,
    free,
    open_clinic,
    refused,
)

TEN = almaty(3, 10)
HOUR = timedelta(hours=1)


def joining(clinic: Clinic, **changes) -> JoinWaitlist:
    values = {
        "entry_id": new_id(),
        "patient_id": new_id(),
        "service_id": clinic.service.service_id,
        "from_date": date(2026, 11, 2),
        "to_date": date(2026, 11, 6),
        **changes,
    }
    return JoinWaitlist.model_validate(values)


async def join(clinic: Clinic, **changes):
    return await clinic.tell(joining(clinic, **changes))


async def entries(clinic: Clinic, **query):
    return {one.entry_id: one for one in (await clinic.tell(ListWaitlist(open=False, **query))).entries}


async def told(clinic: Clinic):
    rows = await clinic.rows("SELECT subject FROM outbox WHERE subject LIKE '%.waitlist.%' ORDER BY seq")
    return [row.subject.split(".")[3] for row in rows]


async def ended(clinic: Clinic):
    rows = await clinic.rows(
        "SELECT convert_from(body, 'UTF8') AS body FROM outbox WHERE subject = :subject ORDER BY seq",
        subject=WaitlistOfferEnded.subject,
    )
    return [WaitlistOfferEnded.model_validate_json(row.body) for row in rows]


async def freed(clinic: Clinic, starts_at=TEN):
    """A slot that somebody gives back."""
    record = await clinic.book(starts_at)
    await clinic.tell(CancelAppointment(appointment_id=record.appointment.appointment_id))


async def settle(clinic: Clinic, now):
    """Both loops, as often as they find anything."""
    clinic.put_clock(now)
    loops = [pass_on_offers(clinic.parts), expire_holds(clinic.parts)]
    while sum([await loop.step() for loop in loops]):
        pass


async def test_a_freed_slot_is_held_for_the_first_who_waits_and_nobody_else_sees_it(clinic: Clinic):
    first, second = await join(clinic), await join(clinic)
    await freed(clinic)
    now = await entries(clinic)
    assert (now[first.entry_id].status, now[second.entry_id].status) == ("offered", "waiting")
    offer = now[first.entry_id].offer
    assert (offer.slot.starts_at, offer.expires_at) == (TEN, clinic.parts.clock.now() + HOUR)
    assert TEN not in await free(clinic)
    assert await code_of(clinic.book(TEN)) == "slot-taken"
    assert await told(clinic) == ["joined", "joined", "offered"]
    booked = await clinic.tell(AcceptOffer(offer_id=offer.offer_id))
    assert (booked.appointment.status, booked.version) == ("booked", 1)
    assert booked.appointment.patient_id == first.patient_id
    assert await clinic.tell(AcceptOffer(offer_id=offer.offer_id)) == booked
    entry = (await entries(clinic))[first.entry_id]
    assert (entry.status, entry.appointment_id, entry.offer) == ("booked", offer.offer_id, None)
    assert (await told(clinic))[-1] == "filled"


async def test_an_offer_that_runs_out_goes_to_the_next_and_a_late_yes_is_too_late(clinic: Clinic):
    first, second, third = await join(clinic), await join(clinic), await join(clinic)
    await freed(clinic)
    late = (await entries(clinic))[first.entry_id].offer
    clinic.put_clock(late.expires_at)
    refusal = await refused(clinic.tell(AcceptOffer(offer_id=late.offer_id)))
    assert refusal.refusal == "offer-over"
    assert len(refusal.extra["alternatives"]) >= 3
    await settle(clinic, late.expires_at)
    now = await entries(clinic)
    assert [now[one.entry_id].status for one in (first, second, third)] == ["waiting", "offered", "waiting"]
    assert await code_of(clinic.tell(AcceptOffer(offer_id=late.offer_id))) == "offer-over"
    next_offer = now[second.entry_id].offer
    assert next_offer.slot == late.slot
    await clinic.tell(AcceptOffer(offer_id=next_offer.offer_id))
    await settle(clinic, late.expires_at + 3 * HOUR)
    assert (await entries(clinic))[third.entry_id].status == "waiting"
    rows = await clinic.rows("SELECT count(*) AS n FROM appointments WHERE status = 'booked'")
    assert rows[0].n == 1


async def test_an_offer_that_runs_out_does_not_creep_through_the_day(parts: Parts):
    clinic = await open_clinic(parts, buffer_after=15)
    only = await join(clinic)
    await freed(clinic)
    first = (await entries(clinic))[only.entry_id].offer
    assert first.slot.starts_at == TEN
    await settle(clinic, first.expires_at)
    assert (await entries(clinic))[only.entry_id].status == "waiting"
    assert TEN in await free(clinic)
    await freed(clinic, TEN + HOUR)
    assert (await entries(clinic))[only.entry_id].offer.slot.starts_at == TEN + HOUR


async def test_a_hold_that_nobody_took_up_goes_to_who_waits(clinic: Clinic):
    order = clinic.booking(TEN)
    held = HoldSlot(
        **order.model_dump(include=set(HoldSlot.model_fields) - {"command_id", "source"}), minutes=5
    )
    await clinic.tell(held)
    waiting = await join(clinic)
    await settle(clinic, clinic.parts.clock.now() + timedelta(minutes=5))
    assert (await entries(clinic))[waiting.entry_id].offer.slot.starts_at == TEN


async def test_a_hold_that_is_given_back_goes_to_who_waits(clinic: Clinic):
    order = clinic.booking(TEN)
    await clinic.tell(
        HoldSlot(**order.model_dump(include=set(HoldSlot.model_fields) - {"command_id", "source"}), minutes=5)
    )
    waiting = await join(clinic)
    await clinic.tell(ReleaseHold(appointment_id=order.appointment_id))
    assert (await entries(clinic))[waiting.entry_id].status == "offered"


async def test_what_a_displaced_patient_did_not_choose_goes_to_who_waits(clinic: Clinic):
    await clinic.book(TEN)
    away = AbsenceRange(
        practitioner_id=clinic.practitioner.practitioner_id, starts_at=TEN, ends_at=TEN + HOUR
    )
    saved = await clinic.tell(PutAbsence(absence_id=new_id(), range=away, otherwise="message"))
    [displaced] = saved.displacements
    held = {one.slot.starts_at for one in displaced.offers}
    waiting = await join(clinic)
    chosen = displaced.offers[0].slot.starts_at
    await clinic.tell(
        RescheduleAppointment(appointment_id=displaced.record.appointment.appointment_id, starts_at=chosen)
    )
    offered = (await entries(clinic))[waiting.entry_id].offer.slot.starts_at
    assert offered in held - {chosen}


async def test_who_declines_is_offered_another_slot_and_never_the_same_again(clinic: Clinic):
    only = await join(clinic)
    await freed(clinic)
    offer = (await entries(clinic))[only.entry_id].offer
    declined = await clinic.tell(DeclineOffer(offer_id=offer.offer_id))
    assert (declined.status, declined.offer) == ("waiting", None)
    assert TEN in await free(clinic)
    await freed(clinic)
    assert (await entries(clinic))[only.entry_id].status == "waiting"
    await freed(clinic, TEN + HOUR)
    assert (await entries(clinic))[only.entry_id].offer.slot.starts_at == TEN + HOUR
    assert [one.why for one in await ended(clinic)] == ["declined"]


async def test_only_what_somebody_waits_for_is_offered(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    await join(clinic, practitioner_id=colleague.practitioner_id)
    await join(clinic, from_date=date(2026, 11, 4))
    await join(clinic, to_date=date(2026, 11, 2))
    await join(clinic, from_time=time(10, 30))
    await join(clinic, to_time=time(10))
    busy = (await clinic.book(TEN, practitioner_id=colleague.practitioner_id)).appointment.patient_id
    await join(clinic, patient_id=busy)
    await freed(clinic)
    assert {one.status for one in (await entries(clinic)).values()} == {"waiting"}
    exact = await join(clinic, from_time=time(10), to_time=time(10, 1))
    named = await join(clinic, practitioner_id=clinic.practitioner.practitioner_id)
    await freed(clinic)
    now = await entries(clinic)
    assert (now[exact.entry_id].status, now[named.entry_id].status) == ("waiting", "offered")


async def works_elsewhere_too(clinic: Clinic):
    """The clinic's practitioner, on Sundays at another branch, where others wait for them."""
    other = a_branch(name="Абай")
    await clinic.put(other)
    hours = [
        WorkingHours(branch_id=where.branch_id, weekday=day, starts=OPENS, ends=CLOSES)
        for day in WEEK
        for where in [other if day == 7 else clinic.branch]
    ]
    await clinic.put(clinic.practitioner.model_copy(update={"working_hours": hours}))
    return other.branch_id


@pytest.mark.parametrize("wish", ["another branch", "mornings only", "another day"])
async def test_however_many_wait_for_something_else_the_slot_goes_to_who_waits_for_it(clinic: Clinic, wish):
    elsewhere = await works_elsewhere_too(clinic)
    other = {
        "another branch": {"branch_id": elsewhere, "to_date": date(2026, 11, 8)},
        "mornings only": {"to_time": time(10)},
        "another day": {"from_date": date(2026, 11, 4)},
    }[wish]
    for _ in range(PAGE + 1):
        await join(clinic, **other)
    here = await join(clinic, branch_id=clinic.branch.branch_id, from_time=time(10))
    await freed(clinic)
    now = await entries(clinic)
    assert now[here.entry_id].offer.slot.starts_at == TEN
    assert [one.entry_id for one in now.values() if one.status == "offered"] == [here.entry_id]


async def test_however_many_have_declined_it_the_slot_goes_on_to_the_next(clinic: Clinic):
    waiting = [await join(clinic) for _ in range(PAGE + 2)]
    await freed(clinic)
    for one in waiting[:-1]:
        offer = (await entries(clinic))[one.entry_id].offer
        await clinic.tell(DeclineOffer(offer_id=offer.offer_id))
    assert (await entries(clinic))[waiting[-1].entry_id].offer.slot.starts_at == TEN


async def test_however_many_have_another_visit_then_the_slot_goes_to_who_can_come(clinic: Clinic):
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(colleague)
    busy = (await clinic.book(TEN, practitioner_id=colleague.practitioner_id)).appointment.patient_id
    for _ in range(PAGE + 1):
        await join(
            clinic, patient_id=busy, to_date=date(2026, 11, 3), from_time=time(10), to_time=time(10, 1)
        )
    able = await join(clinic)
    await freed(clinic)
    assert (await entries(clinic))[able.entry_id].offer.slot.starts_at == TEN


async def test_two_slots_that_are_freed_at_once_go_to_two_who_wait(clinic: Clinic):
    first, second = [
        CancelAppointment(appointment_id=(await clinic.book(at)).appointment.appointment_id)
        for at in (TEN, TEN + HOUR)
    ]
    waiting = [await join(clinic) for _ in range(2)]
    acting = clinic.parts.acting(clinic.caller)
    async with clinic.parts.database.transaction(clinic.caller.network_id) as tx:
        await changing.cancel(tx, acting, first)
        await clinic.tell(second)
    now = await entries(clinic)
    assert [now[one.entry_id].offer.slot.starts_at for one in waiting] == [TEN, TEN + HOUR]


async def test_a_move_and_the_end_of_an_absence_free_slots_too(clinic: Clinic):
    record = await clinic.book(TEN)
    one, two, three = [await join(clinic, from_date=date(2026, 11, 3)) for _ in range(3)]
    move = RescheduleAppointment(appointment_id=record.appointment.appointment_id, starts_at=almaty(9, 10))
    await clinic.tell(move)
    assert (await entries(clinic))[one.entry_id].offer.slot.starts_at == TEN
    away = AbsenceRange(
        practitioner_id=clinic.practitioner.practitioner_id, starts_at=almaty(5, 9), ends_at=almaty(5, 18)
    )
    absence = PutAbsence(absence_id=new_id(), range=away)
    await clinic.tell(absence)
    await clinic.tell(EndAbsence(absence_id=absence.absence_id))
    now = await entries(clinic)
    starts = {now[entry.entry_id].offer.slot.starts_at for entry in (two, three)}
    assert starts == {almaty(5, 9), almaty(5, 9, 30)}


def away_all_day(clinic: Clinic) -> PutAbsence:
    away = AbsenceRange(
        practitioner_id=clinic.practitioner.practitioner_id, starts_at=almaty(3, 9), ends_at=almaty(3, 18)
    )
    return PutAbsence(absence_id=new_id(), range=away)


async def test_an_absence_ends_an_offer_in_its_time_at_once_and_the_entry_gets_the_next_slot(clinic: Clinic):
    only = await join(clinic)
    await freed(clinic)
    offer = (await entries(clinic))[only.entry_id].offer
    await clinic.tell(away_all_day(clinic))
    waiting = (await entries(clinic))[only.entry_id]
    assert (waiting.status, waiting.offer) == ("waiting", None)
    [end] = await ended(clinic)
    assert (end.why, end.offer, end.entry) == ("lost", offer, waiting)
    assert await code_of(clinic.tell(AcceptOffer(offer_id=offer.offer_id))) == "offer-over"
    assert await code_of(clinic.tell(DeclineOffer(offer_id=offer.offer_id))) == "offer-over"
    await freed(clinic, almaty(4, 10))
    assert (await entries(clinic))[only.entry_id].offer.slot.starts_at == almaty(4, 10)


async def test_a_slot_that_the_clinic_lost_and_has_again_is_offered_again(clinic: Clinic):
    only = await join(clinic, from_time=time(10), to_time=time(10, 1))
    await freed(clinic)
    lost = (await entries(clinic))[only.entry_id].offer
    absence = away_all_day(clinic)
    await clinic.tell(absence)
    await clinic.tell(EndAbsence(absence_id=absence.absence_id))
    again = (await entries(clinic))[only.entry_id].offer
    assert again.slot == lost.slot
    assert again.offer_id != lost.offer_id


@pytest.mark.parametrize("answer", [AcceptOffer, DeclineOffer])
async def test_who_answers_while_an_absence_is_saved_has_the_slot_or_waits_on(clinic: Clinic, answer):
    for number in range(4):
        await join(clinic)
        await freed(clinic, TEN + number * HOUR)
    offers = [one.offer.offer_id for one in (await entries(clinic)).values()]
    outcomes = await asyncio.gather(
        *(clinic.tell(answer(offer_id=one)) for one in offers[:2]),
        clinic.tell(away_all_day(clinic)),
        *(clinic.tell(answer(offer_id=one)) for one in offers[2:]),
        return_exceptions=True,
    )
    assert [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Refused)] == []
    assert {one.status for one in (await entries(clinic)).values()} <= {"waiting", "booked"}


async def test_what_is_held_for_somebody_who_waits_is_given_back_or_booked_by_nobody_else(clinic: Clinic):
    only = await join(clinic)
    await freed(clinic)
    offer = (await entries(clinic))[only.entry_id].offer
    past_the_offer = clinic.booking(TEN, appointment_id=offer.offer_id, patient_id=only.patient_id)
    with pytest.raises(CommandReused):
        await clinic.tell(past_the_offer)
    assert await code_of(clinic.tell(ReleaseHold(appointment_id=offer.offer_id))) == "unknown-hold"
    assert (await clinic.tell(AcceptOffer(offer_id=offer.offer_id))).appointment.status == "booked"


@pytest.mark.parametrize(("said", "kept"), [("whatsapp", "whatsapp"), ("site", "site"), (None, "desk")])
async def test_an_accepted_offer_came_by_the_channel_of_the_yes(clinic: Clinic, said, kept):
    only = await join(clinic)
    await freed(clinic)
    offer = (await entries(clinic))[only.entry_id].offer
    booked = await clinic.tell(AcceptOffer(offer_id=offer.offer_id, source=said))
    assert booked.appointment.source == kept


async def test_who_leaves_passes_the_offer_on_and_whose_days_are_over_waits_no_longer(clinic: Clinic):
    first, second = await join(clinic), await join(clinic)
    await freed(clinic)
    leave = LeaveWaitlist(entry_id=first.entry_id)
    assert (await clinic.tell(leave)).status == "left"
    assert (await clinic.tell(leave.model_copy(update={"command_id": new_id()}))).status == "left"
    assert (await entries(clinic))[second.entry_id].status == "offered"
    await settle(clinic, almaty(7, 5))
    assert (await entries(clinic))[second.entry_id].status == "over"
    assert (await clinic.tell(ListWaitlist())).entries == []
    assert await pass_on_offers(clinic.parts).outlook() == (None, 0)
    versions = await clinic.rows(
        "SELECT w.version, count(*) AS told FROM waitlist w JOIN outbox o ON o.subject LIKE '%.waitlist.%'"
        " AND convert_from(o.body, 'UTF8')::jsonb #>> '{entry,entry_id}' = w.entry_id::text"
        " GROUP BY w.entry_id, w.version"
    )
    assert all(row.version == row.told for row in versions)


async def test_a_wish_that_cannot_come_true_is_refused(clinic: Clinic):
    for wrong, code in (
        ({"from_date": date(2026, 11, 7)}, "waitlist-window"),
        ({"from_date": date(2026, 11, 1), "to_date": date(2026, 11, 1)}, "waitlist-window"),
        ({"from_time": time(12), "to_time": time(11)}, "waitlist-window"),
        ({"service_id": new_id()}, "unknown-service"),
        ({"branch_id": new_id()}, "unknown-branch"),
        ({"practitioner_id": new_id()}, "unknown-practitioner"),
    ):
        assert await code_of(join(clinic, **wrong)) == code
    order = joining(clinic)
    await clinic.tell(order)
    with pytest.raises(CommandReused):
        await clinic.tell(order.model_copy(update={"command_id": new_id()}))
    for unknown in (AcceptOffer(offer_id=new_id()), DeclineOffer(offer_id=new_id())):
        assert await code_of(clinic.tell(unknown)) == "unknown-offer"


async def test_a_patient_answers_their_own_offer_only(clinic: Clinic):
    mine = await join(clinic)
    await freed(clinic)
    offer = (await entries(clinic))[mine.entry_id].offer
    accept = AcceptOffer(offer_id=offer.offer_id)
    assert await code_of(clinic.tell(accept, clinic.patient(new_id()))) == "not-allowed"
    booked = await clinic.tell(accept, clinic.patient(mine.patient_id))
    assert booked.appointment.patient_id == mine.patient_id


async def test_many_cancellations_acceptances_and_expiries_at_once_never_accept_twice(clinic: Clinic):
    for _ in range(12):
        await join(clinic)
    records = [await clinic.book(TEN + timedelta(minutes=30 * number)) for number in range(4)]
    await asyncio.gather(
        *(clinic.tell(CancelAppointment(appointment_id=one.appointment.appointment_id)) for one in records)
    )
    for _ in range(3):
        open_offers = [one.offer for one in (await entries(clinic)).values() if one.offer]
        assert len({(one.slot.starts_at, one.slot.practitioner_id) for one in open_offers}) == len(
            open_offers
        )
        clinic.put_clock(clinic.parts.clock.now() + HOUR / 2)
        answers = [
            clinic.tell(kind(offer_id=one.offer_id))
            for number, one in enumerate(open_offers)
            for kind in (
                (AcceptOffer, DeclineOffer, AcceptOffer) if number % 2 else (DeclineOffer, DeclineOffer)
            )
        ]
        public = [clinic.book(TEN + timedelta(minutes=30 * number)) for number in range(4)]
        outcomes = await asyncio.gather(*answers, *public, return_exceptions=True)
        assert [
            one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Refused)
        ] == []
    await settle(clinic, clinic.parts.clock.now() + HOUR)
    rows = await clinic.rows(
        "SELECT starts_at, count(*) AS n FROM appointments WHERE status IN ('booked', 'held') GROUP BY 1"
    )
    assert all(row.n == 1 for row in rows)
    filled = [one for one in (await entries(clinic)).values() if one.status == "booked"]
    assert len({one.appointment_id for one in filled}) == len(filled)
    lost = await clinic.rows(
        "SELECT 1 FROM waitlist w LEFT JOIN appointments a ON a.appointment_id = w.offer_id"
        " WHERE w.status = 'offered' AND a.status IS DISTINCT FROM 'held'"
        " OR w.status = 'booked' AND a.status IS DISTINCT FROM 'booked'"
    )
    assert lost == []

"""Referrals inside the network: from one practitioner to another, and back."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import workers
from booking.handlers import Parts
from common.contracts.booking import (
    BookAppointment,
    CancelAppointment,
    CompleteAppointment,
    CorrectAppointment,
    CreateReferral,
    DeclineReferral,
    ListReferrals,
    MarkNoShow,
    Referral,
    ReferralWish,
    RescheduleAppointment,
)
from common.contracts.directory import Practitioner, Service
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, a_branch, a_practitioner, a_service, almaty, code_of, refused

TEN = almaty(3, 10)


@dataclass
class House:
    """A therapist at one branch and a cardiologist at another."""

    clinic: Clinic
    cardiologist: Practitioner
    cardiology: Service

    @property
    def therapist_id(self) -> UUID:
        return self.clinic.practitioner.practitioner_id

    async def refer(self, **changes: Any) -> Referral:
        """The therapist sends somebody to cardiology."""
        values = {
            "referral_id": new_id(),
            "patient_id": new_id(),
            "from_practitioner_id": self.therapist_id,
            "wish": ReferralWish(service_kind="cardiology"),
        }
        made: Referral = await self.clinic.tell(CreateReferral.model_validate({**values, **changes}))
        return made

    def booking(self, referral: Referral, starts_at: datetime = TEN, **changes: Any) -> BookAppointment:
        """What the desk books from it."""
        values = {
            "patient_id": referral.patient_id,
            "service_id": self.cardiology.service_id,
            "branch_id": self.cardiologist.working_hours[0].branch_id,
            "practitioner_id": self.cardiologist.practitioner_id,
            "referral_id": referral.referral_id,
        }
        return self.clinic.booking(starts_at, **{**values, **changes})

    async def seen_by(self, practitioner_id: UUID, **query: Any) -> list[tuple[UUID, str]]:
        """What a doctor sees."""
        doctor = self.clinic.staff("doctor", practitioners=[practitioner_id])
        found = await self.clinic.tell(ListReferrals(**query), doctor)
        return [(one.referral_id, one.status) for one in found.referrals]

    async def status(self, referral: Referral) -> str:
        """As it stands."""
        found = await self.clinic.tell(ListReferrals(patient_ids=[referral.patient_id]))
        return next(str(one.status) for one in found.referrals if one.referral_id == referral.referral_id)

    async def told(self) -> list[tuple[str, int]]:
        """The events about referrals, as last words of the subject and version."""
        rows = await self.clinic.rows(
            "SELECT subject, (convert_from(body, 'UTF8')::jsonb->>'version')::int AS version FROM outbox"
            " WHERE subject LIKE '%.referral.%' ORDER BY seq"
        )
        return [(row.subject.split(".")[-2], row.version) for row in rows]


@pytest.fixture
async def house(clinic: Clinic) -> House:
    elsewhere = a_branch(name="Север")
    cardiology = a_service(name={"ru": "Кардиолог"}, kind="cardiology")
    cardiologist = a_practitioner(elsewhere, cardiology, name="Болат Ахметов")
    await clinic.put(elsewhere, cardiology, cardiologist)
    return House(clinic, cardiologist, cardiology)


async def test_a_referral_is_booked_at_another_branch_and_done_with_the_visit(house: House):
    referral = await house.refer()
    assert await house.seen_by(house.therapist_id) == [(referral.referral_id, "open")]
    booked = await house.clinic.tell(house.booking(referral))
    for doctor in (house.therapist_id, house.cardiologist.practitioner_id):
        assert await house.seen_by(doctor) == [(referral.referral_id, "booked")]
    assert await house.seen_by(new_id()) == []
    house.clinic.put_clock(TEN)
    await house.clinic.tell(CompleteAppointment(appointment_id=booked.appointment.appointment_id))
    for doctor in (house.therapist_id, house.cardiologist.practitioner_id):
        assert await house.seen_by(doctor, status="done") == [(referral.referral_id, "done")]
    assert await house.told() == [("created", 1), ("booked", 2), ("done", 3)]


@pytest.mark.parametrize("act", [CancelAppointment, MarkNoShow])
async def test_what_is_cancelled_or_missed_can_be_booked_again(house: House, act: Any):
    referral = await house.refer(valid_days=1)
    first = (await house.clinic.tell(house.booking(referral))).appointment
    house.clinic.put_clock(TEN)
    await house.clinic.tell(act(appointment_id=first.appointment_id))
    assert await house.status(referral) == "open"
    [row] = await house.clinic.rows("SELECT expires_at FROM referrals")
    assert row.expires_at == TEN + timedelta(days=3), "there is time to book again"
    await house.clinic.tell(house.booking(referral, starts_at=almaty(3, 12)))
    assert await house.status(referral) == "booked"
    assert await house.told() == [("created", 1), ("booked", 2), ("reopened", 3), ("booked", 4)]


async def test_a_wrong_no_show_takes_its_referral_back_unless_it_was_booked_again(house: House):
    referral = await house.refer()
    first = (await house.clinic.tell(house.booking(referral))).appointment
    house.clinic.put_clock(TEN)
    correct = CorrectAppointment(appointment_id=first.appointment_id, reason="came late")
    await house.clinic.tell(MarkNoShow(appointment_id=first.appointment_id))
    await house.clinic.tell(correct)
    assert await house.status(referral) == "booked"
    await house.clinic.tell(MarkNoShow(appointment_id=first.appointment_id))
    second = (await house.clinic.tell(house.booking(referral, starts_at=almaty(3, 12)))).appointment
    await house.clinic.tell(correct.model_copy(update={"command_id": new_id()}))
    [row] = await house.clinic.rows("SELECT status, appointment_id FROM referrals")
    assert (row.status, row.appointment_id) == ("booked", second.appointment_id)


async def test_of_many_bookings_from_one_referral_one_succeeds_and_leaves_the_slots_of_the_others_free(
    house: House,
):
    referral = await house.refer()
    orders = [house.booking(referral, starts_at=almaty(3, 9 + number)) for number in range(8)]
    codes = await asyncio.gather(*(_code(house.clinic.tell(order)) for order in orders))
    assert sorted(codes) == ["booked", *["referral-over"] * 7]
    assert len(await house.clinic.rows("SELECT 1 FROM appointments")) == 1
    assert await house.told() == [("created", 1), ("booked", 2)]


async def _code(attempt: Any) -> str:
    try:
        return str((await attempt).appointment.status)
    except Refused as refusal:
        return refusal.refusal


async def test_a_booking_and_a_cancellation_that_race_leave_referral_and_appointment_agreeing(house: House):
    referral = await house.refer()
    first = (await house.clinic.tell(house.booking(referral))).appointment
    await asyncio.gather(
        house.clinic.tell(CancelAppointment(appointment_id=first.appointment_id)),
        *(_code(house.clinic.tell(house.booking(referral, starts_at=almaty(3, 12)))) for _ in range(4)),
    )
    [row] = await house.clinic.rows(
        "SELECT r.status, r.appointment_id, a.status AS visit FROM referrals r JOIN appointments a"
        " USING (network_id, appointment_id)"
    )
    assert (row.status, row.visit) in {("open", "cancelled"), ("booked", "booked")}
    [count] = await house.clinic.rows("SELECT count(*) AS n FROM appointments WHERE status = 'booked'")
    assert count.n == (row.status == "booked")


async def test_the_same_orders_again_answer_the_same(house: House):
    referral_id = new_id()
    create = CreateReferral(
        referral_id=referral_id, patient_id=new_id(), from_practitioner_id=house.therapist_id,
        wish=ReferralWish(service_id=house.cardiology.service_id),
    )  # fmt: skip
    referral = await house.clinic.tell(create)
    assert await house.clinic.tell(create) == referral
    order = house.booking(referral)
    booked = await house.clinic.tell(order)
    assert await house.clinic.tell(order) == booked
    other_command = order.model_copy(update={"command_id": new_id()})
    assert await house.clinic.tell(other_command) == booked
    assert await house.told() == [("created", 1), ("booked", 2)]
    stolen = create.model_copy(update={"command_id": new_id()})
    assert await code_of(house.clinic.tell(stolen)) == "command-reused"


async def test_a_referral_that_could_not_be_booked_stays_open(house: House):
    referral, other = await house.refer(), await house.refer()
    await house.clinic.tell(house.booking(other))
    assert await code_of(house.clinic.tell(house.booking(referral))) == "slot-taken"
    assert await house.status(referral) == "open"


async def test_only_what_it_asks_for_is_booked_from_it(house: House):
    wish = ReferralWish(service_kind="cardiology", practitioner_id=house.cardiologist.practitioner_id)
    referral = await house.refer(wish=wish)
    others: list[dict[str, Any]] = [
        {"patient_id": new_id()},
        {
            "service_id": house.clinic.service.service_id,
            "branch_id": house.clinic.branch.branch_id,
            "practitioner_id": house.therapist_id,
        },
    ]
    for changes in others:
        refusal = await refused(house.clinic.tell(house.booking(referral, **changes)))
        assert refusal.refusal == "referral-does-not-fit"
        assert refusal.extra["wish"]["service_kind"] == "cardiology"
    unknown = house.booking(referral, referral_id=new_id())
    assert await code_of(house.clinic.tell(unknown)) == "unknown-referral"


async def test_what_nobody_does_and_visits_of_others_are_not_referred_from(house: House):
    mine = (await house.clinic.book(almaty(3, 15))).appointment
    for changes, code in (
        ({"wish": ReferralWish(service_kind="astrology")}, "not-offered"),
        (
            {
                "wish": ReferralWish(
                    service_id=house.cardiology.service_id, practitioner_id=house.therapist_id
                )
            },
            "not-offered",
        ),
        ({"wish": ReferralWish(service_id=new_id())}, "unknown-service"),
        ({"from_practitioner_id": new_id()}, "unknown-practitioner"),
        ({"visit_id": new_id()}, "unknown-visit"),
        ({"visit_id": mine.appointment_id}, "unknown-visit"),
    ):
        assert await code_of(house.refer(**changes)) == code, changes
    fine = await house.refer(visit_id=mine.appointment_id, patient_id=mine.patient_id)
    assert fine.visit_id == mine.appointment_id


async def test_doctors_refer_in_their_own_name_and_delegates_not_at_all(house: House):
    create = CreateReferral(
        referral_id=new_id(), patient_id=new_id(), from_practitioner_id=house.therapist_id,
        wish=ReferralWish(service_kind="cardiology"),
    )  # fmt: skip
    for who in (
        house.clinic.staff("doctor", practitioners=[house.cardiologist.practitioner_id]),
        house.clinic.staff("delegate", practitioners=[house.therapist_id]),
        house.clinic.patient(create.patient_id),
    ):
        assert await code_of(house.clinic.tell(create, who)) == "not-allowed"
    therapist = house.clinic.staff("doctor", practitioners=[house.therapist_id])
    referral = await house.clinic.tell(create, therapist)
    decline = DeclineReferral(referral_id=referral.referral_id, reason="wrong-speciality")
    stranger = house.clinic.staff("doctor", practitioners=[house.cardiologist.practitioner_id])
    assert await code_of(house.clinic.tell(decline, stranger)) == "not-allowed"
    declined = await house.clinic.tell(decline, therapist)
    assert (declined.status, declined.declined) == ("declined", "wrong-speciality")


async def test_what_is_declined_or_booked_cannot_be_declined(house: House):
    referral = await house.refer()
    decline = DeclineReferral(referral_id=referral.referral_id, reason="patient-declined", if_version=1)
    await house.clinic.tell(house.booking(referral))
    assert await code_of(house.clinic.tell(decline)) == "version-conflict"
    again = decline.model_copy(update={"if_version": None})
    refusal = await refused(house.clinic.tell(again))
    assert (refusal.refusal, refusal.extra) == ("referral-over", {"status": "booked"})


async def test_a_referral_follows_through_a_move_to_whom_the_visit_is_with_now(house: House):
    colleague = a_practitioner(
        a_branch(branch_id=house.cardiologist.working_hours[0].branch_id), house.cardiology
    )
    await house.clinic.put(colleague)
    referral = await house.refer()
    booked = (await house.clinic.tell(house.booking(referral))).appointment
    await house.clinic.tell(
        RescheduleAppointment(
            appointment_id=booked.appointment_id,
            starts_at=almaty(4, 10),
            practitioner_id=colleague.practitioner_id,
        )
    )
    assert await house.seen_by(colleague.practitioner_id) == [(referral.referral_id, "booked")]
    assert await house.seen_by(house.cardiologist.practitioner_id) == []


async def test_what_nobody_booked_in_its_time_becomes_a_task_once(house: House, parts: Parts):
    urgent, routine = await house.refer(urgency="urgent"), await house.refer()
    booked = await house.refer(urgency="urgent")
    await house.clinic.tell(house.booking(booked))
    house.clinic.put_clock(urgent.expires_at)
    loop = workers.expire_referrals(parts)
    for _ in range(2):
        await loop.step()
    assert [await house.status(one) for one in (urgent, routine, booked)] == ["expired", "open", "booked"]
    tasks = await house.clinic.rows(
        "SELECT convert_from(body, 'UTF8')::jsonb AS body FROM outbox WHERE subject LIKE '%.task.raised.v1'"
    )
    assert [(one.body["patient_id"], one.body["reason"]) for one in tasks] == [
        (str(urgent.patient_id), "referral expired")
    ]
    assert await code_of(house.clinic.tell(house.booking(urgent))) == "referral-over"

"""Reports about what stands in the tables: which rows count, and as what."""

from datetime import date, datetime

from booking.workers import expire_holds, pass_on_offers
from common.contracts.booking import (
    AbsenceRange,
    AskReport,
    BookAppointment,
    CancelAppointment,
    HoldSlot,
    JoinWaitlist,
    PutAbsence,
    ReleaseHold,
    Report,
)
from common.ids import new_id

from .clinic import Clinic, almaty

WEEK = {"from_date": date(2026, 11, 2), "to_date": date(2026, 11, 8)}


async def ask(clinic: Clinic, kpi: str, **days) -> Report:
    """About the week from the 2nd of November."""
    report: Report = await clinic.tell(AskReport.model_validate({"kpi": kpi, **WEEK, **days}))
    return report


async def hold(clinic: Clinic, starts_at: datetime) -> BookAppointment:
    """Keep a time while the patient makes up their mind; returns the order that takes it up."""
    order = clinic.booking(starts_at, source="phone")
    values = order.model_dump(include=set(HoldSlot.model_fields) - {"command_id", "source"})
    await clinic.tell(HoldSlot(**values, minutes=30))
    return order


async def let_run_out(clinic: Clinic, now: datetime) -> None:
    """Whatever is due until then comes to its end."""
    clinic.put_clock(now)
    loops = [pass_on_offers(clinic.parts), expire_holds(clinic.parts)]
    while sum([await loop.step() for loop in loops]):
        pass


async def test_the_sources_sum_to_the_bookings_and_what_was_only_held_is_none(clinic: Clinic):
    for hour in (10, 11):
        await hold(clinic, almaty(3, hour))  # nobody takes these up
    given_back = await hold(clinic, almaty(3, 12))
    await clinic.tell(ReleaseHold(appointment_id=given_back.appointment_id))
    await clinic.tell(await hold(clinic, almaty(3, 13)))
    cancelled = (await clinic.book(almaty(4, 10))).appointment
    service_id = clinic.service.service_id
    await clinic.tell(JoinWaitlist(entry_id=new_id(), patient_id=new_id(), service_id=service_id, **WEEK))
    await clinic.tell(CancelAppointment(appointment_id=cancelled.appointment_id))  # offered, not accepted
    await clinic.book(almaty(5, 10), source="recall")  # displaced: three times are held, none is chosen
    away = AbsenceRange(
        practitioner_id=clinic.practitioner.practitioner_id, starts_at=almaty(5, 9), ends_at=almaty(5, 18)
    )
    await clinic.tell(PutAbsence(absence_id=new_id(), range=away, otherwise="message"))
    held = await clinic.rows("SELECT 1 FROM appointments WHERE status = 'held'")
    assert len(held) == 2 + 1 + 3

    for _ in range(2):
        told = await ask(clinic, "sources")
        assert {row.labels["source"]: row.values["booked"] for row in told.rows} == {
            "phone": 1, "recall": 1, "site": 1,
        }  # fmt: skip
        assert told.totals == {"booked": (await clinic.told()).count(("booked", 1))}
        assert (await ask(clinic, "cancellations")).totals == {"cancelled": 1, "moved": 0, "late": 0}
        await let_run_out(clinic, almaty(9, 9))
    assert await clinic.rows("SELECT 1 FROM appointments WHERE status = 'held'") == []

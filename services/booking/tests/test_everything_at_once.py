"""Whatever is done at once, by whom and in which order: a schedule without overlaps, and a history without gaps."""

import asyncio
import json
import random
from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from booking.handlers import Parts
from booking.workers import expire_holds, pass_on_offers
from common.contracts.booking import (
    AbsenceRange,
    AcceptOffer,
    BookAppointment,
    CancelAppointment,
    ConfirmAppointment,
    DeclineOffer,
    EndAbsence,
    HoldSlot,
    ImportBusyTimes,
    JoinWaitlist,
    ListWaitlist,
    PutAbsence,
    ReleaseHold,
    RescheduleAppointment,
)
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, a_practitioner, a_room, almaty, open_clinic

KINDS = {
    "book": 8, "move": 6, "cancel": 5, "confirm": 2, "hold": 3, "take-up": 3, "release": 1, "overbook": 2,
    "join": 4, "accept": 5, "decline": 2, "absence": 1, "end-absence": 1, "calendar": 1, "sql": 2, "loops": 2,
}  # fmt: skip
STATES = {"23P01", "23505", "40P01"}
"""What raw SQL may be refused with: an overlap, or to have been chosen to break a deadlock."""


class Chaos:
    """Many hands in one clinic."""

    def __init__(self, clinic: Clinic, seed: int) -> None:
        self.clinic = clinic
        self.chance = random.Random(seed)
        self.patients = [new_id() for _ in range(12)]
        self.doctors: list[UUID] = []
        self.appointments: list[UUID] = []
        self.holds: list[HoldSlot] = []
        self.absences: list[UUID] = []
        self.calendars = [new_id() for _ in range(2)]
        self.outcomes: Counter[str] = Counter()

    def at(self):
        return almaty(4, 9) + timedelta(minutes=30 * self.chance.randrange(16))

    def order(self, **more) -> BookAppointment:
        return self.clinic.booking(
            self.at(),
            practitioner_id=self.chance.choice(self.doctors),
            patient_id=self.chance.choice(self.patients),
            **more,
        )

    async def act(self) -> None:
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        try:
            await getattr(self, kind.replace("-", "_"))()
        except Refused as refusal:
            self.outcomes[refusal.refusal] += 1
        else:
            self.outcomes[kind] += 1

    async def book(self, **more) -> None:
        booked = await self.clinic.tell(self.order(**more))
        self.appointments.append(booked.appointment.appointment_id)

    async def overbook(self) -> None:
        await self.book(overbook_reason="acute pain")

    def one(self) -> UUID:
        return self.chance.choice(self.appointments) if self.appointments else new_id()

    async def move(self) -> None:
        doctor = self.chance.choice(self.doctors)
        it = RescheduleAppointment(appointment_id=self.one(), starts_at=self.at(), practitioner_id=doctor)
        await self.clinic.tell(it)

    async def cancel(self) -> None:
        await self.clinic.tell(CancelAppointment(appointment_id=self.one()))

    async def confirm(self) -> None:
        await self.clinic.tell(ConfirmAppointment(appointment_id=self.one()))

    async def hold(self) -> None:
        order = HoldSlot.model_validate(self.order().model_dump(exclude={"command_id"}))
        await self.clinic.tell(order)
        self.holds.append(order)

    async def take_up(self) -> None:
        if self.holds:
            held = self.chance.choice(self.holds)
            await self.clinic.tell(BookAppointment.model_validate(held.model_dump(exclude={"command_id"})))
            self.appointments.append(held.appointment_id)

    async def release(self) -> None:
        if self.holds:
            await self.clinic.tell(ReleaseHold(appointment_id=self.chance.choice(self.holds).appointment_id))

    async def join(self) -> None:
        it = JoinWaitlist(
            entry_id=new_id(),
            patient_id=self.chance.choice(self.patients),
            service_id=self.clinic.service.service_id,
            practitioner_id=self.chance.choice([None, *self.doctors]),
            from_date=date(2026, 11, 3),
            to_date=date(2026, 11, 6),
        )
        await self.clinic.tell(it)

    async def offer(self) -> UUID:
        waiting = (await self.clinic.tell(ListWaitlist())).entries
        offers = [one.offer.offer_id for one in waiting if one.offer]
        return self.chance.choice(offers) if offers else new_id()

    async def accept(self) -> None:
        booked = await self.clinic.tell(AcceptOffer(offer_id=await self.offer()))
        self.appointments.append(booked.appointment.appointment_id)

    async def decline(self) -> None:
        await self.clinic.tell(DeclineOffer(offer_id=await self.offer()))

    async def absence(self) -> None:
        start = self.at()
        away = AbsenceRange(
            practitioner_id=self.chance.choice(self.doctors),
            starts_at=start,
            ends_at=start + timedelta(minutes=self.chance.choice((30, 45, 90))),
        )
        saved = await self.clinic.tell(PutAbsence(absence_id=new_id(), range=away, otherwise="message"))
        self.absences.append(saved.absence_id)

    async def end_absence(self) -> None:
        if self.absences:
            await self.clinic.tell(EndAbsence(absence_id=self.chance.choice(self.absences)))

    async def calendar(self) -> None:
        start = self.at()
        busy = {"resourceType": "Slot", "status": "busy", "start": start.isoformat()}
        end = start + timedelta(minutes=self.chance.choice((30, 90)))
        it = ImportBusyTimes(
            calendar_id=self.chance.choice(self.calendars),
            practitioner_id=self.chance.choice(self.doctors),
            calendar=json.dumps({**busy, "end": end.isoformat()}),
        )
        await self.clinic.tell(it)

    async def sql(self) -> None:
        """Somebody who goes past every rule, and may only be stopped by the database."""
        change = (
            "UPDATE appointments SET starts_at = :at, ends_at = :at + interval '30 minutes',"
            " visit = tstzrange(:at, :at + interval '30 minutes'), busy = tstzrange(:at, :at + interval '30 minutes')"
            " WHERE appointment_id = :id AND status IN ('booked', 'confirmed')"
        )
        change = change.replace(":at", "CAST(:at AS timestamptz)")
        try:
            async with self.clinic.parts.database.transaction(self.clinic.caller.network_id) as tx:
                await tx.execute(sa.text(change), {"at": self.at(), "id": self.one()})
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in STATES:
                raise
            self.outcomes[f"sql {state}"] += 1

    async def loops(self) -> None:
        parts = self.clinic.parts
        parts.clock.put(parts.clock.now() + timedelta(minutes=self.chance.randrange(3)))
        for loop in (pass_on_offers(parts), expire_holds(parts)):
            await loop.step()


async def everything(parts: Parts, *, operations: int, hands: int, seed: int) -> Counter[str]:
    clinic = await open_clinic(parts, room_kind="chair")
    chaos = Chaos(clinic, seed)
    doctors = [clinic.practitioner, *(a_practitioner(clinic.branch, clinic.service) for _ in range(2))]
    chaos.doctors = [one.practitioner_id for one in doctors]
    await clinic.put(*(a_room(clinic.branch, name=str(number)) for number in range(3)), *doctors)

    async def hand() -> None:
        for _ in range(operations // hands):
            await chaos.act()

    await asyncio.gather(*(hand() for _ in range(hands)))
    # What becomes of an act is chance too: one that never came off is tried for longer.
    for _ in range(operations):
        if not chaos.outcomes.keys() >= DONE:
            await chaos.act()
    await no_overlap(clinic)
    await no_gap(clinic)
    await no_offer_without_its_slot(clinic)
    return chaos.outcomes


async def no_overlap(clinic: Clinic) -> None:
    """Nobody is twice in one lane; in whatever lanes, a room has one practitioner and a patient one visit at a time."""
    pairs = await clinic.rows(
        "SELECT a.status, b.status FROM appointments a JOIN appointments b"
        " ON a.appointment_id < b.appointment_id AND ("
        "   a.practitioner_id = b.practitioner_id AND a.busy && b.busy AND a.overlap_lane = b.overlap_lane"
        "   OR a.room_id = b.room_id AND a.busy && b.busy AND a.practitioner_id <> b.practitioner_id"
        "   OR a.patient_id = b.patient_id AND a.visit && b.visit)"
        " WHERE a.status NOT IN ('noshow', 'cancelled', 'displaced')"
        " AND b.status NOT IN ('noshow', 'cancelled', 'displaced')"
    )
    assert pairs == []


async def no_gap(clinic: Clinic) -> None:
    """Each thing was told of in versions 1, 2, 3… up to the one that is stored, and of holds nobody was told."""
    for thing, table, path in (
        ("appointment_id", "appointments", "{appointment,appointment_id}"),
        ("entry_id", "waitlist", "{entry,entry_id}"),
    ):
        rows = await clinic.rows(
            f"SELECT t.version, coalesce(array_agg((o.b ->> 'version')::int ORDER BY o.seq)"
            f" FILTER (WHERE o.seq IS NOT NULL), '{{}}') AS told FROM {table} t LEFT JOIN"
            " (SELECT seq, convert_from(body, 'UTF8')::jsonb AS b FROM outbox"
            "  WHERE subject NOT LIKE '%.task.%') o"
            f" ON o.b #>> '{path}' = t.{thing}::text GROUP BY t.{thing}, t.version"
        )
        assert all(row.told == list(range(1, row.version + 1)) for row in rows)


async def no_offer_without_its_slot(clinic: Clinic) -> None:
    """Each acceptance has its own appointment, each open offer its held slot, and no two are of one time."""
    filled = await clinic.rows("SELECT appointment_id FROM waitlist WHERE status = 'booked'")
    assert len({row.appointment_id for row in filled}) == len(filled)
    without = await clinic.rows(
        "SELECT 1 FROM waitlist w WHERE w.status = 'offered' AND w.due_at > :now AND NOT EXISTS"
        " (SELECT FROM appointments a WHERE a.appointment_id = w.offer_id AND a.status = 'held')",
        now=clinic.parts.clock.now(),
    )
    assert without == []
    twice = await clinic.rows(
        "SELECT 1 FROM waitlist a JOIN waitlist b ON a.entry_id < b.entry_id"
        " AND a.offer -> 'slot' = b.offer -> 'slot' JOIN appointments h ON h.appointment_id = a.offer_id"
        " AND h.status = 'held' JOIN appointments i ON i.appointment_id = b.offer_id AND i.status = 'held'"
    )
    assert twice == []


DONE = {
    "book",
    "move",
    "cancel",
    "hold",
    "take-up",
    "join",
    "accept",
    "absence",
    "calendar",
    "overbook",
    "slot-taken",
}


async def test_hundreds_of_different_acts_at_once_leave_a_sound_schedule(parts: Parts):
    outcomes = await everything(parts, operations=500, hands=10, seed=20261103)
    assert outcomes.keys() >= DONE


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
async def test_ten_thousand_acts_at_once_leave_a_sound_schedule(parts: Parts, seed):
    outcomes = await everything(parts, operations=2000, hands=16, seed=seed)
    assert outcomes.keys() >= DONE

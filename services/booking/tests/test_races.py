"""Many want the same at once, and what the database refuses whoever asks."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from booking.handlers import Parts
from booking.rules.appointment import OCCUPYING
from common.contracts.booking import CancelAppointment, RescheduleAppointment
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, a_practitioner, a_room, almaty, code_of, free, open_clinic

TEN = almaty(3, 10)


async def test_two_hundred_want_one_slot_and_one_gets_it(clinic: Clinic):
    sources = ("site", "phone", "whatsapp", "instagram", "listing")
    attempts = [clinic.book(TEN, source=sources[number % 5]) for number in range(200)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refusals) == 199
    assert {refusal.refusal for refusal in refusals} == {"slot-taken"}
    assert all(len(refusal.extra["alternatives"]) >= 3 for refusal in refusals)
    assert await clinic.told() == [("booked", 1)]


async def test_three_practitioners_compete_for_two_chairs(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    colleagues = [a_practitioner(clinic.branch, clinic.service) for _ in range(5)]
    await clinic.put(a_room(clinic.branch), a_room(clinic.branch, name="2"), *colleagues)
    attempts = [clinic.book(TEN, practitioner_id=one.practitioner_id) for one in colleagues]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    booked = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(booked) == 2
    assert len({record.appointment.room_id for record in booked}) == 2
    assert {outcome.refusal for outcome in outcomes if isinstance(outcome, Refused)} == {"slot-taken"}
    assert TEN not in await free(clinic)


async def test_whoever_overbooks_at_once_never_meets_another_practitioner_in_a_chair(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    doctors = [clinic.practitioner, *(a_practitioner(clinic.branch, clinic.service) for _ in range(3))]
    await clinic.put(*(a_room(clinic.branch, name=str(number)) for number in range(3)), *doctors)
    attempts = [
        clinic.book(TEN, practitioner_id=one.practitioner_id, overbook_reason=reason)
        for reason in (None, "acute pain", "acute pain")
        for one in doctors
    ]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    booked = [one.appointment for one in outcomes if not isinstance(one, BaseException)]
    in_chair = {(one.room_id, one.practitioner_id) for one in booked}
    assert len(in_chair) == len({room_id for room_id, _ in in_chair}) == 3
    assert len(booked) > 3
    failures = [one for one in outcomes if isinstance(one, BaseException)]
    assert {getattr(one, "refusal", one) for one in failures} <= {"slot-taken", "overbooked-enough"}


async def test_one_patient_books_everywhere_at_once_and_gets_one_visit(clinic: Clinic):
    colleagues = [a_practitioner(clinic.branch, clinic.service) for _ in range(8)]
    await clinic.put(*colleagues)
    patient = new_id()
    attempts = [
        clinic.book(TEN, practitioner_id=one.practitioner_id, patient_id=patient) for one in colleagues
    ]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(getattr(outcome, "refusal", "booked") for outcome in outcomes) == [
        "booked",
        *["patient-busy"] * 7,
    ]


async def test_hundreds_of_acts_at_once_never_overlap_nor_fail_and_each_tells_once(parts: Parts):
    clinic = await open_clinic(parts, room_kind="chair")
    doctors = [clinic.practitioner, *(a_practitioner(clinic.branch, clinic.service) for _ in range(2))]
    await clinic.put(a_room(clinic.branch), a_room(clinic.branch, name="2"), *doctors)
    chance = random.Random(20261102)
    patients = [new_id() for _ in range(10)]
    known: list[UUID] = []

    async def act() -> str:
        at = almaty(4, 9) + timedelta(minutes=30 * chance.randrange(8))
        doctor = chance.choice(doctors).practitioner_id
        kind = chance.choice(("book", "move", "move", "cancel"))
        try:
            if kind == "book" or not known:
                patient = chance.choice(patients)
                record = await clinic.book(at, practitioner_id=doctor, patient_id=patient)
                known.append(record.appointment.appointment_id)
            elif kind == "move":
                it = chance.choice(known)
                move = RescheduleAppointment(appointment_id=it, starts_at=at, practitioner_id=doctor)
                await clinic.tell(move)
            else:
                await clinic.tell(CancelAppointment(appointment_id=chance.choice(known)))
        except Refused as refusal:
            return refusal.refusal
        return kind

    async def acts() -> list[str]:
        return [await act() for _ in range(20)]

    outcomes = {outcome for each in await asyncio.gather(*(acts() for _ in range(20))) for outcome in each}
    done = {"book", "move", "cancel", "slot-taken", "illegal-transition"}
    assert outcomes - {"patient-busy"} == done, "whether two times of one patient meet is chance"
    assert await overlaps(clinic) == 0
    versions = await clinic.rows(
        "SELECT b->'appointment'->>'appointment_id' AS id,"
        " array_agg(CAST(b->>'version' AS int) ORDER BY seq) AS told, max(a.version) AS stored"
        " FROM outbox, LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS x (b), appointments a"
        " WHERE subject LIKE '%.appointment.%'"
        " AND a.appointment_id = CAST(b->'appointment'->>'appointment_id' AS uuid) GROUP BY 1"
    )
    assert len(versions) == len(known)
    assert all(row.told == list(range(1, row.stored + 1)) for row in versions)


async def overlaps(clinic: Clinic) -> int:
    """Pairs of appointments that have a practitioner, a room or a patient at the same time."""
    [row] = await clinic.rows(
        "SELECT count(*) AS number FROM appointments a JOIN appointments b ON a.appointment_id < b.appointment_id"
        " AND ((a.practitioner_id = b.practitioner_id OR a.room_id = b.room_id) AND a.busy && b.busy"
        "      OR a.patient_id = b.patient_id AND a.visit && b.visit)"
        f" WHERE a.status IN {OCCUPYING} AND b.status IN {OCCUPYING}"
    )
    return int(row.number)


@pytest.mark.parametrize(
    ("constraint", "shared"),
    [
        ("practitioner_once", ("practitioner_id",)),
        ("room_once", ("room_id",)),
        ("patient_once", ("patient_id",)),
    ],
)
async def test_the_database_refuses_an_overlap_put_in_by_hand(clinic: Clinic, constraint, shared):
    await clinic.put(a_room(clinic.branch))
    await clinic.book(TEN)
    await clinic.rows("UPDATE appointments SET room_id = :room RETURNING 1", room=new_id())
    columns = {"practitioner_id": ":fresh1", "room_id": ":fresh2", "patient_id": ":fresh3"}
    values = {name: name if name in shared else value for name, value in columns.items()}
    fresh = {value[1:]: new_id() for value in values.values() if value.startswith(":")}
    copy = (
        "INSERT INTO appointments (network_id, appointment_id, version, status, practitioner_id, room_id,"
        " patient_id, branch_id, service_id, starts_at, ends_at, buffer_before, buffer_after, visit, busy,"
        " overlap_lane, overbook_reason, source, utm, sequence, moves, path, created_at, currency)"
        f" SELECT network_id, :id, 1, :status, {values['practitioner_id']}, {values['room_id']},"
        f" {values['patient_id']}, branch_id, service_id, starts_at, ends_at, 0, 0, visit, busy,"
        " CAST(:lane AS int), :reason, source, utm, 0, 0, path, created_at, currency FROM appointments LIMIT 1"
    )

    async def insert(status: str, lane: int = 0, reason: str | None = None) -> None:
        async with clinic.parts.database.transaction(clinic.caller.network_id) as tx:
            await tx.execute(
                sa.text(copy), {"id": new_id(), "status": status, "lane": lane, "reason": reason, **fresh}
            )

    with pytest.raises(IntegrityError, match=constraint):
        await insert("booked")
    await insert("cancelled")
    with pytest.raises(IntegrityError, match="overbooking_says_why"):
        await insert("booked", lane=1)
    on_purpose = insert("booked", lane=1, reason="asked for by the head doctor")
    if constraint == "practitioner_once":
        await on_purpose
    else:  # no patient is in two places, and no room has two practitioners, on purpose
        with pytest.raises(IntegrityError, match=constraint):
            await on_purpose


async def test_one_network_never_sees_nor_blocks_another(clinic: Clinic, parts: Parts):
    other = await open_clinic(parts)
    booked = await clinic.book(TEN)
    mine = booked.appointment
    stranger = other.tell(CancelAppointment(appointment_id=mine.appointment_id))
    assert await code_of(stranger) == "unknown-appointment"
    assert await other.rows("SELECT 1 FROM appointments") == []
    await other.put(
        clinic.branch, clinic.service, clinic.practitioner
    )  # the same ids, which nobody but an attacker would use
    await other.book(
        TEN, patient_id=mine.patient_id, service_id=mine.service_id, branch_id=mine.branch_id,
        practitioner_id=mine.practitioner_id,
    )  # fmt: skip

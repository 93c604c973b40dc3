"""The signed statement that nothing is in two places at a time."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from booking import prove
from booking.handlers import Parts
from booking.rules import proof as rules
from common.testing import Keys

from .clinic import Clinic, a_room, almaty, open_clinic

TEN = almaty(3, 10)


async def test_a_kept_schedule_is_stated_signed_and_verified_offline(
    clinic: Clinic, parts: Parts, keys: Keys
):
    await clinic.book(TEN)
    await clinic.book(almaty(3, 11))
    claimed, signed = await prove.prove(parts.database, keys.private["booking"])
    found = claimed["networks"][clinic.caller.network_id]
    assert (claimed["holds"], found["appointments"], claimed["constraints_missing"]) == (True, 2, [])
    assert rules.read(signed, keys.public["booking"]) == claimed


async def test_the_digest_tells_one_schedule_from_another(clinic: Clinic, parts: Parts, keys: Keys):
    digests = []
    for hour in (10, 11):
        await clinic.book(almaty(3, hour))
        claimed, _ = await prove.prove(parts.database, keys.private["booking"])
        digests.append(claimed["networks"][clinic.caller.network_id]["digest"])
    assert digests[0] != digests[1]


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Whoever may change the tables, which no service may."""
    connection = await asyncpg.connect(owner_url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


async def attack(clinic: Clinic, **changes: str) -> None:
    """Beside the only appointment, another one of somebody else that nothing but a constraint forbids."""
    changed = {"appointment_id": "gen_random_uuid()", "patient_id": "gen_random_uuid()", **changes}
    values = ", ".join(f"'{column}', {value}" for column, value in changed.items())
    await clinic.rows(
        f"INSERT INTO appointments SELECT (jsonb_populate_record(a, jsonb_build_object({values}))).*"
        " FROM appointments a WHERE a.overlap_lane = 0 RETURNING appointment_id"
    )


async def test_buffers_that_overlap_are_found_once_the_constraint_is_gone(
    parts: Parts, keys: Keys, owner: asyncpg.Connection
):
    clinic = await open_clinic(parts, buffer_after=15)
    await clinic.book(TEN)
    await owner.execute("ALTER TABLE appointments DROP CONSTRAINT practitioner_once")
    begins, ends = "a.ends_at + interval '5 minutes'", "a.ends_at + interval '35 minutes'"
    await attack(
        clinic, starts_at=begins, ends_at=ends, visit=f"tstzrange({begins}, {ends})",
        busy=f"tstzrange({begins}, {ends} + interval '15 minutes')",
    )  # fmt: skip
    claimed, signed = await prove.prove(parts.database, keys.private["booking"])
    assert (claimed["holds"], claimed["overlaps"]) == (False, 1)
    assert claimed["constraints_missing"] == ["practitioner_once"]
    assert len(claimed["networks"][clinic.caller.network_id]["overlaps"]["practitioner"]) == 1
    assert rules.read(signed, keys.public["booking"])["holds"] is False


TAKING = "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled', 'blocked')"


@pytest.mark.parametrize(
    ("name", "weaker"),
    [
        (
            "practitioner_once",
            "practitioner_id WITH =, overlap_lane WITH =, busy WITH &&) WHERE (status IN ('booked', 'confirmed'))",
        ),
        (
            "practitioner_once",
            f"practitioner_id WITH =, overlap_lane WITH =, visit WITH &&) WHERE ({TAKING})",
        ),
        (
            "room_once",
            f"room_id WITH =, overlap_lane WITH =, busy WITH &&) WHERE ({TAKING} AND room_id IS NOT NULL)",
        ),
        ("patient_once", f"patient_id WITH =, branch_id WITH =, visit WITH &&) WHERE ({TAKING})"),
        ("patient_once", f"patient_id WITH =, visit WITH &&) WHERE ({TAKING}) DEFERRABLE"),
    ],
    ids=["fewer statuses", "no buffers", "rooms by lane", "each branch apart", "deferrable"],
)
async def test_a_constraint_of_the_same_name_that_forbids_less_is_no_proof(
    clinic: Clinic, parts: Parts, keys: Keys, owner: asyncpg.Connection, name: str, weaker: str
):
    await clinic.book(TEN)
    await owner.execute(
        f"ALTER TABLE appointments DROP CONSTRAINT {name},"
        f" ADD CONSTRAINT {name} EXCLUDE USING gist (network_id WITH =, {weaker}"
    )
    claimed, _ = await prove.prove(parts.database, keys.private["booking"])
    assert (claimed["holds"], claimed["overlaps"], claimed["constraints_missing"]) == (False, 0, [])
    assert list(claimed["constraints_changed"]) == [name]


async def test_a_room_is_shared_on_purpose_by_visits_of_one_practitioner_and_of_nobody_else(
    parts: Parts, keys: Keys, owner: asyncpg.Connection
):
    clinic = await open_clinic(parts, room_kind="chair")
    await clinic.put(a_room(clinic.branch))
    await clinic.book(TEN)
    await clinic.book(TEN, overbook_reason="acute pain")
    claimed, _ = await prove.prove(parts.database, keys.private["booking"])
    found = claimed["networks"][clinic.caller.network_id]
    assert (claimed["holds"], found["overbooked_on_purpose"]) == (True, 1)

    await owner.execute("ALTER TABLE appointments DROP CONSTRAINT room_once")
    await attack(clinic, practitioner_id="gen_random_uuid()", overlap_lane="7", overbook_reason="'none'")
    claimed, _ = await prove.prove(parts.database, keys.private["booking"])
    overlaps = claimed["networks"][clinic.caller.network_id]["overlaps"]
    assert [thing for thing, those in overlaps.items() if those] == ["room"]


async def test_a_statement_with_a_changed_byte_or_of_another_key_is_refused(
    clinic: Clinic, parts: Parts, keys: Keys
):
    await clinic.book(TEN)
    _, signed = await prove.prove(parts.database, keys.private["booking"])
    header, payload, signature = signed.split(".")
    changed = ("A" if payload[20] != "A" else "B").join((payload[:20], payload[21:]))
    with pytest.raises(rules.ProofBroken):
        rules.read(f"{header}.{changed}.{signature}", keys.public["booking"])
    with pytest.raises(rules.ProofBroken):
        rules.read(signed, keys.public["gateway"])

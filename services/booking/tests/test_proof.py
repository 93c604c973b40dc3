"""The signed statement that nothing is in two places at a time."""

import asyncpg
import pytest

from booking import prove
from booking.handlers import Parts
from booking.rules import proof as rules
from common.testing import Keys

from .clinic import Clinic, almaty, open_clinic

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


async def test_buffers_that_overlap_are_found_once_the_constraint_is_gone(
    parts: Parts, keys: Keys, owner_url: str
):
    clinic = await open_clinic(parts, buffer_after=15)
    await clinic.book(TEN)
    owner = await asyncpg.connect(owner_url.replace("+asyncpg", ""))
    try:
        await owner.execute("ALTER TABLE appointments DROP CONSTRAINT practitioner_once")
        await clinic.rows(
            "INSERT INTO appointments SELECT (jsonb_populate_record(a, jsonb_build_object("
            "'appointment_id', gen_random_uuid(), 'patient_id', gen_random_uuid(),"
            " 'starts_at', a.ends_at + interval '5 minutes', 'ends_at', a.ends_at + interval '35 minutes',"
            " 'visit', tstzrange(a.ends_at + interval '5 minutes', a.ends_at + interval '35 minutes'),"
            " 'busy', tstzrange(a.ends_at + interval '5 minutes', a.ends_at + interval '50 minutes')))).*"
            " FROM appointments a RETURNING appointment_id"
        )
    finally:
        await owner.close()
    claimed, signed = await prove.prove(parts.database, keys.private["booking"])
    assert (claimed["holds"], claimed["overlaps"]) == (False, 1)
    assert claimed["constraints_missing"] == ["practitioner_once"]
    assert len(claimed["networks"][clinic.caller.network_id]["overlaps"]["practitioner"]) == 1
    assert rules.read(signed, keys.public["booking"])["holds"] is False


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

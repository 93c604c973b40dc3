"""Who did what on whom: written before the answer is sent, and whole."""

import asyncio

import asyncpg

from common.database import Database
from common.testing import START, Urls
from gateway import tables
from gateway.operations.audit import AuditLog
from gateway.rules.audit import Entry, first_break

from .conftest import Api
from .owners import Owners


async def test_reads_of_cards_and_writes_are_audited_with_trace_and_ids_and_no_names(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    manager = await api.bearer("manager")
    read = await api.get(f"/api/v1/patients/{booked['patient_id']}/360", headers=manager)
    listed = await api.get("/api/v1/audit", headers=manager)
    entries = listed.json()["entries"]
    assert [(one["action"], one["outcome"]) for one in entries] == [
        ("patients.read", "ok"),
        ("sessions.create", "ok"),
        ("bookings.create", "ok"),
    ]
    assert entries[0]["subjects"] == {"patient_id": booked["patient_id"]}
    assert entries[0]["trace"] == read.headers["x-trace-id"]
    assert entries[0]["actor"].startswith("staff:")
    assert entries[2]["subjects"] == {"patient_id": booked["patient_id"], "appointment_id": booked["id"]}
    assert "Дана" not in listed.text
    assert "7701" not in listed.text


async def test_what_was_refused_is_audited_too(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    await api.get(f"/api/v1/patients/{booked['patient_id']}", headers=await api.bearer("admin"))
    manager = await api.bearer("manager")
    entries = (await api.get("/api/v1/audit", headers=manager)).json()["entries"]
    assert ("patients.read", "not-allowed") in [(one["action"], one["outcome"]) for one in entries]


async def test_the_log_is_paged_and_filtered_by_patient(api: Api, owners: Owners) -> None:
    booked = await api.book(owners)
    manager = await api.bearer("manager")
    for _ in range(3):
        await api.get(f"/api/v1/patients/{booked['patient_id']}", headers=manager)
    of_patient = {"patient_id": booked["patient_id"]}
    assert len((await api.get("/api/v1/audit", params=of_patient, headers=manager)).json()["entries"]) == 4
    first = (await api.get("/api/v1/audit", params={"limit": 2}, headers=manager)).json()
    rest = await api.get("/api/v1/audit", params={"cursor": first["next_cursor"]}, headers=manager)
    numbers = [one["seq"] for one in (*first["entries"], *rest.json()["entries"])]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1


async def test_many_at_once_make_one_chain_without_a_gap(api: Api, owners: Owners) -> None:
    manager = await api.bearer("manager")
    patient = (await api.book(owners))["patient_id"]
    await asyncio.gather(*(api.get(f"/api/v1/patients/{patient}", headers=manager) for _ in range(40)))
    found = (await api.get("/api/v1/audit/integrity", headers=manager)).json()
    assert (found["entries"], found["whole"]) == (42, True)


async def test_two_gateways_lengthen_one_chain_in_turn(database: Database, network_id: str) -> None:
    entry = Entry(network_id, "staff:somebody", "patients.read", START, "ok", "staff")
    one, other = AuditLog(database), AuditLog(database)
    for log in (one, other):
        log.stop()
    for log in (one, one, other, one, one, other, other):
        await log.write(entry)
    await asyncio.gather(*(log.write(entry) for log in (one, other) for _ in range(10)))
    async with database.transaction(network_id) as tx:
        links = await tables.audit_after(tx, network_id, after=0, limit=100)
    assert len(links) == 27
    assert first_break(links) is None


async def test_whoever_changes_a_row_by_other_means_is_found_out(
    api: Api, owners: Owners, urls: Urls, postgres_server: object
) -> None:
    manager = await api.bearer("manager")
    patient = (await api.book(owners))["patient_id"]
    for _ in range(5):
        await api.get(f"/api/v1/patients/{patient}", headers=manager)
    database = urls.owner.rsplit("/", 1)[1]
    admin = await asyncpg.connect(postgres_server.admin_url, database=database)  # type: ignore[attr-defined]  # the plugin's fixture
    try:
        await admin.execute("UPDATE audit SET actor = 'staff:somebody-else' WHERE seq = 4")
        changed = (await api.get("/api/v1/audit/integrity", headers=manager)).json()
        assert (changed["whole"], changed["first_break"]) == (False, 4)
        await admin.execute("DELETE FROM audit WHERE seq = 3")
        missing = (await api.get("/api/v1/audit/integrity", headers=manager)).json()
        assert (missing["whole"], missing["first_break"]) == (False, 4)
    finally:
        await admin.close()

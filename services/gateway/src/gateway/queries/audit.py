"""The audit log, read: newest first, and whether its chain is whole."""

from typing import Any

from common.database import Database
from gateway import tables
from gateway.rules import audit

PAGE = 2000


async def page(
    database: Database, network_id: str, *, before: int | None, limit: int, patient_id: str | None
) -> list[dict[str, Any]]:
    """Newest first; `before` is the last page's lowest number."""
    async with database.transaction(network_id) as tx:
        links = await tables.audit_before(tx, network_id, before=before, limit=limit, patient_id=patient_id)
    return [shown(link) for link in links]


async def integrity(database: Database, network_id: str) -> dict[str, Any]:
    """How many rows were looked at, and the first that was changed or follows a missing one."""
    seq, last, broken = 0, audit.BEGINNING, None
    async with database.transaction(network_id) as tx:
        while broken is None:
            links = await tables.audit_after(tx, network_id, after=seq, limit=PAGE)
            if not links:
                break
            broken = audit.first_break(links, last_seq=seq, last_hash=last)
            seq, last = links[-1].seq, links[-1].hash
    return {"entries": seq, "whole": broken is None, "first_break": broken, "last_hash": last}


def shown(link: audit.Link) -> dict[str, Any]:
    """One entry as it is listed."""
    entry = link.entry
    return {
        "seq": link.seq,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "purpose": entry.purpose,
        "trace": entry.trace,
        "subjects": entry.subjects,
        "hash": link.hash,
    }

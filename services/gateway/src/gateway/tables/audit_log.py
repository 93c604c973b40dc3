"""The chained rows of the audit log."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.encoding import canonical
from common.statements import SCOPE, Statement, Statements
from gateway.rules import audit


async def lock_chain(tx: AsyncConnection, network_id: str) -> tuple[int, str]:
    """The end of a network's chain, which nobody else may lengthen until this transaction ends."""
    await tx.execute(_LOCK_CHAIN, {"network": network_id})
    row = (await tx.execute(_CHAIN_END, {"network": network_id})).one_or_none()
    return (0, audit.BEGINNING) if row is None else (row.seq, row.hash)


async def append_audit(tx: AsyncConnection, links: Sequence[audit.Link]) -> None:
    """Lengthen the chain."""
    await tx.execute(_APPEND_AUDIT, {"rows": _rows(links)})


async def append_at_once(statements: Statements, network_id: str, links: Sequence[audit.Link]) -> bool:
    """The same in one statement that is a transaction of its own; False where the chain ends elsewhere by now."""
    values = {
        "network": network_id,
        "rows": _rows(links),
        "last_seq": links[0].seq - 1,
        "last_hash": links[0].previous,
    }
    try:
        return bool(await statements.rows(_APPEND_AT_ONCE, values))
    except asyncpg.UniqueViolationError:
        return False


def _rows(links: Sequence[audit.Link]) -> str:
    rows = [
        {
            "network_id": link.entry.network_id, "seq": link.seq, "at": link.entry.at.isoformat(),
            "actor": link.entry.actor, "action": link.entry.action, "outcome": link.entry.outcome,
            "purpose": link.entry.purpose, "trace": link.entry.trace, "subjects": link.entry.subjects,
            "previous": link.previous, "hash": link.hash,
        }
        for link in links
    ]  # fmt: skip
    return canonical(rows).decode()


async def audit_before(
    tx: AsyncConnection, network_id: str, *, before: int | None, limit: int, patient_id: str | None
) -> list[audit.Link]:
    """Newest first, below a sequence number."""
    rows = await tx.execute(
        _AUDIT_BEFORE,
        {"network": network_id, "before": before or 2**62, "limit": limit, "patient": patient_id},
    )
    return [_link(row) for row in rows]


async def audit_after(tx: AsyncConnection, network_id: str, *, after: int, limit: int) -> list[audit.Link]:
    """Oldest first, above a sequence number."""
    rows = await tx.execute(_AUDIT_AFTER, {"network": network_id, "after": after, "limit": limit})
    return [_link(row) for row in rows]


def _link(row: Any) -> audit.Link:
    entry = audit.Entry(
        network_id=row.network_id, actor=row.actor, action=row.action, at=row.at, outcome=row.outcome,
        purpose=row.purpose, trace=row.trace, subjects=row.subjects,
    )  # fmt: skip
    return audit.Link(row.seq, entry, row.previous, row.hash)


_LOCK_CHAIN = sa.text("SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(:network))")
_CHAIN_END = sa.text("SELECT seq, hash FROM audit WHERE network_id = :network ORDER BY seq DESC LIMIT 1")
_COLUMNS = "network_id, seq, at, actor, action, outcome, purpose, trace, subjects, previous, hash"
_ENTRIES = (
    "jsonb_to_recordset(CAST(:rows AS jsonb)) AS entry (network_id text, seq bigint, at timestamptz,"
    " actor text, action text, outcome text, purpose text, trace text, subjects jsonb, previous text, hash text)"
)
_APPEND = f"INSERT INTO audit ({_COLUMNS}) SELECT {', '.join(f'entry.{name.strip()}' for name in _COLUMNS.split(','))}"
_APPEND_AUDIT = sa.text(f"{_APPEND} FROM {_ENTRIES}")
_APPEND_AT_ONCE = Statement(
    f"WITH {SCOPE}, turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(network_id))"  # noqa: S608 - words of this module
    f" FROM scope) {_APPEND} FROM scope, turn, {_ENTRIES}"
    " WHERE (SELECT hash FROM audit WHERE network_id = scope.network_id AND seq = :last_seq) = :last_hash"
    " RETURNING seq"
)
_AUDIT_BEFORE = sa.text(
    "SELECT * FROM audit WHERE network_id = :network AND seq < :before"
    " AND (CAST(:patient AS text) IS NULL OR subjects->>'patient_id' = CAST(:patient AS text))"
    " ORDER BY seq DESC LIMIT :limit"
)
_AUDIT_AFTER = sa.text(
    "SELECT * FROM audit WHERE network_id = :network AND seq > :after ORDER BY seq LIMIT :limit"
)

"""Entries of the ledger as rows: written once, and read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.ledger import Account, Entry, Till
from common.contracts.booking import Instalment

_FIELDS = (
    "payment_id", "kind", "amount", "currency", "method", "reason", "reverses", "other_visit_id", "price_change",
    "paid_at", "received_by", "branch_id", "day",
)  # fmt: skip
_OBJECT = ", ".join(f"'{name}', p.{name}" for name in _FIELDS)
ENTRIES = (
    f"(SELECT jsonb_agg(jsonb_build_object({_OBJECT}) ORDER BY p.paid_at, p.payment_id) FROM payments p"  # noqa: S608
    " WHERE p.network_id = a.network_id AND p.appointment_id = a.appointment_id) AS entries"
)
"""The entries of the appointment `a`, as one column that `entry` understands each part of."""


def entry(row: Mapping[str, Any]) -> Entry:
    """One entry, from JSON."""
    return Entry(
        entry_id=UUID(row["payment_id"]),
        kind=row["kind"],
        amount=row["amount"],
        currency=row["currency"],
        method=row["method"],
        reason=row["reason"],
        reverses=None if row["reverses"] is None else UUID(row["reverses"]),
        other_visit_id=None if row["other_visit_id"] is None else UUID(row["other_visit_id"]),
        price_change=row["price_change"],
        till=Till(
            branch_id=UUID(row["branch_id"]),
            day=date.fromisoformat(row["day"]),
            at=datetime.fromisoformat(row["paid_at"]),
            by=row["received_by"],
        ),
    )


async def add(tx: AsyncConnection, network_id: str, appointment_id: UUID, new: Entry) -> None:
    """Write an entry; nothing ever changes one."""
    await tx.execute(
        _ADD,
        {
            "network_id": network_id,
            "appointment_id": appointment_id,
            "payment_id": new.entry_id,
            "kind": new.kind,
            "amount": new.amount,
            "currency": new.currency,
            "method": new.method,
            "reason": new.reason,
            "reverses": new.reverses,
            "other_visit_id": new.other_visit_id,
            "price_change": new.price_change,
            "paid_at": new.till.at,
            "received_by": new.till.by,
            "branch_id": new.till.branch_id,
            "day": new.till.day,
        },
    )


async def accounts(tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID]) -> list[Account]:
    """What the visits of patients cost and what was paid: those that took place or that money was moved for."""
    rows = await tx.execute(_ACCOUNTS, {"network_id": network_id, "patients": list(patient_ids)})
    return [
        Account(
            patient_id=row.patient_id,
            branch_id=row.branch_id,
            status=row.status,
            price=row.price,
            currency=row.currency,
            paid=int(row.paid),
            instalments=tuple(Instalment.model_validate(one) for one in row.instalments),
        )
        for row in rows
    ]


_ADD = sa.text(
    f"INSERT INTO payments (network_id, appointment_id, {', '.join(_FIELDS)})"  # noqa: S608 - names of this module
    f" VALUES (:network_id, :appointment_id, {', '.join(f':{name}' for name in _FIELDS)})"
)
_ACCOUNTS = sa.text("""
    SELECT a.patient_id, a.branch_id, a.status, a.price, a.currency, a.instalments, coalesce(p.paid, 0) AS paid
    FROM appointments a
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS paid FROM payments
        WHERE network_id = a.network_id AND appointment_id = a.appointment_id
    ) p ON true
    WHERE a.network_id = :network_id AND a.patient_id = ANY(:patients)
        AND (a.status = 'fulfilled' OR p.paid IS NOT NULL)
""")

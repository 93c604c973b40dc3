"""Referrals as rows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.referrals import Shown
from common.contracts.booking import Referral, ReferralStatus, ReferralWish

_PLAIN = (
    "referral_id", "version", "status", "patient_id", "from_practitioner_id", "visit_id", "urgency", "reason",
    "created_at", "expires_at", "appointment_id", "declined",
)  # fmt: skip
_WISH = ("service_id", "service_kind", "practitioner_id", "branch_id")


def _values(network_id: str, referral: Referral) -> dict[str, Any]:
    return {
        "network_id": network_id,
        **{name: getattr(referral, name) for name in _PLAIN},
        **{name: getattr(referral.wish, name) for name in _WISH},
        "due_at": referral.expires_at if referral.status == "open" else None,
    }


def _referral(row: sa.Row[Any]) -> Referral:
    return Referral(
        **{name: getattr(row, name) for name in _PLAIN},
        wish=ReferralWish(**{name: getattr(row, name) for name in _WISH}),
    )


async def add(tx: AsyncConnection, network_id: str, referral: Referral) -> bool:
    """Write a new one; False where its id is known."""
    return bool((await tx.execute(_ADD, _values(network_id, referral))).rowcount)


async def change(tx: AsyncConnection, network_id: str, referral: Referral) -> None:
    """Write a changed one."""
    await tx.execute(_CHANGE, _values(network_id, referral))


async def lock(tx: AsyncConnection, network_id: str, referral_id: UUID) -> Referral | None:
    """One, locked until the transaction ends."""
    row = (await tx.execute(_LOCK, {"network_id": network_id, "referral_id": referral_id})).one_or_none()
    return None if row is None else _referral(row)


async def lock_by_appointment(tx: AsyncConnection, network_id: str, appointment_id: UUID) -> Referral | None:
    """The one that an appointment was booked from last, locked."""
    values = {"network_id": network_id, "appointment_id": appointment_id}
    row = (await tx.execute(_LOCK_BY_APPOINTMENT, values)).one_or_none()
    return None if row is None else _referral(row)


async def listed(
    tx: AsyncConnection,
    network_id: str,
    *,
    patient_ids: Sequence[UUID] | None,
    concerning: Sequence[UUID] | None,
    status: ReferralStatus | None,
    limit: int,
) -> list[Shown]:
    """Newest first, with whom their appointments are; `concerning` any of some practitioners."""
    rows = await tx.execute(
        _LISTED,
        {
            "network_id": network_id,
            "patients": None if patient_ids is None else list(patient_ids),
            "concerning": None if concerning is None else list(concerning),
            "status": status,
            "limit": limit,
        },
    )
    return [Shown(_referral(row), row.booked_with) for row in rows]


_ALL = (*_PLAIN, *_WISH)
_COLUMNS = ", ".join(("network_id", *_ALL, "due_at"))
_BOUND = ", ".join(f":{name}" for name in ("network_id", *_ALL, "due_at"))
_SELECT = f"SELECT {', '.join(_ALL)} FROM referrals WHERE network_id = :network_id"  # noqa: S608 - names of this module
_ADD = sa.text(f"INSERT INTO referrals ({_COLUMNS}) VALUES ({_BOUND}) ON CONFLICT DO NOTHING")  # noqa: S608
_CHANGE = sa.text(
    f"UPDATE referrals SET {', '.join(f'{name} = :{name}' for name in (*_ALL, 'due_at'))}, leased_until = NULL"  # noqa: S608
    " WHERE network_id = :network_id AND referral_id = :referral_id"
)
_LOCK = sa.text(f"{_SELECT} AND referral_id = :referral_id FOR UPDATE")
_LOCK_BY_APPOINTMENT = sa.text(f"{_SELECT} AND appointment_id = :appointment_id FOR UPDATE")
_LISTED = sa.text(
    f"SELECT {', '.join(f'r.{name}' for name in _ALL)}, a.practitioner_id AS booked_with"  # noqa: S608
    " FROM referrals r LEFT JOIN appointments a"
    " ON a.network_id = r.network_id AND a.appointment_id = r.appointment_id AND r.status IN ('booked', 'done')"
    " WHERE r.network_id = :network_id"
    " AND (CAST(:patients AS uuid[]) IS NULL OR r.patient_id = ANY(CAST(:patients AS uuid[])))"
    " AND (CAST(:concerning AS uuid[]) IS NULL OR CAST(:concerning AS uuid[])"
    " && ARRAY[r.from_practitioner_id, r.practitioner_id, a.practitioner_id])"
    " AND (CAST(:status AS text) IS NULL OR r.status = CAST(:status AS text))"
    " ORDER BY r.created_at DESC, r.referral_id LIMIT :limit"
)

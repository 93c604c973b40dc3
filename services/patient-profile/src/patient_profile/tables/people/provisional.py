"""People who have no appointment yet: real by the first, else swept with everything that hangs on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


async def make_real(
    tx: AsyncConnection, network_id: str, patient_ids: Iterable[UUID]
) -> Sequence[sa.Row[Any]]:
    """Those of them who were provisional, with their versions."""
    return (await tx.execute(_MAKE_REAL, {"network": network_id, "ids": list(patient_ids)})).all()


async def put_off_sweep(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], sweep_at: datetime
) -> None:
    """Those of them who are provisional have until then."""
    await tx.execute(_PUT_OFF, {"network": network_id, "ids": list(patient_ids), "due_at": sweep_at})


async def due_patients(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], *, now: datetime
) -> list[UUID]:
    """Those of them who are still provisional and due."""
    rows = await tx.execute(_STILL_DUE, {"network": network_id, "ids": list(patient_ids), "now": now})
    return list(rows.scalars())


async def sweep(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], *, now: datetime
) -> list[UUID]:
    """Delete those who are still provisional and due, with everything that hangs on them, keys included."""
    swept = list(
        (await tx.execute(_SWEEP, {"network": network_id, "ids": list(patient_ids), "now": now})).scalars()
    )
    await tx.execute(_DROP_KEYS, {"network": network_id, "ids": swept})
    return swept


_MAKE_REAL = sa.text(
    "UPDATE patients SET provisional = false, due_at = NULL, leased_until = NULL"
    " WHERE network_id = :network AND patient_id = ANY(:ids) AND provisional RETURNING patient_id, version"
)
_PUT_OFF = sa.text(
    "UPDATE patients SET due_at = :due_at, leased_until = NULL"
    " WHERE network_id = :network AND patient_id = ANY(:ids) AND provisional"
)
_STILL_DUE = sa.text(
    "SELECT patient_id FROM patients WHERE network_id = :network AND patient_id = ANY(:ids)"
    " AND provisional AND due_at <= :now"
)
_SWEEP = sa.text(
    "DELETE FROM patients WHERE network_id = :network AND patient_id = ANY(:ids)"
    " AND provisional AND due_at <= :now RETURNING patient_id"
)
_DROP_KEYS = sa.text("DELETE FROM patient_keys WHERE network_id = :network AND patient_id = ANY(:ids)")

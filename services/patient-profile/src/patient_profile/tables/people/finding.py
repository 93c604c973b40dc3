"""Rows of people by id, by phone and by words of the name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.statements import SCOPE, Row, Statement, Statements


async def patients_by_id(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID]
) -> Sequence[sa.Row[Any]]:
    """Rows of `patients` with the wrapped key beside them: one query, whatever the number."""
    return (await tx.execute(_BY_ID, {"network": network_id, "ids": list(patient_ids)})).all()


async def patients_at_once(
    statements: Statements, network_id: str, patient_ids: Sequence[UUID]
) -> Sequence[Row]:
    """The same in one round trip: everybody who writes to patients asks for them."""
    return await statements.rows(_BY_ID_AT_ONCE, {"network": network_id, "ids": list(patient_ids)})


async def patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> sa.Row[Any] | None:
    """One row with its wrapped key."""
    return (await tx.execute(_BY_ID, {"network": network_id, "ids": [patient_id]})).one_or_none()


async def lock_patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> sa.Row[Any] | None:
    """One row with its wrapped key, held until the end of the transaction."""
    return (await tx.execute(_LOCK, {"network": network_id, "id": patient_id})).one_or_none()


async def patients_by_phone(
    tx: AsyncConnection, network_id: str, phone_index: bytes, name_index: bytes | None = None
) -> Sequence[sa.Row[Any]]:
    """Everyone with this phone, or the one who also has this name; provisional patients included."""
    return (
        await tx.execute(_BY_PHONE, {"network": network_id, "phone": phone_index, "name": name_index})
    ).all()


async def patients_by_words(
    tx: AsyncConnection, network_id: str, indexes: Sequence[bytes], *, limit: int
) -> Sequence[sa.Row[Any]]:
    """Everyone real whose name has all of these words."""
    found = await tx.execute(
        _BY_WORDS, {"network": network_id, "words": list(indexes), "count": len(indexes), "limit": limit}
    )
    return found.all()


_COLUMNS = (
    "p.patient_id, p.version, p.provisional, p.card, p.chart, p.created_at, p.due_at, k.wrapped FROM patients p"
    " JOIN patient_keys k ON k.network_id = p.network_id AND k.patient_id = p.patient_id"
)
_BY_ID = sa.text(
    f"SELECT {_COLUMNS} AND k.patient_id = ANY(:ids)"  # both by index: else all keys are hashed
    " WHERE p.network_id = :network AND p.patient_id = ANY(:ids)"
)
# Under OFFSET, the look-up cannot be turned round to come before the scope that it depends on.
_BY_ID_AT_ONCE = Statement(
    f"WITH {SCOPE} SELECT found.* FROM scope, LATERAL (SELECT {_COLUMNS} AND k.patient_id = ANY(:ids)"  # noqa: S608
    " WHERE p.network_id = scope.network_id AND p.patient_id = ANY(:ids) OFFSET 0) AS found"
)
_LOCK = sa.text(f"SELECT {_COLUMNS} WHERE p.network_id = :network AND p.patient_id = :id FOR UPDATE OF p")
_BY_PHONE = sa.text(
    f"SELECT {_COLUMNS} JOIN patient_phones f ON f.network_id = p.network_id AND f.patient_id = p.patient_id"
    " WHERE f.network_id = :network AND f.phone_index = :phone"
    " AND (CAST(:name AS bytea) IS NULL OR f.name_index = CAST(:name AS bytea)) ORDER BY p.patient_id"
)
_BY_WORDS = sa.text(
    f"SELECT {_COLUMNS}"  # noqa: S608 - columns of the line above; values are bound
    " WHERE p.network_id = :network AND NOT p.provisional AND p.patient_id IN"
    " (SELECT w.patient_id FROM patient_words w WHERE w.network_id = :network AND w.word_index = ANY(:words)"
    " GROUP BY w.patient_id HAVING count(*) = :count) ORDER BY p.patient_id LIMIT :limit"
)

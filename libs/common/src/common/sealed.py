"""Personal columns, sealed: AES-GCM under a key per patient, itself wrapped by the service's key.

Dropping a patient's key drops what it sealed, in backups too. Phones are found by a keyed index, which reveals
nothing without the service's key.
"""

import hashlib
import hmac
import os
import unicodedata
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.ext.asyncio import AsyncConnection

from common.encoding import from_text

NONCE_BYTES = 12


def keys_table(metadata: sa.MetaData) -> sa.Table:
    """`patient_keys`: one wrapped key per patient."""
    return sa.Table(
        "patient_keys", metadata,
        sa.Column("network_id", sa.Text, primary_key=True),
        sa.Column("patient_id", UUID_COLUMN, primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )  # fmt: skip


class Seal:
    """One patient's key, unwrapped for the length of a transaction."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, value: Any, *, about: str) -> bytes:
        """Seal a JSON value. `about` names the column, so that values cannot be moved between columns."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(value, default=str), about.encode())

    def open(self, sealed: bytes, *, about: str) -> Any:
        """What was sealed. Raises `InvalidTag` where key, column or bytes are not those it was sealed with."""
        return orjson.loads(self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode()))


class Sealer:
    """Makes, wraps and unwraps patients' keys, and computes keyed indexes."""

    def __init__(self, key: str) -> None:
        secret = from_text(key)
        self._wrapping = AESGCM(hashlib.sha256(b"vinculo wrap" + secret).digest())
        self._indexing = hashlib.sha256(b"vinculo index" + secret).digest()
        self._service = Seal(hashlib.sha256(b"vinculo service" + secret).digest())

    def index(self, network_id: str, value: str) -> bytes:
        """The keyed index of a value (an E.164 phone, a normalised name) inside one network."""
        return hmac.digest(self._indexing, f"{network_id}\0{value}".encode(), "sha256")

    @property
    def service(self) -> Seal:
        """For what belongs to no patient yet (a raw webhook): the service's own seal."""
        return self._service

    async def of(self, tx: AsyncConnection, network_id: str, patient_id: UUID) -> Seal:
        """The patient's seal; made on first use."""
        return (await self.of_many(tx, network_id, [patient_id]))[patient_id]

    async def of_many(
        self, tx: AsyncConnection, network_id: str, patient_ids: list[UUID]
    ) -> dict[UUID, Seal]:
        """Seals of several patients in few round trips; missing keys are made."""
        wanted = list(dict.fromkeys(patient_ids))
        seals = await self.existing(tx, network_id, wanted)
        missing = [patient_id for patient_id in wanted if patient_id not in seals]
        if missing:
            rows = [
                {
                    "network": network_id,
                    "patient_id": patient_id,
                    "wrapped": self._wrap(os.urandom(32), patient_id),
                }
                for patient_id in missing
            ]
            await tx.execute(_MAKE, rows)
            seals |= await self.existing(tx, network_id, missing)  # someone else's key wins a race
        return seals

    def fresh(self, patient_id: UUID) -> tuple[Seal, bytes]:
        """The seal of somebody new and its wrapped form, for a statement that inserts both at once."""
        key = os.urandom(32)
        return Seal(key), self._wrap(key, patient_id)

    def opened(self, wrapped: bytes, patient_id: UUID) -> Seal:
        """The seal whose wrapped form was read beside a patient's row."""
        return Seal(self._unwrap(wrapped, patient_id))

    async def existing(
        self, tx: AsyncConnection, network_id: str, patient_ids: list[UUID]
    ) -> dict[UUID, Seal]:
        """Seals of those patients whose key still exists: an erased patient has none."""
        rows = await tx.execute(_KEYS, {"network": network_id, "ids": patient_ids})
        return {row.patient_id: Seal(self._unwrap(row.wrapped, row.patient_id)) for row in rows}

    async def drop(self, tx: AsyncConnection, network_id: str, patient_id: UUID) -> None:
        """Forget a patient's key: what it sealed can never be read again."""
        await tx.execute(_DROP, {"network": network_id, "patient_id": patient_id})

    def _wrap(self, key: bytes, patient_id: UUID) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, patient_id.bytes)

    def _unwrap(self, wrapped: bytes, patient_id: UUID) -> bytes:
        return self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], patient_id.bytes)


def normalised(name: str) -> str:
    """A name as it is compared: NFKC, case folded, one space between words; Arabic ي and ك as Persian ی and ک."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("ي", "ی").replace("ك", "ک")
    return " ".join(folded.split())


_KEYS = sa.text(
    "SELECT patient_id, wrapped FROM patient_keys WHERE network_id = :network AND patient_id = ANY(:ids)"
)
_MAKE = sa.text(
    "INSERT INTO patient_keys (network_id, patient_id, wrapped) VALUES (:network, :patient_id, :wrapped)"
    " ON CONFLICT DO NOTHING"
)
_DROP = sa.text("DELETE FROM patient_keys WHERE network_id = :network AND patient_id = :patient_id")

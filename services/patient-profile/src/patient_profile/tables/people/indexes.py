"""The keyed indexes people are found by: whole names with phones, and words of names."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Card
from common.sealed import Sealer
from patient_profile.rules.names import compared, words


def name_index(card: Card, network_id: str, sealer: Sealer) -> bytes:
    """The keyed index of a whole name."""
    return sealer.index(network_id, compared(card.full_name))


def word_indexes(name: str, network_id: str, sealer: Sealer) -> list[bytes]:
    """The keyed indexes of a name's words; a word is never mistaken for a whole name or a phone."""
    return [sealer.index(network_id, f"word {word}") for word in words(name)]


async def put_indexes(tx: AsyncConnection, network_id: str, card: Card, sealer: Sealer) -> Sequence[UUID]:
    """Find somebody by their present phones and name only; returns who already has one of these pairs."""
    key = {"network": network_id, "id": card.patient_id}
    await tx.execute(_DROP_PHONES, key)
    await tx.execute(_DROP_WORDS, key)
    phones = sorted(sealer.index(network_id, contact.phone) for contact in card.phones)
    name = name_index(card, network_id, sealer)
    await tx.execute(_ADD_PHONES, {**key, "phones": phones, "name": name})
    await tx.execute(_ADD_WORDS, {**key, "words": word_indexes(card.full_name, network_id, sealer)})
    others = await tx.execute(_OTHERS, {**key, "phones": phones, "name": name})
    return [row.patient_id for row in others]


_DROP_PHONES = sa.text("DELETE FROM patient_phones WHERE network_id = :network AND patient_id = :id")
_DROP_WORDS = sa.text("DELETE FROM patient_words WHERE network_id = :network AND patient_id = :id")
_ADD_PHONES = sa.text(
    "INSERT INTO patient_phones (network_id, phone_index, name_index, patient_id)"
    " SELECT :network, phone, :name, :id FROM unnest(CAST(:phones AS bytea[])) AS phone ON CONFLICT DO NOTHING"
)
_ADD_WORDS = sa.text(
    "INSERT INTO patient_words (network_id, word_index, patient_id)"
    " SELECT :network, word, :id FROM unnest(CAST(:words AS bytea[])) AS word"
)
_OTHERS = sa.text(
    "SELECT DISTINCT patient_id FROM patient_phones WHERE network_id = :network"
    " AND phone_index = ANY(CAST(:phones AS bytea[])) AND name_index = :name AND patient_id <> :id"
)

"""Notes that staff write about a person."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Note
from common.sealed import Seal
from patient_profile.tables.schema import notes

NOTE = "notes.text"


async def add_note(
    tx: AsyncConnection, network_id: str, patient_id: UUID, note_id: UUID, note: Note, seal: Seal
) -> None:
    """Keep a note of staff."""
    await tx.execute(
        sa.insert(notes).values(
            network_id=network_id,
            note_id=note_id,
            patient_id=patient_id,
            written_at=note.at,
            written_by=note.by,
            text=seal.close(note.text, about=NOTE),
        )
    )


async def notes_of(tx: AsyncConnection, network_id: str, patient_id: UUID, seal: Seal) -> list[Note]:
    """Notes, newest first."""
    rows = await tx.execute(_NOTES, {"network": network_id, "id": patient_id})
    return [Note(text=seal.open(row.text, about=NOTE), at=row.written_at, by=row.written_by) for row in rows]


_NOTES = sa.text(
    "SELECT text, written_at, written_by FROM notes WHERE network_id = :network AND patient_id = :id"
    " ORDER BY written_at DESC, note_id DESC"
)

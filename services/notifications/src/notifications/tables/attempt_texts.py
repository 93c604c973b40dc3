"""Rows of attempt_texts: what a channel was told, where its message went out on several.

A message keeps the words it was sent with last; an SMS and a call say the same thing in words of their own.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.tables.schema import attempts, messages, metadata

attempt_texts = sa.Table(
    "attempt_texts", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("attempt_id", UUID_COLUMN, primary_key=True),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(
        ["network_id", "attempt_id"], ["attempts.network_id", "attempts.attempt_id"], ondelete="CASCADE",
        name="text_of_attempt",
    ),
)  # fmt: skip

OF_ATTEMPT = (attempts.c.network_id == attempt_texts.c.network_id) & (
    attempts.c.attempt_id == attempt_texts.c.attempt_id
)
"""Which text is which attempt's."""


async def keep(tx: AsyncConnection, network_id: str, texts: Mapping[UUID, bytes]) -> None:
    """What these attempts say now; one that never got there may say something else the next time."""
    if not texts:
        return
    rows = [
        {"network_id": network_id, "attempt_id": attempt_id, "text": text}
        for attempt_id, text in texts.items()
    ]
    statement = insert(attempt_texts).values(rows)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["network_id", "attempt_id"], set_={"text": statement.excluded.text}
        )
    )


async def keep_earlier(tx: AsyncConnection, network_id: str, message_ids: Sequence[UUID]) -> None:
    """What these messages said so far stays with the attempts that said it, before they take other words."""
    if not message_ids:
        return
    said = (
        sa.select(attempts.c.network_id, attempts.c.attempt_id, messages.c.text)
        .join(
            messages,
            (messages.c.network_id == attempts.c.network_id)
            & (messages.c.message_id == attempts.c.message_id),
        )
        .where(
            attempts.c.network_id == network_id,
            attempts.c.message_id.in_(message_ids),
            attempts.c.outcome.in_(("accepted", "failed", "unknown")),
            messages.c.text.is_not(None),
        )
    )
    statement = insert(attempt_texts).from_select(["network_id", "attempt_id", "text"], said)
    await tx.execute(statement.on_conflict_do_nothing())


async def of_messages(tx: AsyncConnection, network_id: str, message_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """By attempt: the words that are not their message's alone."""
    query = (
        sa.select(attempt_texts.c.attempt_id, attempt_texts.c.text)
        .join(attempts, OF_ATTEMPT)
        .where(attempts.c.network_id == network_id, attempts.c.message_id.in_(message_ids))
    )
    return {row.attempt_id: row.text for row in await tx.execute(query)}


async def forget(tx: AsyncConnection, network_id: str, patient_id: UUID) -> None:
    """Everything that was said to one patient."""
    await tx.execute(
        sa.delete(attempt_texts).where(
            OF_ATTEMPT, attempts.c.network_id == network_id, attempts.c.patient_id == patient_id
        )
    )

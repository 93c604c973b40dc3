"""States that providers tell: matched by our reference or their id, in any order, any number of times."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.channels import Status
from notifications.operations.changes import Changes
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import FORWARD, Attempt


async def apply_statuses(
    tx: AsyncConnection, network_id: str, statuses: Sequence[Status], *, now: datetime
) -> None:
    """Move attempts and their messages forward; what belongs to none of ours is passed over."""
    references = [found for one in statuses if (found := _uuid(one.reference)) is not None]
    named = await attempt_rows.of_references(
        tx, network_id, references, [one.provider_id for one in statuses]
    )
    if not named:
        return
    held = await message_rows.of_ids(tx, network_id, list({one.message_id for one in named}), lock=True)
    tried = await attempt_rows.of_messages(tx, network_id, list(held))
    current = [one for attempts in tried.values() for one in attempts]
    changes = Changes(now)
    for attempt in current:
        furthest = _furthest(attempt, statuses)
        if furthest is not None:
            if attempt.provider_id is None:
                changes.attempt(attempt, provider_id=furthest.provider_id)
            message = held[attempt.message_id]
            if furthest.comes_late:
                message = replace(message, due_at=now)
            held[attempt.message_id] = changes.delivery(message, attempt, furthest.delivery, furthest.reason)
    await changes.write(tx, network_id)


def _furthest(attempt: Attempt, statuses: Sequence[Status]) -> Status | None:
    own = [
        one
        for one in statuses
        if one.reference == str(attempt.attempt_id)
        or (attempt.provider_id is not None and one.provider_id == attempt.provider_id)
    ]
    return max(own, key=lambda one: FORWARD[one.delivery], default=None)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

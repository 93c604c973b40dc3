"""What caps count: messages of one class that went out to a patient, and refusals that came back."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.rules.values import Touch
from notifications.tables import refusals
from notifications.tables.schema import attempts, messages

WENT_OUT = ("sending", "accepted", "delivered", "read", "unknown")
_SENT = messages.c.outcome.in_(WENT_OUT) & attempts.c.outcome.in_(("open", "accepted", "unknown"))
_RANG = (attempts.c.channel == "voice") & sa.or_(
    attempts.c.provider_id.is_not(None), attempts.c.outcome == "unknown"
)
"""A call that was placed is a touch though nobody picked up, or a machine did; and so is one that may have been."""


async def of_patients(
    tx: AsyncConnection, network_id: str, patient_ids: Collection[UUID], *, since: datetime
) -> dict[UUID, tuple[Touch, ...]]:
    """Marketing touches and refusals of several patients; a message on several channels is one touch."""
    if not patient_ids:
        return {}
    found: dict[UUID, list[Touch]] = defaultdict(list)
    sent = (
        sa.select(
            messages.c.patient_id, messages.c.message_id, messages.c.message_class,
            sa.func.max(attempts.c.at).label("at"), sa.func.array_agg(attempts.c.channel).label("channels"),
        )
        .join(
            attempts,
            (attempts.c.network_id == messages.c.network_id) & (attempts.c.message_id == messages.c.message_id),
        )
        .where(
            messages.c.network_id == network_id, messages.c.patient_id.in_(patient_ids),
            messages.c.message_class == "marketing", attempts.c.at > since, sa.or_(_SENT, _RANG),
        )
        .group_by(messages.c.patient_id, messages.c.message_id, messages.c.message_class)
    )  # fmt: skip
    for row in await tx.execute(sent):
        touch = Touch(row.at, row.message_class, frozenset(row.channels), of=row.message_id)
        found[row.patient_id].append(touch)
    for patient_id, at in await refusals.of_patients(tx, network_id, patient_ids, since=since):
        found[patient_id].append(Touch(at, "marketing", frozenset(), refused=True))
    return {patient_id: tuple(touches) for patient_id, touches in found.items()}


async def spent(tx: AsyncConnection, network_id: str, *, since: datetime) -> int:
    """What invitations have cost since then, in minor units, as far as prices were known."""
    cost = (
        sa.select(sa.func.coalesce(sa.func.sum(attempts.c.cost), 0))
        .join(
            messages,
            (attempts.c.network_id == messages.c.network_id) & (attempts.c.message_id == messages.c.message_id),
        )
        .where(
            attempts.c.network_id == network_id, attempts.c.at >= since,
            attempts.c.outcome.in_(("open", "accepted", "unknown")), messages.c.message_class == "marketing",
        )
    )  # fmt: skip
    return int((await tx.execute(cost)).scalar_one())

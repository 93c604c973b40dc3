"""Dialogues that nobody went on with are forgotten; a wish that was left half-way is not."""

from collections.abc import Sequence
from uuid import UUID

from notifications.operations.conversations import handover
from notifications.operations.conversations.keeping import STATE
from notifications.operations.parts import Parts
from notifications.operations.telling import Telling
from notifications.rules.dialogue.values import State
from notifications.tables import conversations


async def forget_idle(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """Drop what these threads remember. Whoever wanted to move a visit and chose no time is called."""
    now = parts.clock.now()
    async with parts.database.transaction(network_id) as tx:
        telling = Telling(now)
        seals = await parts.sealer.existing(tx, network_id, list(ids))
        for thread_id in ids:
            thread = await conversations.thread(tx, network_id, thread_id, lock=True)
            if thread is None or thread.dialogue is None or thread.due_at is None or thread.due_at > now:
                continue
            state = State.model_validate(seals[thread_id].open(thread.dialogue, about=STATE))
            if state.wish == "move" and state.appointment_id is not None and thread.paused_at is None:
                handover.ask_for_call(
                    telling, thread, "asked to move and chose no time", kind="wants-to-move",
                    identity=state.appointment_id, patient_id=state.patient_id, branch_id=state.branch_id, now=now,
                )  # fmt: skip
            await conversations.change(tx, thread, dialogue=None, due_at=None, leased_until=None)
        await telling.write(tx)

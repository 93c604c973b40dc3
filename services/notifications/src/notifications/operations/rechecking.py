"""A batch under way: what was decided, and whether it still holds when a provider's turn comes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from common import telemetry
from notifications.channels import NotReached
from notifications.operations import asking, deciding
from notifications.operations.batch import Batch
from notifications.operations.changes import Sending
from notifications.operations.estimating import limited_costs
from notifications.operations.parts import Parts
from notifications.rules.values import Verdict
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message


def decided(parts: Parts, batch: Batch, message: Message, tried: Sequence[Attempt], now: datetime) -> Verdict:
    """The verdict on one message of the batch, by what owners have said last."""
    assert batch.answers is not None
    costs = limited_costs(parts, message, batch.around, batch.answers, now=now)
    return deciding.verdict(
        message, tried, batch.around, batch.answers, parts.offered(batch.network_id), now=now, costs=costs
    )


async def look_again(parts: Parts, batch: Batch) -> None:
    """At what may have stopped the batch in our own tables since it was read."""
    async with parts.database.reading(batch.network_id) as tx:
        batch.around = await deciding.renewed(tx, batch.around, list(batch.messages.values()))


class AskAgain:
    """Answers of owners older than half a second are asked for again, once for all that still wait."""

    def __init__(self, parts: Parts, batch: Batch, outgoing: Sequence[Sending]) -> None:
        self._parts = parts
        self._batch = batch
        self._decided_upon = batch.answers
        self._waiting = {one.attempt.attempt_id: one.message for one in outgoing}
        self._asking = asyncio.Lock()

    async def still_wanted(self, sending: Sending) -> Verdict | NotReached | None:
        """None to go on; what was decided instead otherwise; `NotReached` where an owner does not answer now."""
        assert self._batch.answers is not None
        if not self._batch.answers.fresh:
            async with self._asking:
                if not self._batch.answers.fresh:
                    try:
                        await self._ask()
                    except Exception as error:  # noqa: BLE001 - not knowing means not sending
                        telemetry.log().info(
                            "not sent: an owner does not answer", error=telemetry.where(error)
                        )
                        return NotReached()
        if self._batch.answers is not self._decided_upon:
            verdict = self._verdict(sending, self._parts.clock.now())
            if verdict.action != "send" or sending.attempt.channel not in verdict.channels:
                return verdict
        self._waiting.pop(sending.attempt.attempt_id, None)
        return None

    def _verdict(self, sending: Sending, now: datetime) -> Verdict:
        """As if this attempt had not been written."""
        tried = self._batch.attempts.get(sending.message.message_id, [])
        others = [one for one in tried if one.attempt_id != sending.attempt.attempt_id]
        return decided(self._parts, self._batch, sending.message, others, now)

    async def _ask(self) -> None:
        """The owners, and our own tables: a brake stops what is in hand too."""
        assert self._batch.answers is not None
        waiting = list({one.message_id: one for one in self._waiting.values()}.values())
        answers = await asking.ask(
            self._parts,
            self._batch.network_id,
            waiting,
            self._batch.questions,
            cards=self._batch.answers.cards,
        )
        await look_again(self._parts, self._batch)
        self._batch.answers = answers

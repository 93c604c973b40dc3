"""A batch under way: what was decided, and whether it still holds when a provider's turn comes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common import telemetry
from notifications.channels import NotReached, Outcome
from notifications.operations import asking, deciding
from notifications.operations.batch import Batch
from notifications.operations.changes import Sending
from notifications.operations.estimating import limited_costs
from notifications.operations.parts import Parts
from notifications.rules.values import Verdict
from notifications.tables import attempts as attempt_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message


def decided(parts: Parts, batch: Batch, message: Message, tried: Sequence[Attempt], now: datetime) -> Verdict:
    """The verdict on one message of the batch, by what owners have said last."""
    assert batch.answers is not None
    costs = limited_costs(parts, message, batch.around, batch.answers, now=now)
    return deciding.verdict(
        message, tried, batch.around, batch.answers, parts.offered(batch.network_id), now=now, costs=costs
    )


async def look_again(parts: Parts, batch: Batch, attempt_ids: Sequence[UUID] = ()) -> set[UUID]:
    """At what may have stopped the batch in our own tables since it was read; returns which attempts are still open."""
    async with parts.database.reading(batch.network_id) as tx:
        batch.around = await deciding.renewed(tx, batch.around, list(batch.messages.values()))
        known = await attempt_rows.of_references(tx, batch.network_id, attempt_ids, []) if attempt_ids else ()
    return {one.attempt_id for one in known if one.outcome == "open"}


class Withheld(Exception):  # noqa: N818 - what was decided instead of a call, not a failure
    """It does not leave after all."""

    def __init__(self, instead: Verdict | NotReached) -> None:
        super().__init__()
        self.instead = instead


class AskAgain:
    """Answers of owners older than half a second are asked for again, once for all that still wait; and our own tables
    with them, for somebody may have taken us for dead, and what we hold in hand for unknown."""

    def __init__(self, parts: Parts, batch: Batch, outgoing: Sequence[Sending]) -> None:
        self._parts = parts
        self._batch = batch
        self._decided_upon = batch.answers
        self._waiting = {one.attempt.attempt_id: one.message for one in outgoing}
        self._open = set(self._waiting)
        self._asking = asyncio.Lock()

    async def hand_over(self, sending: Sending) -> Outcome | Verdict:
        """The call, unless it turns out not to be wanted any more while its connection is waited for."""

        async def leaving() -> None:
            instead = await self.still_wanted(sending)
            if instead is not None:
                raise Withheld(instead)

        try:
            return await self._parts.adapters[sending.attempt.channel].send(sending.letter, leaving)
        except Withheld as withheld:
            return withheld.instead
        finally:
            self._waiting.pop(sending.attempt.attempt_id, None)

    async def still_wanted(self, sending: Sending) -> Verdict | NotReached | None:
        """None to go on; what was decided instead otherwise; `NotReached` where an owner does not answer now, or
        somebody has put an end to the attempt."""
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
        if sending.attempt.attempt_id not in self._open:
            return NotReached()
        if self._batch.answers is not self._decided_upon:
            verdict = self._verdict(sending, self._parts.clock.now())
            if verdict.action != "send" or sending.attempt.channel not in verdict.channels:
                return verdict
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
        self._open = await look_again(self._parts, self._batch, list(self._waiting))
        self._batch.answers = answers

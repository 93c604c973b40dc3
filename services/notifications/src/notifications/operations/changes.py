"""The changes of one transaction to messages and attempts, written in few statements at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import (
    MessageAccepted,
    MessageDelivered,
    MessageFailed,
    MessageSuppressed,
    MessageUnknown,
)
from common.contracts.patient_profile import Channel
from notifications.channels import Accepted, Letter, NotReached, Outcome, Refused, TooMany
from notifications.operations import verdicts
from notifications.operations.budgets import SHORTEST_BUDGET, budget_end
from notifications.operations.parts import Parts
from notifications.operations.telling import Telling, unreachable
from notifications.rules.limits import Limit, growing
from notifications.rules.values import Reason, Verdict
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import FORWARD, Attempt
from notifications.tables.messages import Message

LOOK_UP_AFTER = timedelta(minutes=1)
NEEDS_A_PERSON = frozenset({"no-address", "all-channels-failed", "no-open-window"})
"""What a drop leaves to a person; a fallback that came too late does too."""


@dataclass(frozen=True)
class Sending:
    """One message on its way: its open attempt and its letter."""

    message: Message
    attempt: Attempt
    letter: Letter
    verdict: Verdict


class Changes:
    """The changes of one transaction, written in few statements at its end."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._messages: dict[UUID, tuple[Message, dict[str, Any]]] = {}
        self._attempts: dict[UUID, dict[str, Any]] = {}
        self.telling = Telling(now)

    def message(self, message: Message, **changed: Any) -> None:
        """Change a message; later changes of the same one add to earlier ones."""
        _, known = self._messages.get(message.message_id, (message, {}))
        self._messages[message.message_id] = (message, {**known, **changed, "version": message.version})

    def standing(self, message: Message) -> Message:
        """The message as far as it has been changed here: it may have gone out on several channels at once."""
        if message.message_id not in self._messages:
            return message
        known, changed = self._messages[message.message_id]
        return replace(
            known,
            outcome=changed.get("outcome", message.outcome),
            due_at=changed.get("due_at", message.due_at),
        )

    def attempt(self, attempt: Attempt, **changed: Any) -> None:
        """Change an attempt."""
        self._attempts[attempt.attempt_id] = {
            "outcome": attempt.outcome, "provider_id": attempt.provider_id, "reason": attempt.reason,
            "in_flight": attempt.in_flight, "delivery": attempt.delivery, **self._attempts.get(attempt.attempt_id, {}), **changed,
        }  # fmt: skip

    def sending(self, sending: Sending) -> None:
        self.message(
            sending.message, outcome="sending", reason=None, text=sending.message.text,
            locale=sending.message.locale, verdict=verdicts.stored(sending.verdict), sent_at=self._now,
            data=sending.message.data, template_version=sending.message.template_version,
        )  # fmt: skip

    def wait(self, message: Message, verdict: Verdict) -> None:
        """Later, or when the brake is let go."""
        if verdict.send_at is None:
            self.message(
                message, due_at=None, paused=True, reason="paused", verdict=verdicts.stored(verdict),
                outcome="planned",
            )  # fmt: skip
        else:
            self.message(
                message, due_at=verdict.send_at, leased_until=None, reason=None, outcome="planned",
                verdict=verdicts.stored(verdict),
            )  # fmt: skip

    async def drop(
        self, tx: AsyncConnection, message: Message, tried: Sequence[Attempt], verdict: Verdict
    ) -> None:
        """The end of it, one way or another: suppressed, failed on every channel, or accepted and never delivered."""
        for attempt in tried:
            if attempt.outcome == "open":
                self.attempt(attempt, outcome="suppressed", reason=verdict.because, in_flight=False)
        reason = verdict.because
        person = reason in NEEDS_A_PERSON or (bool(tried) and reason == "too-late")
        if any(attempt.outcome == "accepted" for attempt in tried):
            self.message(
                message, outcome="accepted", due_at=None, reason="not-delivered" if person else reason
            )
        elif any(attempt.outcome == "failed" for attempt in tried):
            told = self.telling.message(MessageFailed, message, None, reason=reason)
            self.message(told, outcome="failed", due_at=None, reason=reason, verdict=verdicts.stored(verdict))
        else:
            told = self.telling.message(MessageSuppressed, message, None, reason=reason)
            self.message(
                told, outcome="suppressed", due_at=None, reason=reason, verdict=verdicts.stored(verdict)
            )
        if message.data.get("also"):
            await message_rows.free_grouped(tx, message.network_id, [message.message_id])
        if person:
            await self._person(tx, message, reason)

    async def broken(self, tx: AsyncConnection, message: Message, tried: Sequence[Attempt]) -> None:
        """It cannot be made into a text: a mistake of ours, which a person has to make up for."""
        verdict = Verdict("drop", self._now, (Reason("text", "cannot-be-made"),), "none")
        await self.drop(tx, message, tried, verdict)
        await self._person(tx, message, "cannot-be-made")

    async def _person(self, tx: AsyncConnection, message: Message, reason: str) -> None:
        if message.message_class != "marketing":
            await self.telling.task(tx, message, unreachable(message), reason)

    async def record(
        self, tx: AsyncConnection, message: Message, attempt: Attempt, outcome: Outcome | Verdict,
        tried: Sequence[Attempt], parts: Parts, limited: Mapping[Channel, Limit],
    ) -> None:  # fmt: skip
        """What came of a call, or what was decided instead of it. `limited` are the channels that have to wait now."""
        match outcome:
            case Accepted() as accepted:
                self.accepted(message, attempt, accepted)
            case Refused(reason=reason):
                self.failed(message, attempt, reason)
            case TooMany():
                self._later(message, attempt, "rate-limited", limited[attempt.channel].until)
            case NotReached():
                self._later(message, attempt, "not-reached", self._now + growing(attempt.tries))
            case Verdict():
                await self._changed_mind(tx, message, attempt, tried, outcome)
            case _:
                self.unsure(message, attempt, outcome.reason, parts)

    async def _changed_mind(
        self,
        tx: AsyncConnection,
        message: Message,
        attempt: Attempt,
        tried: Sequence[Attempt],
        verdict: Verdict,
    ) -> None:
        if (
            message.outcome == "sending" and verdict.action == "wait"
        ):  # nobody was called: its turn comes again
            self.attempt(attempt, reason=verdict.because, in_flight=False)
            self.wait(message, verdict)
            return
        self.attempt(attempt, outcome="suppressed", reason=verdict.because, in_flight=False)
        if message.outcome != "sending":
            return
        others = [one for one in tried if one.attempt_id != attempt.attempt_id]
        if verdict.action == "drop":
            await self.drop(tx, message, others, verdict)
        else:
            self.message(message, outcome="planned", due_at=self._now, leased_until=None)

    def accepted(self, message: Message, attempt: Attempt, answer: Accepted) -> None:
        """The provider has it: it is waited for its delivery until the step's budget ends, where there will be news."""
        delivery = {"delivery": "sent"} if answer.final else {}
        self.attempt(
            attempt,
            outcome="accepted",
            provider_id=answer.provider_id,
            in_flight=False,
            reason=None,
            **delivery,
        )
        told = self.telling.message(MessageAccepted, message, attempt.channel)
        if message.outcome in {"sending", "unknown"}:
            waits = message.due_at is not None and not answer.final
            due_at = budget_end(message, self._now) if waits else None
            self.message(told, outcome="accepted", due_at=due_at, leased_until=None, reason=None)
        else:
            self.message(told)

    def failed(self, message: Message, attempt: Attempt, reason: str) -> None:
        """It was refused: the next channel is decided about at once."""
        self.attempt(attempt, outcome="failed", reason=reason, in_flight=False)
        if message.outcome in {"sending", "unknown"}:
            self.message(message, outcome="planned", due_at=self._now, leased_until=None, reason=reason)

    def _later(self, message: Message, attempt: Attempt, reason: str, again: datetime) -> None:
        """Refused before accepting: the same attempt again, as long as the budget lasts."""
        elsewhere = message.mode == "all" and message.outcome == "accepted" and message.due_at is not None
        if message.outcome != "sending" and not elsewhere:
            self.attempt(attempt, outcome="failed", reason=reason, in_flight=False)
            return
        if again > max(attempt.at + timedelta(seconds=message.budget_seconds), attempt.at + SHORTEST_BUDGET):
            self.failed(message, attempt, reason)
            return
        self.attempt(attempt, reason=reason, in_flight=False)
        outcome = "accepted" if elsewhere else "planned"
        self.message(message, outcome=outcome, due_at=again, leased_until=None, reason=reason)

    def unsure(self, message: Message, attempt: Attempt, reason: str, parts: Parts) -> None:
        """Its answer was lost: never sent again by itself; the next channel waits."""
        self.attempt(attempt, outcome="unknown", reason=reason, in_flight=False)
        if message.outcome in {"sending", "planned"}:
            due_at = budget_end(message, attempt.at)
            adapter = parts.adapters.get(attempt.channel)
            if adapter is not None and (adapter.looks_up or adapter.repeatable):
                due_at = min(due_at, self._now + LOOK_UP_AFTER)
            self.message(
                message, outcome="unknown", due_at=max(due_at, self._now), leased_until=None, reason=reason
            )

    async def give_up_unknown(self, tx: AsyncConnection, message: Message, attempt: Attempt) -> None:
        """The budget is over and nobody knows: a person has to find out."""
        told = self.telling.message(MessageUnknown, message, attempt.channel)
        self.message(told, due_at=None)
        await self._person(tx, message, "unknown")

    def delivery(self, message: Message, attempt: Attempt, delivery: str, reason: str | None) -> Message:
        """A state told by the provider. It only moves forward, and settles an attempt that nobody knew of."""
        if FORWARD[delivery] <= FORWARD[attempt.delivery] or attempt.outcome == "suppressed":
            return message
        if delivery == "failed":
            return self._undelivered(message, attempt, reason)
        if attempt.outcome != "accepted":
            message = self.telling.message(MessageAccepted, message, attempt.channel)
        self.attempt(attempt, outcome="accepted", delivery=delivery, in_flight=False)
        if delivery == "sent":
            if message.outcome in {"sending", "unknown"}:
                due_at = budget_end(message, self._now) if message.due_at is not None else None
                self.message(message, outcome="accepted", due_at=due_at, leased_until=None, reason=None)
            else:
                self.message(message)
        elif message.outcome in {"delivered", "read"}:
            self.message(message, outcome="read" if "read" in {delivery, message.outcome} else "delivered")
        else:
            message = self.telling.message(MessageDelivered, message, attempt.channel)
            self.message(message, outcome=delivery, due_at=None, leased_until=None, reason=None, paused=False)
        return message

    def _undelivered(self, message: Message, attempt: Attempt, reason: str | None) -> Message:
        self.attempt(attempt, outcome="failed", delivery="failed", reason=reason, in_flight=False)
        if message.outcome not in {"sending", "accepted", "unknown"}:
            return message
        if message.due_at is not None:
            self.message(message, outcome="planned", due_at=self._now, leased_until=None, reason=reason)
            return message
        message = self.telling.message(
            MessageFailed, message, attempt.channel, reason=reason or "undelivered"
        )
        self.message(message, outcome="failed", reason=reason)
        return message

    async def write(self, tx: AsyncConnection, network_id: str) -> None:
        """All of it."""
        by_shape: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for message_id, (_, changed) in sorted(self._messages.items()):
            by_shape.setdefault(tuple(sorted(changed)), []).append({"message_id": message_id, **changed})
        for rows in by_shape.values():
            await message_rows.update(tx, network_id, rows)
        await attempt_rows.update(
            tx,
            network_id,
            [{"attempt_id": key, **changed} for key, changed in sorted(self._attempts.items())],
        )
        await self.telling.write(tx)

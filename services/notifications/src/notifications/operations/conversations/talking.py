"""One turn of a dialogue, with the owners' answers that it needs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.contracts.booking import AppointmentState
from common.contracts.directory import Locale
from notifications.channels import Written
from notifications.operations.conversations import facts as gathering
from notifications.operations.conversations.facts import Clinic, Writer
from notifications.operations.conversations.owners import Owners
from notifications.operations.parts import Parts
from notifications.rules.dialogue import answered, machine
from notifications.rules.dialogue.values import Facts, Said, Say, State, Turn
from notifications.rules.dialogue.wording import worded
from notifications.rules.texts import Text
from notifications.tables.conversations import Thread
from notifications.templates import texts

MOST_QUESTIONS = 6
"""Owners asked in one turn: more would mean that the machine goes round in circles."""


@dataclass(frozen=True)
class Talked:
    """What one message led to: the dialogue's next state, what is said, and whom the thread is bound to now."""

    turn: Turn
    text: Text | None
    locale: Locale
    bound: frozenset[UUID]
    branch_id: UUID | None


@dataclass(frozen=True)
class Talk:
    """A message in its thread, with everything that the rules of dialogue want to know."""

    parts: Parts
    place: Clinic
    who: Writer
    facts: Facts
    written: Written
    inbound_id: UUID
    state: State | None
    bound: frozenset[UUID]

    @property
    def said(self) -> Said:
        """What the patient wrote or pressed; the next question is named after it."""
        return Said(self.inbound_id.hex[:12], self.written.text, self.written.payload, self.written.contact)

    async def hear(self) -> Talked:
        """An answer to the question that stands, or a wish."""
        return await self.go_on(machine.hear(self.state, self.said, self.facts))

    async def begin_move(self, appointment: AppointmentState) -> Talked:
        """Other times for a visit, at once."""
        return await self.go_on(machine.begin_move(appointment, self.said, self.facts))

    async def begin_booking(self, service_id: UUID) -> Talked:
        """What is missing of a booking for this service, at once."""
        return await self.go_on(machine.begin_booking(service_id, self.said, self.facts))

    async def go_on(self, turn: Turn) -> Talked:
        """Ask owners for what the turn needs, until there is something to say. Raises `Unavailable`."""
        owners = Owners(
            self.parts, self.place.network, self.written.channel, self.written.sender, self.inbound_id, self.who.locale,
            set(self.bound), self.facts.phone, self.facts.now,
        )  # fmt: skip
        for _ in range(MOST_QUESTIONS):
            if turn.need is None or turn.state is None:
                break
            answer = await owners.fulfil(turn.need)
            turn = answered.got(turn.state, turn.need, answer, self.said, self.facts)
        else:
            turn = Turn(turn.state, handover="going round in circles")
        if turn.handover and turn.task == "handover":
            turn = Turn(turn.state, (*turn.says, Say("chat-handover")), handover=turn.handover)
        text = worded(turn, self.facts, texts(self.who.locale), self.who.reader) if turn.says else None
        if turn.state is not None:
            turn = replace(turn, state=turn.state.model_copy(update={"vouched": self.facts.phone or ""}))
        branch_id = turn.state.branch_id if turn.state else self.state.branch_id if self.state else None
        return Talked(turn, text, self.who.locale, frozenset(owners.bound), branch_id)


async def talk(
    parts: Parts, thread: Thread, written: Written, inbound_id: UUID, state: State | None, sent_to: Iterable[UUID],
    *, now: datetime,
) -> Talk:  # fmt: skip
    """Everything that is known of whoever writes. `sent_to` are the patients who got our messages at this address."""
    async with parts.database.reading(thread.network_id) as tx:
        place = await gathering.clinic(tx, thread.network_id)
    bound = {*thread.patient_ids, *sent_to}
    phone = gathering.vouched(written, state)
    who = await gathering.writer(parts, place, written.text, phone, bound, thread.locale)
    facts = gathering.facts(parts, place, who, written.channel, phone, now)
    return Talk(parts, place, who, facts, written, inbound_id, state, frozenset(bound | set(who.cards)))

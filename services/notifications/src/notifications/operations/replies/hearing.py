"""One message of a patient from its arrival to its record: a reply to what we sent, or a turn of a conversation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from common.contracts.booking import AppointmentState
from notifications.channels import Written
from notifications.operations import asking
from notifications.operations.conversations import keeping, owners, talking, turns
from notifications.operations.conversations.facts import CHATS
from notifications.operations.conversations.talking import Talk, Talked
from notifications.operations.parts import Parts
from notifications.operations.replies import questions
from notifications.operations.replies.acting import Result, carry_out
from notifications.operations.replies.binding import Heard, Meaning, meaning_of
from notifications.operations.replies.recording import TALKED, Answer, known, record
from notifications.rules.dialogue import choosing, machine
from notifications.rules.dialogue.values import State, Turn
from notifications.rules.understand import pressed, understand
from notifications.tables import attempts as attempt_rows
from notifications.tables import conversations
from notifications.tables import messages as message_rows
from notifications.tables.conversations import Thread


async def hear(parts: Parts, network_id: str, written: Written, *, now: datetime) -> None:
    """Understand one message and carry it out. Raises `Unavailable` where somebody does not answer; then again."""
    inbound_id = uuid5(NAMESPACE_URL, f"{network_id}/{written.channel}/{written.provider_id}")
    async with parts.database.transaction(network_id) as tx:
        if await known(tx, network_id, inbound_id):
            return
        thread = await turns.take(tx, parts.sealer, network_id, written, inbound_id, now=now)
        seal = await parts.sealer.of(tx, network_id, thread.thread_id)
        sent = await attempt_rows.at_address(tx, network_id, thread.address_index)
        messages = await message_rows.of_ids(tx, network_id, [one.message_id for one in sent])
        talked_at = await conversations.last_said(tx, thread)
    heard = Heard(inbound_id, written, thread.address_index, sent, messages, talked_at)
    told_of = await asking.visits_of(parts, network_id, list(messages.values()))
    ahead = owners.upcoming(list(told_of.values()), now)
    meaning = meaning_of(heard, ahead, now)
    state = keeping.remembered(thread, seal, now=now)
    answer = await _Hearing(parts, thread, heard, ahead, meaning, state, now).answer()
    await record(parts, thread, heard, meaning, answer, now)
    parts.wakes.sending()
    parts.wakes.saying()


@dataclass(frozen=True)
class _Hearing:
    """One message with everything that is known of its thread."""

    parts: Parts
    thread: Thread
    heard: Heard
    ahead: dict[UUID, AppointmentState]
    meaning: Meaning
    state: State | None
    now: datetime

    async def answer(self) -> Answer:
        """What is done about it. Buttons of ours, scores and opting out count always; words, where nobody has taken over."""
        if self._is_explicit:
            return await self._reply()
        if self.thread.paused_at is not None:
            return Answer(Result(None), waits=True)
        alarm = machine.alarming(self.heard.written.text)
        if alarm is not None or self.meaning.intent == "operator":
            talk = await self._talk()
            return _talked(await talk.go_on(Turn(self.state, handover=alarm or choosing.OPERATOR)))
        if self.state is None and (self._means_something or not self._may_begin):
            return await self._reply()
        talked = await (await self._talk()).hear()
        if not talked.turn.understood and (self._means_something or (self.state is None and self._is_asked)):
            return await self._reply()
        return _talked(talked)

    @property
    def _is_explicit(self) -> bool:
        payload = self.heard.written.payload
        pressed_ours = payload is not None and (
            pressed(payload) is not None or self.meaning.answered is not None
        )
        return pressed_ours or self._opts_out or (self.meaning.score is not None and self.state is None)

    @property
    def _opts_out(self) -> bool:
        """Inside a talk only words that mean nothing else do, whatever invitation came before it."""
        meant = self.meaning.intent if self.state is None else understand(self.heard.written.text)
        return meant in {"stop", "stop-all"}

    @property
    def _means_something(self) -> bool:
        meaning = self.meaning
        return bool(meaning.intent or meaning.options or meaning.answered or meaning.score)

    @property
    def _may_begin(self) -> bool:
        return self.heard.written.channel in CHATS

    @property
    def _is_asked(self) -> bool:
        """Whether a request to confirm stands: what makes no answer to it is for a person."""
        return any(
            one.data.get("asked_confirm") and self.ahead[one.appointment_id].status == "booked"
            for one in self.heard.messages.values()
            if one.appointment_id in self.ahead
        )

    @property
    def _takes_invitation(self) -> bool:
        """A yes to an invitation, where it can be booked at once."""
        about = self.meaning.about
        return (
            self.meaning.intent == "confirm"
            and about is not None
            and questions.invites(about)
            and self._may_begin
        )

    async def _reply(self) -> Answer:
        about = self.meaning.about
        if self.meaning.intent == "move" and about is not None and about.appointment_id in self.ahead:
            talk = await self._talk()
            return _talked(await talk.begin_move(self.ahead[about.appointment_id]), "move")
        if self._takes_invitation and about is not None and about.service_id is not None:
            talk = await self._talk()
            return _talked(await talk.begin_booking(about.service_id))
        return Answer(await carry_out(self.parts, self.thread.network_id, self.heard, self.meaning))

    async def _talk(self) -> Talk:
        sent_to = {one.patient_id for one in self.heard.attempts}
        return await talking.talk(
            self.parts, self.thread, self.heard.written, self.heard.inbound_id, self.state, sent_to, now=self.now
        )  # fmt: skip


def _talked(talked: Talked, understood_as: str | None = None) -> Answer:
    meant = understood_as or (TALKED if talked.turn.understood else None)
    return Answer(Result("operator" if talked.turn.handover == choosing.OPERATOR else meant), talked)

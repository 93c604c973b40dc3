"""The phones' side of calls: picked up at once, listened to, answered by keys; and calls to the clinic."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.courier import Callback
from devkit.sandbox.messages import Button, Message, Report
from devkit.sandbox.problems import Problem
from devkit.sandbox.voice.twiml import Said, read
from devkit.sandbox.voice.webhooks import Voice, form_of

KEYS = ("1", "2", "3", "0")
TRIES = 10
PAUSE = 0.3
HANG_UP_AFTER = 12
"""So many turns end every call: an answer that asks for ever is a mistake of the product's."""


@dataclass(slots=True)
class Conversation:
    """A call that was picked up; `action` is asked with the next key."""

    call: Message
    action: str | None = None
    turns: int = 0


class Telephone:
    def __init__(self, carrier: Carrier) -> None:
        wire = carrier.providers["voice"]
        assert isinstance(wire, Voice)
        self._carrier = carrier
        self._wire = wire
        self._under_way: dict[str, Conversation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        carrier.keypads["voice"] = self.press
        carrier.on_restored["spoken"] = self._restore

    def ring(self, call: Message) -> None:
        """The phone is picked up; what it hears is asked for meanwhile."""
        if not call.arrived:
            return
        conversation = self._under_way[call.id] = Conversation(call)
        self._start(self._turn(conversation, str(call.details["url"]), {}))

    async def press(self, phone: str, keys: str) -> Message:
        """A key, or silence, on the newest call that waits for one."""
        waiting = [
            one for one in self._under_way.values() if one.call.address == phone and one.action is not None
        ]
        if not waiting:
            raise Problem(409, "no-call", f"no call on {phone} waits for a key")
        await self._answer(waiting[-1], keys)
        return waiting[-1].call

    async def call_clinic(self, call: Message) -> bool:
        """Whether the gateway took the news that somebody calls."""
        return await (await self._carrier.hear(call))

    async def go_on(self, call: Message, status: str, seconds: int) -> bool:
        """The clinic picks up (`in-progress`), or the call ends (`completed`, `no-answer`)."""
        url = self._wire.inbound_url(call)
        if url is None:
            raise Problem(409, "nowhere-to-call", "no address for calls to the clinic is set")
        form = form_of(call, status)
        if status == "completed":
            form["CallDuration"] = str(seconds)
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        lane = self._wire.lane(call)
        self._carrier.courier.send(Callback("voice", lane, url, form, taken.set_result))
        return await taken

    async def _answer(self, conversation: Conversation, keys: str) -> None:
        action, conversation.action = conversation.action, None
        assert action is not None
        conversation.call.buttons.clear()
        await self._turn(conversation, action, {"Digits": keys})

    async def _turn(self, conversation: Conversation, url: str, more: dict[str, str]) -> None:
        call = conversation.call
        with self._carrier.working():
            said = await self._ask(url, {**form_of(call, "in-progress"), **more})
            conversation.turns += 1
            self._hear(call, said)
            if said is not None and said.action and conversation.turns < HANG_UP_AFTER:
                self._wait(conversation, said)
            else:
                self._hang_up(call)

    async def _ask(self, url: str, form: dict[str, str]) -> Said | None:
        """What the product says; None where it does not answer, which ends the call."""
        post = self._wire.signed(url, form)
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            for _ in range(TRIES):
                try:
                    answer = await client.post(url, content=post.content, headers=dict(post.headers))
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code < 500:
                    return read(answer.content) if answer.is_success else None
                await asyncio.sleep(PAUSE)
        return None

    def _hear(self, call: Message, said: Said | None) -> None:
        lines = list(said.lines) if said else []
        if said and said.connected:
            lines.append(f"☎ {said.connected}")
        call.text = "\n".join(filter(None, [call.text, *lines]))
        call.details["seconds"] = int(call.details.get("seconds", 0)) + 3 * len(lines)
        self._carrier.journal.note({"kind": "spoken", "id": call.id, "text": call.text})
        self._carrier.phones.touch()

    def _wait(self, conversation: Conversation, said: Said) -> None:
        conversation.action = said.action
        conversation.call.buttons[:] = [Button("reply", key, payload=key) for key in KEYS]
        turn = conversation.turns

        def silent() -> None:
            if conversation.action is not None and conversation.turns == turn:
                self._start(self._answer(conversation, ""))

        self._carrier.later(self._carrier.clock.now() + timedelta(seconds=said.seconds), silent)

    def _hang_up(self, call: Message) -> None:
        self._under_way.pop(call.id, None)
        if call.reports:  # unless a fault keeps the network from hearing anything of it
            self._carrier.tell_more(call, Report("read"))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _restore(self, record: dict[str, Any]) -> None:
        call = self._carrier.phones.find(record["id"])
        if call is not None:
            call.text = record["text"]

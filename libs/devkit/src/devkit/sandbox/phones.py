"""What every invented phone and mailbox holds, in memory; the ledger and the journal bring it back after a crash."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from devkit.sandbox.bell import Bell
from devkit.sandbox.messages import Message


class Phones:
    """Threads by address: a phone in E.164, or a mailbox."""

    def __init__(self) -> None:
        self._threads: dict[str, list[Message]] = {}
        self._by_id: dict[str, Message] = {}
        self._heard: dict[tuple[str, str, str], datetime] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._times: Counter[tuple[str, str, str]] = Counter()
        self.changed = Bell()
        self.version = 0

    def add(self, message: Message) -> None:
        # Newest thread last: the page shows the phones where something happened lately.
        thread = self._threads.pop(message.address, [])
        thread.append(message)
        self._threads[message.address] = thread
        self._by_id[message.id] = message
        if message.by_patient:
            self._heard[message.channel, message.account, message.address] = message.at
        elif message.reference:
            self._times[message.channel, message.address, message.reference] += 1
        self.touch()

    def touch(self) -> None:
        self.version += 1
        self.changed.ring()

    def find(self, message_id: str) -> Message | None:
        return self._by_id.get(message_id)

    def thread(self, address: str, *, everything: bool = False) -> list[Message]:
        """What the device shows of the networks' messages; `everything`: also what its owner wrote and what failed."""
        messages = self._threads.get(address, ())
        return [message for message in messages if everything or (message.arrived and not message.by_patient)]

    def addresses(self, *, mailboxes: bool) -> list[str]:
        """Where something happened last comes first."""
        return [address for address in reversed(self._threads) if ("@" in address) is mailboxes]

    def heard_at(self, channel: str, account: str, address: str) -> datetime | None:
        """When the patient last wrote to this sender: opens the window for free text."""
        return self._heard.get((channel, account, address))

    def newest(self, address: str, channel: str, *, account: str | None = None) -> Iterable[Message]:
        for message in reversed(self._threads.get(address, ())):
            received = message.arrived and not message.by_patient
            if received and message.channel == channel and account in (None, message.account):
                yield message

    def everything(self) -> list[Message]:
        """In the order it was accepted."""
        return list(self._by_id.values())

    def repeated(self) -> list[tuple[str, str, str, int]]:
        """Channel, address and reference of what was accepted more than once, and how often."""
        return [(*key, times) for key, times in self._times.items() if times > 1]

    def block(self, account: str, address: str) -> None:
        self._blocked.add((account, address))

    def unblock(self, account: str, address: str) -> None:
        self._blocked.discard((account, address))

    def is_blocked(self, account: str, address: str) -> bool:
        return (account, address) in self._blocked

"""One channel with several providers: each network's messages go by the one where it has an account."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from notifications.channels.protocol import (
    Adapter,
    Known,
    Leaving,
    Letter,
    Outcome,
    Written,
    nothing_stops_it,
)


class ByNetwork(Adapter):
    """The first provider that serves a network. All of them serve the same channel in the same manner."""

    def __init__(self, *providers: Adapter) -> None:
        self.channel = providers[0].channel
        self.buttons = all(each.buttons for each in providers)
        self.looks_up = all(each.looks_up for each in providers)
        self.repeatable = all(each.repeatable for each in providers)
        self._providers: Sequence[Adapter] = providers

    def serves(self, network_id: str) -> bool:
        return any(each.serves(network_id) for each in self._providers)

    def _of(self, network_id: str) -> Adapter:
        return next(each for each in self._providers if each.serves(network_id))

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        return await self._of(letter.network_id).send(letter, leaving)

    async def find(
        self, letter: Letter, since: datetime, others: Collection[str] = ()
    ) -> Known | Literal["cannot-tell"] | None:
        return await self._of(letter.network_id).find(letter, since, others)

    async def took(self, network_id: str, written: Written) -> None:
        await self._of(network_id).took(network_id, written)

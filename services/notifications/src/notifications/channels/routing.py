"""One channel with several providers: each network's messages go by its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from notifications.channels.protocol import Adapter, Known, Letter, Outcome, Written


class ByNetwork(Adapter):
    """The network's own provider, or the usual one. All of them serve the same channel in the same manner."""

    def __init__(self, usual: Adapter, own: Mapping[str, Adapter]) -> None:
        self.channel = usual.channel
        self.buttons = usual.buttons
        self.looks_up = all(each.looks_up for each in (usual, *own.values()))
        self.repeatable = all(each.repeatable for each in (usual, *own.values()))
        self._usual = usual
        self._own = own

    def _of(self, network_id: str) -> Adapter:
        return self._own.get(network_id, self._usual)

    async def send(self, letter: Letter) -> Outcome:
        """By the network's provider."""
        return await self._of(letter.network_id).send(letter)

    async def find(self, letter: Letter, since: datetime) -> Known | Literal["cannot-tell"] | None:
        """There too."""
        return await self._of(letter.network_id).find(letter, since)

    async def took(self, network_id: str, written: Written) -> None:
        """There too."""
        await self._of(network_id).took(network_id, written)

    def serves(self, network_id: str) -> bool:
        """Whether that one does."""
        return self._of(network_id).serves(network_id)

"""Whether the product kept its promises: every database, the streams and the ledger, counted and compared.

It only reads. Each check says how much it looked at, and names each thing that it found wrong.
"""

import asyncio
from collections.abc import Sequence

from devkit.verify import appointments, events, ledger, messages
from devkit.verify.checks import Check
from devkit.verify.sources import Sources, Targets, opened

__all__ = ["Check", "Sources", "Targets", "verify"]


async def verify(targets: Targets) -> Sequence[Check]:
    """Every check, in the order in which a person would ask."""
    async with opened(targets) as sources:
        return [
            *await appointments.checks(sources),
            *await events.checks(sources),
            *await messages.checks(sources),
            *await asyncio.to_thread(ledger.checks, targets.ledger, await messages.attempts(sources)),
        ]

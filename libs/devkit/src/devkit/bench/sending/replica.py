"""One notifications process with a provider that takes everything at once: `python -m devkit.bench.sending.replica`.

Everything is the service's own (its loops, its relay, its readers) but for the adapters. It says `ready`, works until
its standard input ends, and then writes what it handed over, and when, to the file named on its command line.
"""

import asyncio
import os
import sys
import time
from array import array
from collections.abc import Iterable
from pathlib import Path

import uvloop
from fastapi import FastAPI

from common import service, telemetry
from common.contracts.patient_profile import Channel
from common.links import Links
from common.sealed import Sealer
from notifications import handlers, packs
from notifications.channels import Accepted, Adapter, Leaving, Letter, nothing_stops_it
from notifications.operations.parts import Parts
from notifications.settings import Settings
from notifications.workers import loops


class Nowhere(Adapter):
    """Takes every message at once, and remembers when."""

    buttons = True

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.references: list[str] = []
        self.instants = array("d")

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Accepted:
        del leaving
        self.references.append(letter.reference)
        self.instants.append(time.time())
        return Accepted(letter.reference)


def parts_of(core: service.Core, settings: Settings, adapters: dict[Channel, Adapter]) -> Parts:
    """What the operations work with."""
    return Parts(
        database=core.database, asks=core.asks, clock=core.clock, sealer=Sealer(settings.sealing_key),
        links=Links(settings.link_key), public_url=settings.public_url, adapters=adapters,
    )  # fmt: skip


def made(settings: Settings, adapters: dict[Channel, Adapter]) -> FastAPI:
    """As `notifications.app` makes it."""
    packs.read_all()
    core = service.core("notifications", settings)
    parts = parts_of(core, settings, adapters)
    return service.app(
        core, answers=handlers.answers, readers=handlers.readers, parts=parts,
        workers=loops(parts, core.database, core.clock, lease_seconds=settings.lease_seconds),
    )  # fmt: skip


async def _work(report: Path) -> None:
    whatsapp, sms = Nowhere("whatsapp"), Nowhere("sms")
    telemetry.start("notifications")
    app = made(Settings(), {"whatsapp": whatsapp, "sms": sms})
    service.collect_seldom()
    async with app.router.lifespan_context(app):
        while not app.state.running.ready:  # noqa: ASYNC110 - as an orchestrator does
            await asyncio.sleep(0.05)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
    await asyncio.to_thread(_tell, report, (whatsapp, sms))


def _tell(report: Path, adapters: Iterable[Nowhere]) -> None:
    cpu = os.times()
    lines = [f"cpu {cpu.user + cpu.system}"]
    for one in adapters:
        lines += [f"{reference} {at}" for reference, at in zip(one.references, one.instants, strict=True)]
    report.write_text("\n".join(lines))


def main() -> None:
    """Work."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(Path(sys.argv[1])))


if __name__ == "__main__":
    main()

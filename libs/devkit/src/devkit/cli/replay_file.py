"""`vinculo replay-file`: a file of real appointments, made and kept or missed once more through the whole product."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devkit.embedded.ports import free
from devkit.errors import CannotStart
from devkit.home import Home, Running

if TYPE_CHECKING:
    from devkit.replay.reading import Reading


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    network: str
    practitioners: int | None
    at_once: int
    verify: bool


@click.command("replay-file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Only the first rows of the file.")
@click.option("--practitioners", type=click.IntRange(min=1), help="By default as many as the file needs.")
@click.option(
    "--home",
    "home_path",
    type=click.Path(path_type=Path),
    help="Kept afterwards; by default a temporary one.",
)
@click.option(
    "--running", is_flag=True, help="Use what runs on --home (or VINCULO_HOME) instead of starting it."
)
@click.option("--network", default="vitoria", show_default=True, help="The network to make.")
@click.option(
    "--at-once", default=32, show_default=True, type=click.IntRange(1, 500), help="Requests at the same time."
)
@click.option("--verify/--no-verify", default=True, show_default=True, help="Check the promises at the end.")
def replay_file(
    file: Path,
    limit: int | None,
    practitioners: int | None,
    home_path: Path | None,
    network: str,
    at_once: int,
    *,
    running: bool,
    verify: bool,
) -> None:
    """Replay the appointments of FILE, hour by hour, in a network of its own.

    It runs the whole product itself, with a clock that begins before the first appointment was made.
    """
    from devkit.replay.reading import NotThisFile, read

    try:
        reading = read(file, limit=limit)
    except NotThisFile as error:
        raise CannotStart(str(error)) from error
    if not reading.rows:
        raise CannotStart(f"{file} has no appointment that could be replayed")
    wanted = Wanted(network, practitioners, at_once, verify)
    if running:
        home = Home(home_path) if home_path else Home.from_environment()
        kept = asyncio.run(_replay(home, home.running(), reading, wanted))
    else:
        with _own_home(home_path) as home, home.locked():
            try:
                kept = asyncio.run(_in_its_own_system(home, reading, wanted))
            except asyncio.CancelledError as error:
                raise click.Abort from error
    if not kept:
        sys.exit(1)


@contextmanager
def _own_home(path: Path | None) -> Iterator[Home]:
    if path is not None:
        yield Home(path)
        return
    with tempfile.TemporaryDirectory(prefix="vinculo-replay-") as folder:
        yield Home(Path(folder) / "home")


async def _in_its_own_system(home: Home, reading: "Reading", wanted: Wanted) -> bool:
    from devkit.processes import Ports
    from devkit.running import System

    start = reading.rows[0].hour - timedelta(hours=1)
    os.environ["VINCULO_CLOCK_START"] = start.isoformat()
    gateway, sandbox = free(2)
    system = System(home, Ports.drawn(gateway=gateway, sandbox=sandbox))
    ourselves = asyncio.current_task()
    assert ourselves is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ourselves.cancel)
    try:
        await system.start()
        click.echo(f"gateway {system.running.gateway_url}  sandbox {system.running.sandbox_url}", err=True)
        return await _replay(home, system.running, reading, wanted)
    finally:
        await system.stop()


async def _replay(home: Home, running: Running, reading: "Reading", wanted: Wanted) -> bool:
    from common.errors import Refused, Unavailable
    from devkit.asking import asking
    from devkit.replay import network, result
    from devkit.replay.agenda import practitioners_needed
    from devkit.replay.desk import Desk
    from devkit.replay.http import client
    from devkit.replay.running import Replay

    practitioners = wanted.practitioners or practitioners_needed(reading.rows)
    try:
        async with asking(running.nats_url, home.secrets.signing_key("gateway")) as asks:
            place, login = await network.make(
                asks, wanted.network, practitioners=practitioners, days=reading.days
            )
    except (Refused, Unavailable) as error:
        raise CannotStart(f"the network could not be made: {error}") from error
    click.echo(
        f"{len(reading.rows):,} appointments on {len(reading.days)} days, made in {len(reading.hours)} different"
        f" hours, with {practitioners} practitioners",
        err=True,
    )
    async with client(running.gateway_url) as http:
        desk = Desk(http, place, login)
        if (now := await desk.now()) > reading.rows[0].made_at:
            raise CannotStart(
                f"the clock there stands at {now:%Y-%m-%d %H:%M}, after the first appointment was made"
            )
        progress = result.Progress(len(reading.rows))
        replay = Replay(desk, reading, at_once=wanted.at_once, progress=progress)
        outcome = await replay.run()
        progress.end()
        first, last = reading.days[0], reading.days[-1]
        comparison = result.compare(await desk.report("no-show", first, last), reading, outcome)
        earliest, latest = reading.rows[0].made_at.date(), last + timedelta(days=2)
        messages = await desk.report("messages", earliest, latest)
    for line in result.lines(reading, outcome, comparison, messages, requests=desk.requests):
        click.echo(line)
    kept = await _verify(home) if wanted.verify else True
    return comparison.agree and kept


async def _verify(home: Home) -> bool:
    from devkit.cli.verify import show
    from devkit.verify import Targets, verify

    return show(await verify(Targets.of(home)))

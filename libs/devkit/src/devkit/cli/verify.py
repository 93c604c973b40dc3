"""`vinculo verify`: whether the promises were kept, by every database, the streams and the ledger."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devkit.cli.orders import with_home
from devkit.home import Home

if TYPE_CHECKING:
    from devkit.verify import Check


def show(checks: "Sequence[Check]") -> bool:
    """Print what each found; returns whether all promises were kept."""
    for check in checks:
        for line in check.lines():
            click.echo(line)
    wrong = sum(len(check.findings) for check in checks)
    click.echo(f"{len(checks)} promises, {'all kept' if not wrong else f'{wrong} findings'}")
    return not wrong


@click.command()
@with_home
def verify(home_path: Path) -> None:
    """Check a running home: overlaps, gaps, outbox against stream, inboxes, messages without an end, the ledger."""
    from devkit.verify import Targets
    from devkit.verify import verify as check

    if not show(asyncio.run(check(Targets.of(Home(home_path))))):
        sys.exit(1)

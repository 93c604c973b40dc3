"""`vinculo dead-letters`: events that a reader gave up on, and applying them again once the cause is mended."""

import asyncio
from pathlib import Path
from uuid import UUID

import click

from devkit.cli.orders import with_home
from devkit.home import SERVICES, Home


@click.command()
@click.argument("action", type=click.Choice(["list", "replay"]), default="list")
@click.argument("service", type=click.Choice(SERVICES), required=False)
@click.option("--event", "event_ids", multiple=True, type=click.UUID, help="Only these.")
@click.option("--all", "replayed_too", is_flag=True, help="List those that were replayed, too.")
@with_home
def dead_letters(
    home_path: Path, action: str, service: str | None, event_ids: tuple[UUID, ...], *, replayed_too: bool
) -> None:
    """List dead letters of one SERVICE or all, or ask for them to be applied again."""
    urls = {name: roles["app"] for name, roles in Home(home_path).running().database_urls.items()}
    wanted = [service] if service else list(SERVICES)
    if action == "replay":
        asyncio.run(_replay({name: urls[name] for name in wanted}, list(event_ids)))
    else:
        asyncio.run(_list({name: urls[name] for name in wanted}, replayed_too=replayed_too))


async def _list(urls: dict[str, str], *, replayed_too: bool) -> None:
    from common.dead_letters import listed

    count = 0
    for service, url in urls.items():
        for letter in await listed(url, all_of_them=replayed_too):
            count += 1
            state = "replayed" if letter.replayed_at else f"{letter.attempts} attempts"
            click.echo(
                f"{letter.died_at:%Y-%m-%dT%H:%M:%SZ}  {service}  {letter.durable}  {letter.event_id}"
                f"  {letter.network_id}  {letter.subject}  {letter.error}  ({state})"
            )
    click.echo(f"{count} dead letters")


async def _replay(urls: dict[str, str], event_ids: list[UUID]) -> None:
    from common.dead_letters import replay

    for service, url in urls.items():
        if marked := await replay(url, event_ids or None):
            click.echo(f"{service}: {marked} asked for again; it applies them within seconds")

"""`vinculo staff create`: an account, such as a network's first administrator."""

import secrets
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import click
from pydantic import ValidationError

from common.contracts.gateway import CreateStaff, Role
from common.ids import new_id
from common.rpc import Asks
from devkit.asking import acting
from devkit.cli.orders import order, with_home


@click.group()
def staff() -> None:
    """Accounts of staff."""


@staff.command()
@click.argument("email")
@click.option("--network", "network_id", required=True)
@click.option("--role", "roles", required=True, multiple=True, type=click.Choice(get_args(Role)))
@click.option("--branch", "branch_ids", multiple=True, type=click.UUID, help="By default every branch.")
@click.option("--practitioner", "practitioner_id", type=click.UUID, help="Who a doctor is in the directory.")
@click.option(
    "--acts-for", "practitioner_ids", multiple=True, type=click.UUID, help="A delegate's practitioners."
)
@click.option("--name", help="As colleagues read it; by default the address before the @.")
@click.option("--password", help="By default one is made and shown once.")
@with_home
def create(
    home_path: Path,
    email: str,
    network_id: str,
    roles: tuple[str, ...],
    branch_ids: tuple[UUID, ...],
    practitioner_id: UUID | None,
    practitioner_ids: tuple[UUID, ...],
    name: str | None,
    password: str | None,
) -> None:
    """Make an account for EMAIL."""
    secret = password or secrets.token_urlsafe(15)
    fields: dict[str, Any] = {
        "staff_id": new_id(),
        "email": email,
        "display_name": name or email.partition("@")[0],
        "password": secret,
        "roles": list(roles),
        "branch_ids": list(branch_ids),
        "practitioner_id": practitioner_id,
        "practitioner_ids": list(practitioner_ids),
    }
    try:
        command = CreateStaff(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise click.UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error

    async def make(asks: Asks) -> None:
        await asks.ask(command, caller=acting(network_id))

    order(home_path, make)
    click.echo(f"{command.email}  {','.join(roles)} of {network_id}")
    if password is None:
        click.echo(f"password (shown only now): {secret}")

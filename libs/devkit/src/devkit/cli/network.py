"""`vinculo network create`: a network of clinics with its first branch, ready to be set up by its own people."""

from datetime import time
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import ValidationError

from common.contracts.directory import (
    Address,
    Branch,
    Country,
    Locale,
    Network,
    OpeningHours,
    OpenNetwork,
    Preset,
    PutBranch,
)
from common.ids import new_id
from common.rpc import Asks
from devkit.asking import acting
from devkit.cli.orders import order, with_home

CUSTOM: dict[str, tuple[str, str]] = {
    "KZ": ("KZT", "kz"),
    "BR": ("BRL", "br"),
    "IR": ("IRR", "ir-dental"),
    "FR": ("EUR", "fr"),
    "TW": ("TWD", "tw"),
    "GB": ("GBP", "fr"),
}
"""Country to the currency and the reminder chain that are usual there."""


@click.group()
def network() -> None:
    """Networks of clinics."""


def _values(
    slug: str, country: str, zone: str, locale: tuple[str, ...], name: str | None, currency: str | None,
    preset: str | None, branch: str | None, city: str | None, street: str, phone: str, *, data_at_home: bool,
) -> tuple[Network, Branch]:  # fmt: skip
    usual_currency, usual_preset = CUSTOM[country]
    fields: dict[str, Any] = {
        "network_id": slug,
        "name": name or slug,
        "country": country,
        "locales": list(locale),
        "currency": currency or usual_currency,
        "preset": preset or usual_preset,
        "data_at_home": data_at_home,
    }
    place: dict[str, Any] = {
        "branch_id": new_id(),
        "name": branch or name or slug,
        "zone": zone,
        "locale": locale[0],
        "address": Address(city=city or zone.rpartition("/")[2].replace("_", " "), street=street),
        "phone": phone,
        "hours": [OpeningHours(weekday=day, opens=time(9), closes=time(18)) for day in range(1, 6)],
    }
    try:
        return Network(**fields), Branch(**place)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise click.UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@network.command()
@click.argument("slug")
@click.option("--country", required=True, type=click.Choice(get_args(Country)))
@click.option("--zone", required=True, help="IANA time zone of the first branch, such as Asia/Almaty.")
@click.option(
    "--locale",
    required=True,
    multiple=True,
    type=click.Choice(get_args(Locale)),
    help="The first is the branch's.",
)
@click.option("--name", help="As patients read it; by default the slug.")
@click.option("--currency", help="ISO 4217; by default the country's.")
@click.option(
    "--preset", type=click.Choice(get_args(Preset)), help="Reminder chain; by default the country's."
)
@click.option("--data-at-home", is_flag=True, help="Sending abroad needs the patient's consent.")
@click.option("--branch", help="The first branch's name.")
@click.option("--city")
@click.option("--street", default="-", show_default=True)
@click.option("--phone", default="", help="Where patients call the branch.")
@with_home
def create(home_path: Path, **options: Any) -> None:
    """Make a network SLUG with one branch, open Monday to Friday 9 to 18."""
    new, branch = _values(**options)

    async def make(asks: Asks) -> None:
        caller = acting(new.network_id)
        await asks.ask(OpenNetwork(network=new), caller=caller)
        await asks.ask(PutBranch(branch=branch), caller=caller)

    order(home_path, make)
    click.echo(f"network {new.network_id}  branch {branch.branch_id}")
    click.echo(
        f"next: vinculo staff create EMAIL --network {new.network_id} --role admin, then /setup in the browser"
    )

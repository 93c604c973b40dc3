"""`vinculo prove`: a signed statement by booking that nothing is in two places at a time."""

import os
import subprocess
import sys
from pathlib import Path

import click

from devkit.cli.orders import with_home
from devkit.home import Home


@click.command()
@with_home
def prove(home_path: Path) -> None:
    """Have booking look at every network of a running home, as `python -m booking.prove` does in production."""
    home = Home(home_path)
    urls = home.running().database_urls["booking"]
    environment = os.environ | {
        "BOOKING_DATABASE_URL": urls["app"],
        "BOOKING_WORKER_DATABASE_URL": urls["worker"],
        "BOOKING_SIGNING_KEY": home.secrets.signing_key("booking"),
    }
    sys.exit(subprocess.run([sys.executable, "-m", "booking.prove"], env=environment, check=False).returncode)

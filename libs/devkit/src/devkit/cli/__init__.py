"""The command line `vinculo`. Each command is a module here with a click command of the same name."""

import importlib
import sys
from typing import Any

import click

from devkit.errors import CannotStart

# Read by name only when asked for: `vinculo --help` must not import half the product.
COMMANDS = {
    "up": ("devkit.cli.up", "up"),
    "network": ("devkit.cli.network", "network"),
    "staff": ("devkit.cli.staff", "staff"),
    "dead-letters": ("devkit.cli.dead_letters", "dead_letters"),
    "replay-file": ("devkit.cli.replay_file", "replay_file"),
    "verify": ("devkit.cli.verify", "verify"),
    "prove": ("devkit.cli.prove", "prove"),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name = COMMANDS[cmd_name]
        found: Any = getattr(importlib.import_module(module), name)
        assert isinstance(found, click.Command)
        return found


@click.command(cls=Lazy)
def vinculo() -> None:
    """Vínculo on this machine: run it, set it up, look after it."""


def main() -> None:
    """Run the command; what a person can mend is one line on stderr, never a traceback."""
    try:
        vinculo.main(prog_name="vinculo", standalone_mode=False)
    except CannotStart as error:
        sys.exit(f"vinculo: {error}")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)

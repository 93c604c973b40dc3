"""Accounts with a provider, by network: each network has a bot, a page or a token of its own there."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Json
from pydantic_settings import NoDecode

Accounts = Annotated[Json[dict[str, str]], NoDecode, BeforeValidator(lambda given: given or "{}")]
"""A setting: a JSON object of networks and what is theirs; empty where nobody has an account."""

EVERY_OTHER = "*"
BY_SLUG: Mapping[str, str] = {EVERY_OTHER: "{network}"}
"""Every network under its own slug, as the providers of development know them."""

Names = Annotated[Json[dict[str, str]], NoDecode, BeforeValidator(lambda given: given or json.dumps(BY_SLUG))]
"""A setting like `Accounts`, of what a provider calls each network's account; empty: their slugs."""


def everybodys(given: str | None) -> str:
    """One secret that is not a JSON object of networks is the secret of every network; none is nobody's."""
    if given and given.startswith("{"):
        return given
    return json.dumps({EVERY_OTHER: given} if given else {})


def account_of(accounts: Mapping[str, str], network_id: str) -> str | None:
    """A network's own entry, else the one of `*` with the network in the place of `{network}`; None: it has none."""
    own = accounts.get(network_id)
    if own is not None:
        return own
    shared = accounts.get(EVERY_OTHER)
    return None if shared is None else shared.replace("{network}", network_id)

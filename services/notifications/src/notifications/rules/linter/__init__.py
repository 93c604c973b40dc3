"""What stands in the way of sending a network's own wording to patients: each finding with its place and its source."""

from collections.abc import Sequence
from itertools import chain

from notifications.rules.linter.contract import missing_facts, missing_locales
from notifications.rules.linter.cost import AsSms, too_long
from notifications.rules.linter.speech import (
    banned_claims,
    health_in_the_open,
    no_way_out,
    unregistered_links,
)
from notifications.rules.linter.syntax import broken_lines, unknown_placeholders, wrong_plurals
from notifications.rules.linter.values import (
    BUILT_IN,
    Claim,
    Contract,
    Draft,
    Finding,
    Rulebook,
    Where,
    Wording,
)

__all__ = ["BUILT_IN", "Claim", "Contract", "Draft", "Finding", "Rulebook", "Where", "Wording", "lint"]


def lint(draft: Draft, rulebook: Rulebook, where: Where, as_sms: AsSms) -> Sequence[Finding]:
    """Everything that was found, the worst kinds first."""
    return tuple(
        chain(
            broken_lines(draft),
            missing_locales(draft, where),
            unknown_placeholders(draft),
            wrong_plurals(draft),
            missing_facts(draft, rulebook.contracts[draft.name], rulebook.datives),
            banned_claims(draft, rulebook, where),
            health_in_the_open(draft, rulebook),
            no_way_out(draft, rulebook),
            unregistered_links(draft, rulebook, where),
            too_long(draft, where, as_sms),
        )
    )

"""What the providers accepted, against what was meant to be sent: the ledger decides."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from devkit.verify.checks import Check
from devkit.verify.messages import Attempts


def _lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line; one torn by a crash was acknowledged to nobody."""
    if not path.exists():
        return []
    raw = path.read_bytes().splitlines(keepends=True)
    return [json.loads(line) for line in raw if line.endswith(b"\n")]


def checks(path: Path, attempts: Attempts) -> list[Check]:
    """Nothing was accepted twice, nothing was accepted that we do not know of, and what we call accepted was."""
    lines = [line for line in _lines(path) if not line.get("by_patient")]
    times = Counter(
        (line["channel"], line["to"], line["reference"]) for line in lines if line.get("reference")
    )
    references = {reference for _, _, reference in times}
    twice = [
        f"{channel}: reference {reference} was accepted {count} times"
        for (channel, _, reference), count in times.items()
        if count > 1
    ]
    strange = [
        f"reference {one} was accepted and is no attempt" for one in sorted(references - attempts.all_of_them)
    ]
    missing = [
        f"attempt {one} counts as accepted and is not in the ledger"
        for one in sorted(attempts.accepted - references)
    ]
    anonymous = sum(1 for line in lines if not line.get("reference"))
    notes = [f"{anonymous} without a reference"] if anonymous else []
    return [
        Check("no message was accepted twice", f"{len(lines)} lines of the ledger", twice, notes),
        Check(
            "the ledger and the attempts agree",
            f"{len(references)} references and {len(attempts.accepted)} accepted attempts",
            [*strange, *missing],
        ),
    ]

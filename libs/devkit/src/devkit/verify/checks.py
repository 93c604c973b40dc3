"""What a check says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHOWN = 20
"""Findings of one check that are printed; the rest are counted."""


@dataclass(frozen=True)
class Check:
    """One promise: how much was looked at, and what was found wrong. `notes` are worth knowing and not wrong."""

    promise: str
    looked_at: str
    findings: Sequence[str] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def kept(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def lines(self) -> list[str]:
        """For a person."""
        head = f"{'ok ' if self.kept else 'BAD'}  {self.promise}: {self.looked_at}"
        if self.findings:
            head += f", {len(self.findings)} found wrong"
        shown = [f"       {finding}" for finding in self.findings[:SHOWN]]
        if len(self.findings) > SHOWN:
            shown.append(f"       … and {len(self.findings) - SHOWN} more")
        return [head, *shown, *(f"     ({note})" for note in self.notes)]

"""What a replay prints: while it runs, and at its end."""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devkit.replay.reading import Reading
from devkit.replay.running import Outcome

AGREE_WITHIN = 1e-9
LINES_EVERY_SECONDS = 10.0


@dataclass
class Progress:
    """One line that changes on a terminal; a new one every ten seconds elsewhere."""

    total: int
    _started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0

    def __call__(self, at: datetime, outcome: Outcome) -> None:
        """Show where it stands, unless it was shown just now."""
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self._shown < (0.2 if terminal else LINES_EVERY_SECONDS):
            return
        self._shown = now
        done = len(outcome.booked) + sum(outcome.skipped.values())
        text = (
            f"{at:%Y-%m-%d %H:%M}  booked {len(outcome.booked):,} of {self.total:,}  closed {outcome.closed:,}"
            f"  {done / max(now - self._started, 0.001):.0f} rows/s  {now - self._started:.0f} s"
        )
        print(
            f"\r{text}\x1b[K" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True
        )

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


@dataclass(frozen=True)
class Comparison:
    """The share of no-shows, by the report endpoint and by the file."""

    reported: float
    counted: float
    reported_visits: int
    counted_visits: int

    @property
    def agree(self) -> bool:
        """The same visits and the same share."""
        return (
            abs(self.reported - self.counted) < AGREE_WITHIN and self.reported_visits == self.counted_visits
        )


def compare(report: dict[str, Any], reading: Reading, outcome: Outcome) -> Comparison:
    """The endpoint's totals against the rows that were booked."""
    totals = report["totals"]
    return Comparison(
        reported=float(totals["rate"]),
        counted=reading.no_show_share(outcome.booked),
        reported_visits=int(totals["fulfilled"] + totals["noshow"]),
        counted_visits=len(outcome.booked),
    )


def lines(
    reading: Reading, outcome: Outcome, comparison: Comparison, messages: dict[str, Any], *, requests: int
) -> list[str]:
    """The summary."""
    total = len(reading.rows) + sum(reading.skipped.values())
    skipped = sum(outcome.skipped.values())
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in outcome.skipped.most_common())
    word = "agree" if comparison.agree else "DO NOT AGREE"
    return [
        f"booked        {len(outcome.booked):,} of {total:,}",
        f"skipped       {skipped:,}" + (f" ({reasons})" if reasons else ""),
        (
            f"no-shows      {comparison.reported:.4%} of {comparison.reported_visits:,} by the report,"
            f" {comparison.counted:.4%} of {comparison.counted_visits:,} by the file: they {word}"
        ),
        "reminders     " + (_by_channel(messages) or "none"),
        (
            f"throughput    {_rate(len(outcome.booked), outcome.booking_seconds)} bookings/s while booking,"
            f" {_rate(outcome.closed, outcome.closing_seconds)} visits closed/s, {_rate(requests, outcome.seconds)}"
            " requests/s over all"
        ),
        (
            f"time          {outcome.seconds:.0f} s: booking {outcome.booking_seconds:.0f}, closing"
            f" {outcome.closing_seconds:.0f}, clock and messages {outcome.clock_seconds:.0f}"
        ),
    ]


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}" if seconds else "0"


def _by_channel(messages: dict[str, Any]) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for row in messages["rows"]:
        counts[row["labels"]["channel"], row["labels"]["outcome"]] += int(row["values"]["count"])
    return ", ".join(f"{channel} {outcome} {count:,}" for (channel, outcome), count in sorted(counts.items()))

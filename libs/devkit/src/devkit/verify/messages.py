"""Never a silent none: every planned message ends, and is tried at most once per channel."""

from dataclasses import dataclass
from datetime import timedelta

from devkit.verify.checks import Check
from devkit.verify.sources import Sources

GRACE = timedelta(minutes=5)
"""By the movable clock: what is due now may be in hand."""

_OPEN = ("planned", "sending")
_ENDLESS = """
    SELECT network_id, message_id, step, outcome, due_at, latest_at, starts_at FROM messages
    WHERE outcome = ANY($1) AND NOT paused
      AND (due_at IS NULL OR due_at < $2 OR latest_at + make_interval(secs => budget_seconds) < $2)
    ORDER BY target_at
"""
_BEYOND_BUDGET = """
    SELECT a.network_id, a.attempt_id, a.channel, a.outcome, m.message_id, m.step
    FROM attempts a JOIN messages m USING (network_id, message_id)
    WHERE a.outcome IN ('open', 'unknown') AND m.outcome = ANY($1)
      AND a.at + make_interval(secs => m.budget_seconds) < $2
    ORDER BY a.at
"""
_TWICE = """
    SELECT network_id, message_id, channel, count(*) AS attempts FROM attempts
    GROUP BY network_id, message_id, channel HAVING count(*) > 1
"""


@dataclass(frozen=True)
class Attempts:
    """What notifications knows it has sent: references that a provider accepted, and all of them."""

    accepted: frozenset[str]
    all_of_them: frozenset[str]


async def attempts(sources: Sources) -> Attempts:
    """References of every attempt; our reference is the attempt's id."""
    rows = await sources.rows("notifications", "SELECT attempt_id::text AS id, outcome FROM attempts")
    return Attempts(
        frozenset(row["id"] for row in rows if row["outcome"] == "accepted"),
        frozenset(row["id"] for row in rows),
    )


async def checks(sources: Sources) -> list[Check]:
    """Endless messages, attempts per channel, attempts nobody knows the end of."""
    late = sources.now - GRACE
    total = await sources.number("notifications", "SELECT count(*) FROM messages")
    tries = await sources.number("notifications", "SELECT count(*) FROM attempts")
    paused = await sources.number("notifications", "SELECT count(*) FROM messages WHERE paused")
    endless = [
        f"{row['network_id']}: message {row['message_id']} ({row['step']}) is {row['outcome']}, due {row['due_at']},"
        f" useful until {row['latest_at']}"
        for row in await sources.rows("notifications", _ENDLESS, _OPEN, late)
    ]
    twice = [
        f"{row['network_id']}: message {row['message_id']} was tried {row['attempts']} times on {row['channel']}"
        for row in await sources.rows("notifications", _TWICE)
    ]
    unknown = [
        f"{row['network_id']}: attempt {row['attempt_id']} on {row['channel']} ({row['step']}) is {row['outcome']}"
        " beyond its budget"
        for row in await sources.rows("notifications", _BEYOND_BUDGET, _OPEN, late)
    ]
    notes = [f"{paused} paused"] if paused else []
    return [
        Check("every planned message ends", f"{total} messages", endless, notes),
        Check("at most one attempt per step and channel", f"{tries} attempts", twice),
        Check("nothing stays unknown beyond its budget", f"{tries} attempts", unknown),
    ]

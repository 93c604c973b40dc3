"""What came and went for one appointment, and what that leaves open. Minor units throughout.

A ledger only grows: what was wrong is undone by another entry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.contracts.booking import EntryKind, Instalment, PaymentMethod, Status

TO_COME: frozenset[Status] = frozenset({"booked", "confirmed", "arrived", "displaced"})
"""Statuses of a visit that may still take place: what was paid for it is a deposit."""


@dataclass(frozen=True)
class Till:
    """Where money comes and goes, on which of its days, when, and through whose hands."""

    branch_id: UUID
    day: date
    at: datetime
    by: str


@dataclass(frozen=True)
class Entry:
    """Money that came (above zero) or went (below)."""

    entry_id: UUID
    kind: EntryKind
    amount: int
    currency: str
    method: PaymentMethod
    till: Till
    reason: str = ""
    reverses: UUID | None = None
    other_visit_id: UUID | None = None
    price_change: int = 0
    """What the price of the visit changed by with it."""

    @property
    def came(self) -> bool:
        """Whether it is listed as a payment; nothing paid is a payment of nothing."""
        return self.amount >= 0


@dataclass(frozen=True)
class Account:
    """What one appointment costs, and what was paid for it."""

    patient_id: UUID
    branch_id: UUID
    status: Status
    price: int | None
    currency: str
    paid: int
    instalments: tuple[Instalment, ...] = ()

    @property
    def charged(self) -> int:
        """What the visit costs once it took place; one without a price costs what was paid for it."""
        if self.status != "fulfilled":
            return 0
        return self.paid if self.price is None else self.price

    @property
    def open(self) -> int:
        """What has to be paid yet; below zero where more was paid than is owed here."""
        return self.charged - self.paid


def net(entries: Iterable[Entry]) -> int:
    """What was paid, less what went back."""
    return sum(entry.amount for entry in entries)


def overdue(account: Account, today: date) -> int:
    """The part of what is open that should have been paid before today; without instalments, all of it."""
    in_time = sum(part.amount for part in account.instalments if part.due_on >= today)
    return max(0, account.open - in_time)


def reversible(entries: Sequence[Entry], entry_id: UUID) -> Entry | None:
    """An entry that a counter-entry may still undo; None where it was undone before, or met no till."""
    undone = {entry.reverses for entry in entries}
    for entry in entries:
        if entry.entry_id == entry_id and entry.kind in {"payment", "refund"} and entry_id not in undone:
            return entry
    return None

"""What patients owe and are owed, and how their visits are paid."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from uuid import UUID

from booking.rules.ledger import TO_COME, Account, overdue
from common.contracts.booking import PatientBalance, PaymentStatus


def balances(accounts: Iterable[Account], today_at: Callable[[UUID], date]) -> list[PatientBalance]:
    """One row per patient and currency; `today_at` is the date that a branch's calendar shows."""
    groups: dict[tuple[UUID, str], list[Account]] = defaultdict(list)
    for account in accounts:
        if account.currency:
            groups[account.patient_id, account.currency].append(account)
    return [
        _balance(patient_id, currency, theirs, today_at)
        for (patient_id, currency), theirs in sorted(groups.items())
    ]


def _balance(
    patient_id: UUID, currency: str, accounts: list[Account], today_at: Callable[[UUID], date]
) -> PatientBalance:
    charged = sum(one.charged for one in accounts)
    paid = sum(one.paid for one in accounts)
    return PatientBalance(
        patient_id=patient_id,
        currency=currency,
        charged=charged,
        paid=paid,
        balance=charged - paid,
        owes=sum(max(0, one.open) for one in accounts),
        overdue=sum(overdue(one, today_at(one.branch_id)) for one in accounts),
        credit=sum(max(0, -one.open) for one in accounts if one.status not in TO_COME),
        deposits=sum(one.paid for one in accounts if one.status in TO_COME),
    )


def payment_status(account: Account, *, gave_back: bool) -> PaymentStatus:
    """How a visit is paid, in one word. `gave_back`: something was refunded, which is why it may be unpaid."""
    if account.paid == 0:
        owed: PaymentStatus = "unpaid" if account.charged else "free"
        return "refunded" if gave_back else owed
    if account.open > 0:
        return "partly-paid"
    return "paid" if account.open == 0 else "overpaid"

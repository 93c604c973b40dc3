"""Who may do what: one table, and whatever does not stand in it is refused."""

from collections.abc import Iterable
from typing import Literal, get_args

from common.contracts.gateway import Role

Action = Literal[
    "patients.search",
    "patients.read",
    "patients.write",
    "appointments.read",
    "appointments.book",
    "appointments.overbook",
    "absences.write",
    "waitlist.work",
    "appointments.change",
    "appointments.complete",
    "appointments.correct",
    "visits.join",
    "referrals.read",
    "referrals.write",
    "payments.record",
    "payments.refund",
    "money.see",
    "day.close",
    "board.read",
    "tasks.read",
    "tasks.work",
    "messages.read",
    "conversations.work",
    "calls.read",
    "consents.read",
    "consents.write",
    "recall.read",
    "recall.write",
    "directory.read",
    "directory.write",
    "reports.read",
    "reports.money",
    "sending.brake",
    "policies.write",
    "templates.write",
    "audit.read",
    "staff.read",
    "staff.write",
    "api-keys.write",
    "events.listen",
    "account.own",
]

ACTIONS: tuple[Action, ...] = get_args(Action)
ROLES: tuple[Role, ...] = get_args(Role)

_EVERYBODY: frozenset[Action] = frozenset({"account.own", "directory.read", "events.listen"})

_PERMISSIONS: dict[str, frozenset[Action]] = {
    "reception": _EVERYBODY
    | {
        "absences.write", "waitlist.work", "patients.search", "patients.read", "patients.write", "referrals.read", "referrals.write",
        "appointments.read", "appointments.book", "appointments.change", "appointments.complete",
        "appointments.correct", "visits.join", "payments.record", "money.see", "day.close", "board.read", "tasks.read",
        "tasks.work", "calls.read", "messages.read", "conversations.work", "consents.read", "consents.write", "recall.read",
    },
    "delegate": _EVERYBODY
    | {
        "patients.search", "patients.read", "referrals.read", "appointments.read", "appointments.book",
        "appointments.change", "board.read", "messages.read", "consents.read", "consents.write",
    },
    "doctor": _EVERYBODY
    | {
        "absences.write", "patients.read", "referrals.read", "referrals.write", "appointments.read",
        "appointments.change", "appointments.complete", "visits.join", "board.read", "tasks.read", "tasks.work", "messages.read", "consents.read",
        "recall.read",
    },
    "manager": _EVERYBODY
    | {
        "patients.search", "patients.read", "patients.write", "referrals.read", "referrals.write",
        "absences.write", "waitlist.work", "appointments.read", "appointments.book", "appointments.overbook",
        "appointments.change", "appointments.complete",
        "appointments.correct", "visits.join", "payments.record", "payments.refund", "money.see", "day.close", "board.read",
        "tasks.read", "tasks.work", "calls.read", "messages.read", "conversations.work", "consents.read", "consents.write",
        "recall.read", "recall.write", "directory.write", "reports.read", "reports.money", "sending.brake", "policies.write", "templates.write",
        "audit.read", "staff.read",
    },
    "accounting": _EVERYBODY
    | {
        "appointments.read", "payments.record", "payments.refund", "money.see", "day.close", "board.read",
        "reports.read", "reports.money",
    },
    "admin": _EVERYBODY
    | {
        "directory.write", "recall.read", "recall.write", "sending.brake", "policies.write", "templates.write", "audit.read", "staff.read",
        "staff.write", "api-keys.write", "reports.read",
    },
}  # fmt: skip


def allowed(roles: Iterable[str], action: Action) -> bool:
    """Whether any of the roles may do it; unknown roles and unknown actions may not."""
    return any(action in _PERMISSIONS.get(role, frozenset()) for role in roles)


def bound_to_agendas(roles: Iterable[str]) -> bool:
    """Whether somebody sees the visits and patients of some practitioners only: doctors and delegates without another
    role. Nobody's, where no role is known."""
    return set(roles) & set(ROLES) <= {"doctor", "delegate"}


def sees_branch(branch_ids: Iterable[str], branch_id: str) -> bool:
    """An account without branches belongs to all of them."""
    wanted = set(branch_ids)
    return not wanted or branch_id in wanted


def of_role(role: Role) -> frozenset[Action]:
    """Everything one role may do."""
    return _PERMISSIONS[role]

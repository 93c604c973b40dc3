"""Passwords and sessions of staff."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from common.errors import Refused

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
TOUCH_AFTER = timedelta(seconds=30)
"""A session's last use is written down this often, not at every request."""

MINIMUM_LENGTH = 10
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50
FAILURE_WINDOW = timedelta(minutes=15)

_COMMON = frozenset(
    {
        "password123",
        "1234567890",
        "qwertyuiop",
        "administrator",
        "passwordpassword",
        "0123456789",
        "q1w2e3r4t5",
    }
)


class PasswordTooWeak(Refused):
    """Too short, too common, or made of the account's own name."""

    code = "password-too-weak"


class NotAuthenticated(Refused):
    """No valid session or key came with the request."""

    code = "not-authenticated"


class WrongCredentials(Refused):
    """One answer for an unknown e-mail, a wrong password and a closed account."""

    code = "wrong-credentials"


class TotpRequired(Refused):
    """The account has a second factor."""

    code = "totp-required"


class TooManyAttempts(Refused):
    """Wait: too many failed log-ins for this account or from this address."""

    code = "too-many-attempts"


class EmailTaken(Refused):
    """Somebody has an account under this address."""

    code = "email-taken"


class PractitionerTaken(Refused):
    """A practitioner has one account that is open."""

    code = "practitioner-taken"


class PractitionersByRole(Refused):
    """A delegate names whom they act for, and nobody else does; nobody is doctor and delegate in one account."""

    code = "practitioners-by-role"


@dataclass(frozen=True)
class Session:
    """One log-in. Instants are by the movable clock."""

    network_id: str
    staff_id: UUID
    roles: tuple[str, ...]
    branch_ids: tuple[str, ...]
    practitioner_id: UUID | None
    practitioner_ids: tuple[UUID, ...]
    display_name: str
    created_at: datetime
    last_seen_at: datetime


def agendas(practitioner_id: UUID | None, practitioner_ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """Whose agendas an account keeps: a doctor's its own, a delegate's those of others."""
    return practitioner_ids if practitioner_id is None else (practitioner_id, *practitioner_ids)


def check_practitioners(roles: Collection[str], practitioner_ids: Collection[UUID]) -> None:
    """Refuse a delegate of nobody, and delegation to another role: it would bind nothing, or bind a doctor wrongly."""
    if ("delegate" in roles) is not bool(practitioner_ids):
        raise PractitionersByRole("A delegate names the practitioners they act for, and nobody else does")
    if {"delegate", "doctor"} <= set(roles):
        raise PractitionersByRole("Who treats and who books for others have an account for each")


def check_password(password: str, *, email: str) -> None:
    """Long enough, not one of the first that are tried, and not the account's own name (NIST SP 800-63B)."""
    folded = password.casefold()
    if len(password) < MINIMUM_LENGTH:
        raise PasswordTooWeak(f"A password has at least {MINIMUM_LENGTH} characters", minimum=MINIMUM_LENGTH)
    if folded in _COMMON or len(set(folded)) < 4:
        raise PasswordTooWeak("This password is among the first that are tried")
    if folded in {email.casefold(), email.casefold().split("@", 1)[0]}:
        raise PasswordTooWeak("A password is not the name of its account")


def token_hash(token: str) -> str:
    """What is stored of a token: it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_holds(session: Session, *, now: datetime) -> bool:
    """Whether it was used within the idle time and is younger than the longest."""
    return now - session.last_seen_at < IDLE and now - session.created_at < LONGEST


def attempts_left(failures: int, most: int) -> bool:
    """Whether another log-in may be tried."""
    return failures < most

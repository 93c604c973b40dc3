"""Rows of the gateway's database, and their translation to values: one module per kind of thing."""

from gateway.tables.audit_log import append_at_once, append_audit, audit_after, audit_before, lock_chain
from gateway.tables.idempotency import FORGET_FAILURES, FORGET_KEYS, KNOWN_KEY, REMEMBER_KEY
from gateway.tables.networks import keep_network, networks
from gateway.tables.schema import metadata
from gateway.tables.sessions import (
    api_key,
    delete_session,
    delete_sessions_of,
    failures,
    insert_api_key,
    insert_session,
    record_failure,
    revoke_api_key,
    session,
    touch_session,
)
from gateway.tables.staff import (
    Account,
    account,
    accounts,
    claim_email,
    confirm_totp,
    insert_account,
    login_of,
    put_totp_pending,
    update_account,
    use_totp,
)

__all__ = [
    "FORGET_FAILURES",
    "FORGET_KEYS",
    "KNOWN_KEY",
    "REMEMBER_KEY",
    "Account",
    "account",
    "accounts",
    "api_key",
    "append_at_once",
    "append_audit",
    "audit_after",
    "audit_before",
    "claim_email",
    "confirm_totp",
    "delete_session",
    "delete_sessions_of",
    "failures",
    "insert_account",
    "insert_api_key",
    "insert_session",
    "keep_network",
    "lock_chain",
    "login_of",
    "metadata",
    "networks",
    "put_totp_pending",
    "record_failure",
    "revoke_api_key",
    "session",
    "touch_session",
    "update_account",
    "use_totp",
]

"""The memory of idempotency keys, and what is forgotten in the background."""

import sqlalchemy as sa

from common.statements import SCOPE, Statement

REMEMBER_KEY = Statement(
    f"WITH {SCOPE} INSERT INTO idempotency (network_id, principal, route, key, body_mac, minted)"  # noqa: S608
    " SELECT network_id, :principal, :route, :key, :mac, :minted FROM scope"
    " ON CONFLICT DO NOTHING RETURNING minted"
)

KNOWN_KEY = sa.text(
    "SELECT body_mac, minted FROM idempotency"
    " WHERE network_id = :network AND principal = :principal AND route = :route AND key = :key"
)
FORGET_KEYS = sa.text("DELETE FROM idempotency WHERE recorded_at < :before")
FORGET_FAILURES = sa.text("DELETE FROM login_failures WHERE at < :before")

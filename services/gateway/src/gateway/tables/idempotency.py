"""The memory of idempotency keys, and what is forgotten in the background."""

import sqlalchemy as sa

REMEMBER_KEY = sa.text(
    "WITH ctx AS MATERIALIZED (SELECT set_config('app.network', :network, true) AS network)"
    " INSERT INTO idempotency (network_id, principal, route, key, body_mac, minted)"
    " SELECT network, :principal, :route, :key, :mac, :minted FROM ctx"
    " ON CONFLICT DO NOTHING RETURNING minted"
)
"""One statement, so that it may run without a transaction of its own."""

KNOWN_KEY = sa.text(
    "SELECT body_mac, minted FROM idempotency"
    " WHERE network_id = :network AND principal = :principal AND route = :route AND key = :key"
)
FORGET_KEYS = sa.text("DELETE FROM idempotency WHERE recorded_at < :before")
FORGET_FAILURES = sa.text("DELETE FROM login_failures WHERE at < :before")

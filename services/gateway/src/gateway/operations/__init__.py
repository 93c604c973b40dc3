"""What the gateway does by itself: accounts, log-ins, keys, the audit log and the memory of idempotency keys."""

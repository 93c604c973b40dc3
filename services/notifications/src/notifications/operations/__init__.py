"""What this service does: one function per thing, one transaction each."""

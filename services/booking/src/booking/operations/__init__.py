"""What booking does: one function per thing, one transaction each."""

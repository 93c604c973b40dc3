"""What booking can be asked: one function per question, always answered by the primary."""

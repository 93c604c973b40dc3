"""When, how and in which words a patient is written to: pure, without I/O and without a clock."""

"""What booking decides: values, functions and refusals, without I/O and without a clock."""

"""`python -m devkit.cli`."""

from devkit.cli import main

main()

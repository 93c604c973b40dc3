"""Migrations of booking; what they have in common is in `common.migrate`."""

from common.migrate import run_environment

run_environment()

"""Alembic's environment: the same in every service."""

from common.migrate import run_environment

run_environment()

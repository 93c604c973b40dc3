"""Nothing of this differs between services."""

from common.migrate import run_environment

run_environment()

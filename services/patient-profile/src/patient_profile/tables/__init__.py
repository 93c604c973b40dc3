"""Rows of people and tasks, and their translation to values."""

from patient_profile.tables.schema import metadata

__all__ = ["metadata"]

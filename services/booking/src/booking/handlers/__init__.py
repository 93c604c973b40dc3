"""Subject to operation or query: translates, and decides nothing."""

from booking.handlers import appointments, directory, money, questions, queue, referrals, schedule
from booking.handlers.parts import Parts, answers

__all__ = [
    "Parts",
    "answers",
    "appointments",
    "directory",
    "money",
    "questions",
    "queue",
    "referrals",
    "schedule",
]

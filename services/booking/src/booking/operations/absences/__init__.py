"""Taking somebody's time out of the schedule, and finding other times for those who had it."""

from booking.operations.absences.blocking import block_again, close_branches_for
from booking.operations.absences.displacing import remind
from booking.operations.absences.saving import break_promise, end, put

__all__ = ["block_again", "break_promise", "close_branches_for", "end", "put", "remind"]

"""Filling freed slots from the waitlist: one offer at a time, each on a held slot, and one acceptance."""

from booking.operations.waitlist.answering import accept, decline, due, join, leave
from booking.operations.waitlist.ending import lose
from booking.operations.waitlist.offering import freed, offer_freed

__all__ = ["accept", "decline", "due", "freed", "join", "leave", "lose", "offer_freed"]

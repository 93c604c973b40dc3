"""Conversations with patients: booking by chat, what is said in it, and the hand-over to a person and back."""

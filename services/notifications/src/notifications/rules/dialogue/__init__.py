"""Booking by chat as a pure state machine.

The state and what was said give the next state, what to say, and what an owner has to be asked for; an owner's answer
is given back to it in the same way. Nothing here reads a clock, a database or a network.
"""

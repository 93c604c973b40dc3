"""Decisions of the gateway: who may do what, how long a session lasts, what a webhook's signature must be."""

"""Telephone calls: their states as the telephony tells them, and conversations by keypad."""

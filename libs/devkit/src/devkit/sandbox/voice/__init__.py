"""Telephone calls by an API compatible with Twilio: the clinic's to a phone, and a phone's to the clinic."""

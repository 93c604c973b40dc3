"""SMS by an API compatible with Twilio."""

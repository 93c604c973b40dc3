"""SMS by Kavenegar's API."""

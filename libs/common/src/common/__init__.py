"""What every service needs, and nothing of one service."""

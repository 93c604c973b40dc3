"""What the gateway finds out: who is asking, the public directory, and views composed of several owners' answers."""

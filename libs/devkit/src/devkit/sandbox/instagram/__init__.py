"""Instagram Direct, by Meta's Messenger Platform."""

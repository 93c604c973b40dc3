"""The network's own words: drafts, published versions, and what is in force."""

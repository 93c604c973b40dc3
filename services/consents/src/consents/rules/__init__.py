"""What consents decides: who may be contacted for what and how, and who may say so. Pure."""

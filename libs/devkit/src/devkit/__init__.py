"""What development and tests need around the services: never imported by production."""

"""Real appointments, made, kept or missed once more: the whole product against a file of a city's public clinics."""

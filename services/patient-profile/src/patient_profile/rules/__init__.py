"""What patient-profile decides: names, phones, who may see what, what a change of a card means. Pure."""

"""The HTTP interface: one module per area, each with its router; `areas` puts them together."""

"""What services say to each other: one module per owner, one class per message.

A service may import any of these; it never imports another service. Everything here is additive inside a
major version, and each class has a JSON-schema snapshot under test.
"""

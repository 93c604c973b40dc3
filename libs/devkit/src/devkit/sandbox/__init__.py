"""The provider sandbox: providers' real wire formats in front, the phones of invented patients behind.

It also keeps the development clock. Production never imports it.
"""

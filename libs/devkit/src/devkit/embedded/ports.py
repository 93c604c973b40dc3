"""Ports on loopback: finding free ones, and saying which are busy."""

import random
import socket

from devkit.errors import CannotStart

# Below the range from which systems take the ports of outgoing connections (Linux: from 32768), so that no
# connection of ours sits on a server's port while that server is being restarted.
RANGE = range(20000, 32000)
LOOPBACK = "127.0.0.1"

_given: set[int] = set()
"""Free or not, these have an owner in this process, who may not listen yet."""


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free(count: int) -> list[int]:
    """Free ports that were never given before, drawn at random so that two starts side by side rarely meet."""
    found: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if len(found) == count:
            break
        if port not in _given and is_free(port):
            found.append(port)
    if len(found) < count:
        raise CannotStart(f"no {count} free ports between {RANGE.start} and {RANGE.stop}")
    _given.update(found)
    return found


def chosen(name: str, text: str) -> int:
    """A port that a person chose by the setting `name`; refuses one that is none, or busy."""
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise CannotStart(f"{name} is no port: {text}")
    if not is_free(port):
        raise CannotStart(f"port {port} is busy: stop what uses it, or set {name} to another port")
    _given.add(port)
    return port

"""Ports for servers that have to be told theirs before they listen."""

import random
import socket

# Below those from which systems give outgoing connections theirs (Linux: 32768, others: 49152): one
# that was free a moment ago would now and then be taken by a connection of somebody beside us.
FIRST, LAST = 20_000, 32_000
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    for port in random.SystemRandom().sample(range(FIRST, LAST), 100):
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise AssertionError("a hundred ports, and none is free")

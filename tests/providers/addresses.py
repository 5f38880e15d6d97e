"""Name resolution by a list, so that tests ask no network."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class Addresses(AbstractResolver):
    """A resolver that knows a few names and remembers what it was asked."""

    def __init__(self, **known: str) -> None:
        self._known = {name.replace("_", "."): address for name, address in known.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self._known:
            raise OSError("no such name")
        address = self._known[host]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass

"""Faults on demand, as tests write them."""

from collections.abc import Mapping

from bot.sandbox.discord.faults import Cut, Deliveries, RequestFault, RequestFaults, SocketFault
from bot.sandbox.discord.front import Front
from bot.sandbox.discord.gateway import Gateway


class Faults:
    """Arms faults for coming requests, and spoils the sockets that are open now."""

    def __init__(
        self,
        *,
        requests: RequestFaults,
        deliveries: Deliveries,
        front: Front,
        gateway: Gateway,
    ) -> None:
        self._requests = requests
        self._deliveries = deliveries
        self._front = front
        self._gateway = gateway

    def add(  # noqa: PLR0913 -- each is a way in which a request can fail
        self,
        method: str,
        pattern: str,
        *,
        status: int | None = None,
        code: int = 0,
        says: str | None = None,
        headers: Mapping[str, str] | None = None,
        delay_s: float = 0.0,
        cut: str | None = None,
        times: int = 1,
    ) -> None:
        """Spoil the next `times` requests that match, e.g. `"PATCH", "/webhooks/*/@original"`.

        A status answers in the handler's place, with Discord's `code` if one is given, or with
        what it `says` and its `headers`; a cut ("before", "after", "body") breaks the connection;
        a delay comes first, in the clock's time.
        """
        fault = RequestFault(
            status=status,
            code=code,
            says=says,
            headers=headers or {},
            delay_s=delay_s,
            cut=None if cut is None else Cut(cut),
        )
        self._requests.arm(method, pattern, fault, times=times)

    def socket(self, what: str) -> None:
        """Spoil every open gateway connection: cut, silence, partial, reconnect, invalidate."""
        fault = SocketFault(what)
        if fault is SocketFault.INVALIDATE:
            self._gateway.forget_all()
        self._front.break_sockets(fault)

    def clear(self) -> None:
        """Disarm what has not fired yet, deliveries that were to go wrong included."""
        self._requests.clear()
        self._deliveries.clear()

"""What the Horde holds against, and for, an address: timeouts after abuse, trust after a trusted key."""

from bot.sandbox.clock import Clock

TRUSTED_S = 24 * 3600.0
MEMORY_S = 24 * 3600.0
FIRST_TIMEOUT_S = 180.0
LONGER_EACH_TIME_S = 360.0  # 3 minutes, then 9, 15, 21


class Addresses:
    """Kept per server process; a restart forgets the trust, the penalties too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._trusted_until_s: dict[str, float] = {}
        self._out_until_s: dict[str, float] = {}
        self._offences_s: dict[str, list[float]] = {}

    def trust(self, ip: str) -> None:
        """Let an address submit more often for a day."""
        self._trusted_until_s[ip] = self._clock.elapsed_s() + TRUSTED_S

    def is_trusted(self, ip: str) -> bool:
        """Tell whether a trusted key has posted from here lately."""
        return self._trusted_until_s.get(ip, 0.0) > self._clock.elapsed_s()

    def punish(self, ip: str) -> None:
        """Put an address into timeout for an abusive prompt, longer each time."""
        now_s = self._clock.elapsed_s()
        recent = [at_s for at_s in self._offences_s.get(ip, []) if now_s - at_s < MEMORY_S]
        self._offences_s[ip] = [*recent, now_s]
        self.time_out(ip, FIRST_TIMEOUT_S + LONGER_EACH_TIME_S * len(recent))

    def time_out(self, ip: str, seconds: float) -> None:
        """Refuse submits from an address for a while."""
        self._out_until_s[ip] = self._clock.elapsed_s() + seconds

    def timeout_left_s(self, ip: str) -> float:
        """Return how long an address still has to wait; 0 when it need not."""
        return max(0.0, self._out_until_s.get(ip, 0.0) - self._clock.elapsed_s())

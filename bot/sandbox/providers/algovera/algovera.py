"""The sandbox Algovera as tests and the demo hold it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Self

from bot.sandbox.clock import Clock
from bot.sandbox.providers.algovera.jobs import Account, JobState
from bot.sandbox.providers.algovera.routes import Api
from bot.sandbox.providers.algovera.rules import AlgoveraRules
from bot.sandbox.providers.algovera.world import World
from bot.sandbox.providers.calls import CallLog
from bot.sandbox.providers.faults import Faults
from bot.sandbox.providers.server import LoopbackServer
from bot.sandbox.providers.studio import Studio

CREDITS_USUAL = 1_000


class SandboxAlgovera:
    """An Algovera Flow API on a loopback port; use it as an async context manager.

    A clock given replaces the one with the rules' speed.
    """

    def __init__(self, rules: AlgoveraRules | None = None, *, clock: Clock | None = None) -> None:
        rules = rules or AlgoveraRules()
        self.clock = clock or Clock(speed=rules.speed)
        self.calls = CallLog()
        self.faults = Faults()
        self._studio = Studio()
        self._world = World(rules=rules, clock=self.clock, studio=self._studio)
        self.truth = self._world.truth
        self.script = self._world.scripts
        self._server = LoopbackServer(
            name="api", clock=self.clock, calls=self.calls, faults=self.faults
        )
        api = Api(self._world)
        self._server.speaks(api.routes(), unknown=api.unknown)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._server.stop()
        await self._studio.close()

    @property
    def url(self) -> str:
        """The base address of the API, as a client's setting takes it."""
        return self._server.origin

    @property
    def rules(self) -> AlgoveraRules:
        """The rules in force."""
        return self._world.rules

    def switch(self, **switches: Any) -> None:
        """Change rules while it runs: `switch(strips_get_bodies=True)`."""
        self._world.rules = replace(self._world.rules, **switches)

    def add_key(
        self,
        key: str,
        *,
        credits: int = CREDITS_USUAL,  # noqa: A002 - the service's word
        has_user: bool = True,
        is_expired: bool = False,
    ) -> Account:
        """Make a key known; the account returned may be changed while it runs."""
        account = Account(key=key, credits=credits, has_user=has_user, is_expired=is_expired)
        self._world.add(account)
        return account

    def expire_key(self, key: str, *, is_expired: bool = True) -> None:
        """Refuse a known key, or take it again; what was asked for with it stays its own."""
        self._world.expire(key, is_expired=is_expired)

    def hold(self, remote_id: str) -> None:
        """Stop time for a job that is not over."""
        job = self.truth.job(remote_id)
        if job.state(self.clock.elapsed_s()) is JobState.CREATED:
            job.ready_at_s = None

    def finish(self, remote_id: str) -> None:
        """Let a job end now, as its script says."""
        self.truth.job(remote_id).ready_at_s = self.clock.elapsed_s()

    async def picture(self, remote_id: str) -> bytes:
        """Return the bytes of a job's picture, whether or not anybody may have them yet."""
        return await self._studio.picture(self.truth.job(remote_id).wish)

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections while the block runs."""
        return self._server.refusing()

    async def restart(self, *, with_memory: bool) -> None:
        """Go down and come back on the same port; without memory, every job is unknown."""
        async with self._server.refusing():
            if not with_memory:
                self._world.forget()

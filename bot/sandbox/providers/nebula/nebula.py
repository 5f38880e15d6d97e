"""The sandbox Nebula Block as tests and the demo hold it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Self

from bot.sandbox.clock import Clock
from bot.sandbox.providers.calls import CallLog
from bot.sandbox.providers.faults import Faults
from bot.sandbox.providers.nebula.accounts import MICROS, Account
from bot.sandbox.providers.nebula.chat import Chat
from bot.sandbox.providers.nebula.jobs import Job
from bot.sandbox.providers.nebula.routes import Api
from bot.sandbox.providers.nebula.rules import NebulaRules
from bot.sandbox.providers.nebula.world import World
from bot.sandbox.providers.server import LoopbackServer
from bot.sandbox.providers.studio import Studio

PREFIX, CHAT_PREFIX = "/api/v1", "/v1"
DOLLARS_USUAL = 20.0


class SandboxNebula:
    """A Nebula Block on two loopback ports, one for pictures and one for the chat.

    Use it as an async context manager. A clock given replaces the one with the rules' speed.
    """

    def __init__(self, rules: NebulaRules | None = None, *, clock: Clock | None = None) -> None:
        rules = rules or NebulaRules()
        self.clock = clock or Clock(speed=rules.speed)
        self.calls = CallLog()
        self.faults = Faults()
        self._studio = Studio()
        self._world = World(rules=rules, clock=self.clock, studio=self._studio)
        self.truth = self._world.truth
        self.script = self._world.scripts
        api = Api(self._world)
        chat = Chat(self._world, api)
        self._api, self._chat = self._host("api"), self._host("inference")
        self._api.speaks(
            api.routes(), prefix=PREFIX, key_header="authorization", unknown=api.unknown
        )
        self._chat.speaks(
            chat.routes(), prefix=CHAT_PREFIX, key_header="authorization", unknown=api.unknown
        )

    async def __aenter__(self) -> Self:
        await self._api.start()
        await self._chat.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._chat.stop()
        await self._api.stop()
        await self._studio.close()

    @property
    def url(self) -> str:
        """The base address of the API, as a client's setting takes it."""
        return self._api.origin + PREFIX

    @property
    def chat_url(self) -> str:
        """The base address of the chat."""
        return self._chat.origin + CHAT_PREFIX

    @property
    def rules(self) -> NebulaRules:
        """The rules in force."""
        return self._world.rules

    def switch(self, **switches: Any) -> None:
        """Change rules while it runs: `switch(error_shape="nested")`."""
        self._world.rules = replace(self._world.rules, **switches)

    def add_key(
        self,
        key: str,
        *,
        dollars: float = DOLLARS_USUAL,
        is_expired: bool = False,
        plan_models: frozenset[str] | None = None,
    ) -> Account:
        """Make a key known; the account returned may be changed while it runs."""
        account = Account(
            key=key,
            micros=round(dollars * MICROS),
            is_expired=is_expired,
            plan_models=plan_models,
        )
        self._world.accounts.add(account)
        return account

    def expire_key(self, key: str, *, is_expired: bool = True) -> None:
        """Refuse a known key, or take it again; what was asked for with it stays its own."""
        self._world.accounts.expire(key, is_expired=is_expired)

    def finish(self, job: Job) -> None:
        """Let a call end now, as its script says."""
        job.ready_at_s = self.clock.elapsed_s()
        job.wake.set()

    async def pictures(self, job: Job) -> list[bytes]:
        """Return the bytes of a call's pictures, whether or not it was answered yet."""
        return await self._world.pictures(job)

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections of the API while the block runs; calls in work are cut."""
        return self._api.refusing()

    async def restart(self) -> None:
        """Go down and come back on the same port; whoever waits for a picture is cut off."""
        async with self._api.refusing():
            pass

    def _host(self, name: str) -> LoopbackServer:
        return LoopbackServer(name=name, clock=self.clock, calls=self.calls, faults=self.faults)

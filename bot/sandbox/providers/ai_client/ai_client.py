"""The sandbox ai-client as tests and the demo hold it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Self

from bot.sandbox.clock import Clock
from bot.sandbox.providers.ai_client.routes import Api
from bot.sandbox.providers.ai_client.rules import AiClientRules
from bot.sandbox.providers.ai_client.storage import Storage
from bot.sandbox.providers.ai_client.threads import Account
from bot.sandbox.providers.ai_client.world import World
from bot.sandbox.providers.calls import CallLog
from bot.sandbox.providers.faults import Faults
from bot.sandbox.providers.server import LoopbackServer
from bot.sandbox.providers.studio import Studio

PREFIX = "/api/v1"
CREDITS_USUAL = 10_000


class SandboxAiClient:
    """An ai-client.com on two loopback ports, one for the API and one for the pictures.

    Use it as an async context manager. A clock given replaces the one with the rules' speed.
    A thread's guid names the requests in it: whoever follows the document has one in each.
    """

    def __init__(self, rules: AiClientRules | None = None, *, clock: Clock | None = None) -> None:
        rules = rules or AiClientRules()
        self.clock = clock or Clock(speed=rules.speed)
        self.calls = CallLog()
        self.faults = Faults()
        self._studio = Studio()
        self._api = self._host("api")
        self._pictures = self._host("storage")
        self._storage = Storage(self._pictures, self._studio)
        self._world = World(rules=rules, clock=self.clock, storage=self._storage)
        self.truth = self._world.truth
        self.script = self._world.scripts
        api = Api(self._world)
        self._api.speaks(
            api.routes(), prefix=PREFIX, key_header="authorization", unknown=api.unknown
        )

    async def __aenter__(self) -> Self:
        await self._pictures.start()
        await self._api.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._api.stop()
        await self._pictures.stop()
        await self._studio.close()

    @property
    def url(self) -> str:
        """The base address of the API, as a client's setting takes it."""
        return self._api.origin + PREFIX

    @property
    def images_origin(self) -> str:
        """Scheme, host and port of the pictures."""
        return self._pictures.origin

    @property
    def rules(self) -> AiClientRules:
        """The rules in force."""
        return self._world.rules

    def switch(self, **switches: Any) -> None:
        """Change rules while it runs: `switch(calls_per_min=60)`."""
        self._world.rules = replace(self._world.rules, **switches)

    def add_key(self, key: str, *, credits: int = CREDITS_USUAL) -> Account:  # noqa: A002 - the service's word
        """Make a bearer token known; the account returned may be changed while it runs."""
        account = Account(key=key, credits=credits)
        self._world.add(account)
        return account

    def expire_key(self, key: str, *, is_expired: bool = True) -> None:
        """Refuse a known token, or take it again; what was asked for with it stays its own."""
        self._world.expire(key, is_expired=is_expired)

    def hold(self, thread_guid: str) -> None:
        """Stop time for the requests of a thread that still wait."""
        for request in self.truth.thread(thread_guid).requests:
            if request.is_waiting(self.clock.elapsed_s()):
                request.ready_at_s = None

    def finish(self, thread_guid: str) -> None:
        """Let the requests of a thread end now, responses and all, as their scripts say."""
        for request in self.truth.thread(thread_guid).requests:
            request.ready_at_s = self.clock.elapsed_s() - request.script.gap_s

    async def pictures(self, thread_guid: str) -> list[bytes]:
        """Return the bytes of a thread's pictures, in order, whether or not they are listed yet."""
        requests = self.truth.thread(thread_guid).requests
        return [
            await self._storage.picture(image) for request in requests for image in request.images
        ]

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections to the API while the block runs."""
        return self._api.refusing()

    def refusing_pictures(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections to the picture host while the block runs."""
        return self._pictures.refusing()

    async def restart(self, *, with_memory: bool) -> None:
        """Go down and come back on the same port; pictures outlive it, threads may not."""
        async with self._api.refusing():
            if not with_memory:
                self._world.forget()

    def _host(self, name: str) -> LoopbackServer:
        return LoopbackServer(name=name, clock=self.clock, calls=self.calls, faults=self.faults)

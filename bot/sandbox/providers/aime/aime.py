"""The sandbox AIME server as tests and the demo hold it."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Self, TypedDict, Unpack

from bot.sandbox.clock import Clock
from bot.sandbox.providers.aime import answers, talk
from bot.sandbox.providers.aime.endpoints import Fields
from bot.sandbox.providers.aime.routes import Api
from bot.sandbox.providers.aime.rules import AimeRules
from bot.sandbox.providers.aime.world import World
from bot.sandbox.providers.calls import CallLog
from bot.sandbox.providers.faults import Faults
from bot.sandbox.providers.server import LoopbackServer
from bot.sandbox.providers.studio import Studio


class EndpointWishes(TypedDict, total=False):
    """What `SandboxAime.endpoint` can change; see `Endpoint`."""

    workers: int
    max_queue_length: int
    max_time_in_queue: float
    is_enabled: bool
    inputs: Fields
    outputs: Fields
    progress: Fields


class Switches(TypedDict, total=False):
    """The rules that `SandboxAime.switch` can change while it runs; see `AimeRules`."""

    takes_media: bool
    shows_workers: bool
    is_older: bool
    process_count: int
    blocking_timeout_s: float


class SandboxAime:
    """An AIME API server on a loopback port. Use it as an async context manager.

    A clock given replaces the one with the rules' speed.
    """

    def __init__(self, rules: AimeRules | None = None, *, clock: Clock | None = None) -> None:
        rules = rules or AimeRules()
        self.clock = clock or Clock(speed=rules.speed)
        self.calls = CallLog()
        self.faults = Faults()
        self._studio = Studio()
        self._host = LoopbackServer(
            name="aime", clock=self.clock, calls=self.calls, faults=self.faults
        )
        self._world = World(rules=rules, clock=self.clock, studio=self._studio)
        self.truth = self._world.truth
        self.script = self._world.scripts
        api = Api(self._world)
        self._host.speaks(api.routes(), key_header="authorization", unknown=api.unknown)
        self._heartbeat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._host.start()
        self._heartbeat = asyncio.create_task(self._world.queue.run())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._heartbeat is not None
        await self._host.stop()
        self._heartbeat.cancel()
        (end,) = await asyncio.gather(self._heartbeat, return_exceptions=True)
        await self._studio.close()
        if isinstance(end, Exception):  # a heartbeat that died is our bug: say so
            raise end

    @property
    def url(self) -> str:
        """The base address, as a client's setting takes it."""
        return self._host.origin

    @property
    def rules(self) -> AimeRules:
        """The rules in force."""
        return self._world.rules

    @property
    def worker_secret(self) -> str:
        """What workers prove themselves with; progress answers give it away."""
        return self._world.worker_secret

    def switch(self, **switches: Unpack[Switches]) -> None:
        """Change rules while it runs: `switch(takes_media=False)`."""
        self._world.rules = replace(self._world.rules, **switches)

    def add_key(self, key: str, *, endpoints: Sequence[str] | None = None) -> None:
        """Let a key in, to all endpoints or to some."""
        self._world.keys.add(key, endpoints=endpoints)

    def revoke_key(self, key: str) -> None:
        """Take a key back; sessions begun with it go on."""
        self._world.keys.revoke(key)

    def endpoint(self, name: str, **wishes: Unpack[EndpointWishes]) -> None:
        """Change an endpoint: `endpoint("flux-dev", workers=0)` sends its workers home."""
        self._world.put_endpoint(replace(self._world.endpoints[name], **wishes))

    def hold(self, remote_id: str) -> None:
        """Stop time for a request."""
        self._world.queue.hold(self.truth.job(remote_id))

    def release(self, remote_id: str) -> None:
        """Let time go on for a request that was held."""
        self._world.queue.release(self.truth.job(remote_id))

    def step(self, remote_id: str) -> None:
        """Do the next step of a held request: take it up, send an update, or the result."""
        self._world.queue.step(self.truth.job(remote_id))

    def finish(self, remote_id: str) -> None:
        """Do all remaining steps of a request now."""
        self._world.queue.finish(self.truth.job(remote_id))

    def lose(self, remote_id: str) -> None:
        """Forget a request, as if its process had been started again."""
        self._world.queue.forget(self.truth.job(remote_id))

    async def pictures(self, remote_id: str) -> list[bytes]:
        """Return the bytes of a request's pictures, whether or not anybody may have them yet."""
        return await answers.pictures(self._world, self.truth.job(remote_id))

    def said(self, remote_id: str) -> str:
        """Return the whole answer of a chat."""
        return talk.reply(self.truth.job(remote_id))

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections while the block runs."""
        return self._host.refusing()

    async def restart(self, *, with_memory: bool) -> None:
        """Go down and come back on the same port; the real server has no memory to come back with."""
        async with self._host.refusing():
            if not with_memory:
                self._world.lose_memory()

"""The sandbox Horde as tests and the demo hold it."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Self, TypedDict, Unpack

from bot.sandbox.clock import Clock
from bot.sandbox.providers.calls import CallLog
from bot.sandbox.providers.faults import Faults
from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.picture_host import PictureHost
from bot.sandbox.providers.horde.routes import Api
from bot.sandbox.providers.horde.rules import Baseline, HordeRules, Model
from bot.sandbox.providers.horde.styles.book import Style
from bot.sandbox.providers.horde.world import World
from bot.sandbox.providers.server import LOOPBACK, LoopbackServer
from bot.sandbox.providers.studio import Studio

PREFIX = "/api/v2"


class ModelWishes(TypedDict, total=False):
    """What `SandboxHorde.model` can set; see `Model`."""

    baseline: Baseline
    count: int
    eta: int
    performance: float
    queued: float
    jobs: float
    steps_max: int


class StyleWishes(TypedDict, total=False):
    """What `SandboxHorde.style` can set; see `Style`."""

    creator: str
    info: str
    prompt: str
    params: Mapping[str, object]
    models: tuple[str, ...]
    tags: tuple[str, ...]
    nsfw: bool
    public: bool
    use_count: int


class Switches(TypedDict, total=False):
    """The rules that `SandboxHorde.switch` can change while it runs; see `HordeRules`."""

    limited: bool
    https_only_webhooks: bool
    maintenance: bool
    cold_models: bool
    heartbeat: str
    worker_count: int
    thread_count: int
    text_worker_count: int
    text_thread_count: int
    alchemist_count: int
    alchemist_thread_count: int
    link_lifetime_s: float
    picture_lifetime_s: float


class SandboxHorde:
    """An AI Horde on two loopback ports, one for the API and one for the pictures.

    Use it as an async context manager. A clock given replaces the one with the rules' speed.
    """

    def __init__(self, rules: HordeRules | None = None, *, clock: Clock | None = None) -> None:
        rules = rules or HordeRules()
        self.clock = clock or Clock(speed=rules.speed)
        self.calls = CallLog()
        self.faults = Faults()
        self._studio = Studio()
        self._api = self._host("api", rules)
        self._images = self._host("images", rules)
        self._pictures = PictureHost(self._images, clock=self.clock)
        self._world = World(rules=rules, clock=self.clock, host=self._pictures, studio=self._studio)
        self.truth = self._world.truth
        self.script = self._world.pictures.scripts
        self.text_script = self._world.texts.scripts
        self.alchemy_script = self._world.alchemy.scripts
        api = Api(self._world)
        self._api.speaks(api.routes(), prefix=PREFIX, key_header="apikey", unknown=api.unknown)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._images.start()
        await self._api.start()
        self._tasks = [
            asyncio.create_task(self._world.pictures.queue.run()),
            asyncio.create_task(self._world.texts.queue.run()),
            asyncio.create_task(self._world.alchemy.queue.run()),
            asyncio.create_task(self._world.webhooks.run()),
        ]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._api.stop()
        await self._images.stop()
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._studio.close()
        for end in ends:
            if isinstance(end, Exception):  # a heartbeat that died is our bug: say so
                raise end

    @property
    def url(self) -> str:
        """The base address of the API, as a client's setting takes it."""
        return self._api.origin + PREFIX

    @property
    def images_origin(self) -> str:
        """Scheme, host and port of the pictures."""
        return self._images.origin

    @property
    def rules(self) -> HordeRules:
        """The rules in force."""
        return self._world.rules

    def switch(self, **switches: Unpack[Switches]) -> None:
        """Change rules while it runs: `switch(maintenance=True)`."""
        self._world.rules = replace(self._world.rules, **switches)

    def add_key(
        self,
        key: str,
        *,
        username: str,
        kudos: float = 0.0,
        concurrency: int = 30,
        trusted: bool = False,
        is_service: bool = False,
    ) -> Account:
        """Register a user ("alias#id") under a key."""
        return self._world.accounts.add(
            key,
            username=username,
            kudos=kudos,
            concurrency=concurrency,
            trusted=trusted,
            is_service=is_service,
        )

    def share_key(self, key: str, *, name: str, kudos: float) -> SharedKey:
        """Lend kudos of a key's account under a new key, `.shared_id`."""
        return self._world.accounts.share(
            key, shared_id=self._world.new_id(), name=name, kudos=kudos
        )

    def model(self, name: str, **wishes: Unpack[ModelWishes]) -> None:
        """Add a model, or change one: `model("Deliberate", count=0)` sends its workers home."""
        known = self._world.models.get(name) or Model(name=name)
        self._world.models[name] = replace(known, **wishes)

    def text_model(self, name: str, **wishes: Unpack[ModelWishes]) -> None:
        """Add a model of texts, or change one."""
        known = self._world.text_models.get(name) or Model(name=name)
        self._world.text_models[name] = replace(known, **wishes)

    def style(self, name: str, **wishes: Unpack[StyleWishes]) -> None:
        """Add a style that requests may name."""
        given: StyleWishes = {"creator": "workerowner#1", **wishes}
        self._world.styles.add(Style(style_id=self._world.new_id(), name=name, **given))

    def time_out(self, seconds: float) -> None:
        """Put loopback into timeout, as after an abusive prompt."""
        self._world.addresses.time_out(LOOPBACK, seconds)

    def hold(self, remote_id: str) -> None:
        """Stop time for a request."""
        self._world.hands_on(remote_id).hold()

    def release(self, remote_id: str) -> None:
        """Let time go on for a request that was held."""
        self._world.hands_on(remote_id).release()

    def step(self, remote_id: str) -> None:
        """Do the next step of a held request: take up a part, or deliver it and take up the next."""
        self._world.hands_on(remote_id).step()

    def finish(self, remote_id: str) -> None:
        """Do all remaining steps of a request now."""
        self._world.hands_on(remote_id).finish()

    async def picture(self, picture_id: str) -> bytes:
        """Return a picture's bytes as its worker uploaded them."""
        return await self._pictures.picture(picture_id)

    async def webhooks_sent(self) -> None:
        """Return when every webhook that was due has been tried."""
        await self._world.webhooks.sent_all()

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections to the API while the block runs."""
        return self._api.refusing()

    def refusing_pictures(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections to the picture host while the block runs."""
        return self._images.refusing()

    async def restart(self, *, with_memory: bool) -> None:
        """Go down and come back on the same port; pictures outlive it, limits and webhooks do not."""
        async with self._api.refusing():
            if with_memory:
                self._world.restart_process()
            else:
                self._world.lose_memory()

    def _host(self, name: str, rules: HordeRules) -> LoopbackServer:
        return LoopbackServer(
            name=name,
            clock=self.clock,
            calls=self.calls,
            faults=self.faults,
            distance_s=rules.distance_s,
        )

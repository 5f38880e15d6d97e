"""What a chaos run has to know of a provider: what befalls its calls, how its jobs end, what it made."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.bench.pixels import pixels_of
from bot.domain.requests import AlchemyRequest, Request

Facts = Mapping[str, object]
Server = Any
"""A small provider; each has scripts, faults and ways to go away of its own kind."""
Route = tuple[str, str]
Befalls = Callable[[Server, float], Awaitable[None]]
"""Let something go wrong with a small provider for so many seconds, and be well again."""

DRAW, ASK, DESCRIBE, UPSCALE = "/imagine", "/ask", "/describe", "/upscale"

FAULTS: tuple[Facts, ...] = (
    {"kind": "html"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429},
    {"kind": "xml"},
    {"kind": "empty"},
    {"kind": "redirect"},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "truncated"},
    {"kind": "wrong_type"},
    {"kind": "slow", "delay_s": 0.7},
    {"kind": "silence", "delay_s": 0.7},
    {"kind": "drip", "delay_s": 0.7},
)
"""What networks, proxies and overloaded machines do to a call, whoever is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """How the next requests at a desk of a small provider go; each submit takes the next one.

    `spans` are seconds of the sandbox's clock. An end that is `slow` keeps a job for many seconds.
    """

    desk: str  # the small provider's attribute that takes scripts
    ends: tuple[str, ...]
    slow: tuple[str, ...] = ()
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    quirks: tuple[Facts, ...] = ({},)

    def drawn(self, chance: random.Random, *, is_short: bool) -> Facts:
        """Return the script of one request."""
        ends = self.ends if is_short else self.ends + self.slow
        times = {name: round(chance.uniform(*span), 2) for name, span in self.spans.items()}
        return {"outcome": chance.choice(ends), **times, **chance.choice(self.quirks)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One result that a provider handed out: what it is, and in what words it was asked for."""

    content: str
    words: str
    pixels: str = ""  # of a picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """A provider's part in a chaos run, in values: no other module asks which provider it is."""

    name: str
    commands: frozenset[str]  # that members may name it in
    routes: tuple[Route, ...]
    lives: tuple[Lives, ...]
    troubles: Mapping[str, Befalls]  # by the words that tell of them
    made: Callable[[Server, Collection[str]], Awaitable[Sequence[Made]]]
    """What it handed out to requests in these words."""
    taken: Callable[[Server], Sequence[str]]
    """The words of each request for pictures or texts that it took on and did not refuse."""
    is_in_parts: bool = True  # a request there for each picture
    submits_max: int = 2  # of one part, by the policy on a submit that nobody knows of
    prepare: Callable[[Server], None] = lambda _: None


def picture(data: bytes, words: str) -> Made:
    """Tell of a picture by the name under which a blob store keeps it."""
    return Made(content=hashlib.sha256(data).hexdigest(), words=words, pixels=pixels_of(data))


def text(said: str, words: str) -> Made:
    """Tell of a text, whatever blanks stand around and between its words."""
    return Made(content=plain(said), words=words)


def plain(said: str) -> str:
    """Return a text with single blanks between its words."""
    return " ".join(said.split())


def words_of(request: Request) -> str:
    """Return what tells a request from others: its prompt, or the picture that it starts from."""
    return request.picture if isinstance(request, AlchemyRequest) else request.prompt


def common(*, forgets: bool = True, key: str = "") -> Iterator[tuple[str, Befalls]]:
    """Tell what befalls most providers; `key` is what `expire_key` takes, where there is one."""
    yield "refuses connections", _away
    if forgets:
        yield "restarts", _restarts
        yield "restarts without its memory", _forgets
    if key:
        yield "refuses our key", lambda server, for_s: _refuses_key(server, for_s, key)


async def pictures_away(server: Server, for_s: float) -> None:
    """Let the host of the pictures refuse connections."""
    async with server.refusing_pictures():
        await asyncio.sleep(for_s)


def switched(**switches: object) -> Befalls:
    """Return what befalls a provider some of whose rules are others for a while."""

    async def befall(server: Server, for_s: float) -> None:
        before = {name: getattr(server.rules, name) for name in switches}
        server.switch(**switches)
        await asyncio.sleep(for_s)
        server.switch(**before)

    return befall


async def _away(server: Server, for_s: float) -> None:
    async with server.refusing():
        await asyncio.sleep(for_s)


async def _restarts(server: Server, _: float) -> None:
    await server.restart(with_memory=True)


async def _forgets(server: Server, _: float) -> None:
    await server.restart(with_memory=False)


async def _refuses_key(server: Server, for_s: float, key: str) -> None:
    server.expire_key(key)
    await asyncio.sleep(for_s)
    server.expire_key(key, is_expired=False)

"""Which handler answers which request, who may call it, and which bucket it draws from."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.discord.limits import Bucket
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import Answer, Call

Handler = Callable[[Call], Answer]
MAJOR_PARAMETERS = ("channel_id", "guild_id", "token")


class Door(StrEnum):
    """What a route asks of the caller: the bot's token, or the interaction's in the path."""

    BOT = "bot"
    TOKEN = "token"  # noqa: S105 - a door, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method and path template (`/channels/{channel_id}`)."""

    method: str
    template: str
    handler: Handler
    door: Door = Door.BOT

    def pattern(self) -> re.Pattern[str]:
        """Return the expression that matches the route's paths."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A route and the values of its parameters."""

    route: Route
    params: dict[str, str]

    def bucket(self, rules: DiscordRules) -> Bucket:
        """Say which bucket the request draws from."""
        route = self.route
        major = next((self.params[name] for name in MAJOR_PARAMETERS if name in self.params), "")
        if route.template.startswith("/webhooks/"):
            return Bucket(name="interaction-token", major=major, limit=rules.token_bucket)
        name = hashlib.sha256(f"{route.method} {route.template}".encode()).hexdigest()[:32]
        writes_message = "/messages" in route.template and route.method in {"POST", "PATCH"}
        limit = rules.channel_bucket if writes_message else rules.other_bucket
        return Bucket(name=name, major=major, limit=limit)


class Router:
    """Finds routes; earlier ones win, so literal paths stand before templates."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, route.pattern()) for route in routes]

    def find(self, method: str, path: str) -> Match | None:
        """Return the route of a request, None for an unknown one."""
        for route, pattern in self._routes:
            if route.method == method and (found := pattern.fullmatch(path)):
                return Match(route=route, params=found.groupdict())
        return None

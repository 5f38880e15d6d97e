"""The commands that the bot has really registered, by scope.

Discord, "Application Commands".
"""

from collections.abc import Iterator, Sequence

from bot.sandbox.clock import Clock
from bot.sandbox.discord.bell import Bell
from bot.sandbox.discord.command_options import CommandKind
from bot.sandbox.discord.command_rules import command_problems, scope_problems
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint
from bot.sandbox.discord.wire import ApiError, Flaw, Json, invalid_body
from bot.sandbox.discord.world import Guild

GLOBAL = ""
SECONDS_A_DAY = 86_400


class CommandBook:
    """Registered commands: globally (scope "") and per guild. `bell` rings when they change."""

    def __init__(
        self, *, rules: DiscordRules, clock: Clock, mint: Mint, application_id: str
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._mint = mint
        self._application_id = application_id
        self._scopes: dict[str, dict[tuple[int, str], Json]] = {}
        self._created_s: dict[str, list[float]] = {}
        self.bell = Bell()

    def listed(self, scope: str) -> list[Json]:
        """Return a scope's commands as `ApplicationCommandResponse`s."""
        return list(self._scopes.get(scope, {}).values())

    def replace(self, scope: str, wanted: Sequence[Json]) -> list[Json]:
        """Overwrite a scope. Raises 50035 for a name used twice, 30034 for too many creations."""
        for index, command in enumerate(wanted):
            _refuse(command_problems(command), where=f"[{index}]")
        _refuse(scope_problems(wanted))
        old = self._scopes.get(scope, {})
        new = {
            _key(command): self._registered(scope, command, before=old.get(_key(command)))
            for command in wanted
        }
        self._count_created(scope, len(new.keys() - old.keys()))
        self._scopes[scope] = new
        self.bell.ring()
        return self.listed(scope)

    def add(self, scope: str, command: Json) -> Json:
        """Create or overwrite one command."""
        _refuse(command_problems(command))
        commands = self._scopes.setdefault(scope, {})
        key = _key(command)
        if key not in commands:
            self._count_created(scope, 1)
        commands[key] = self._registered(scope, command, before=commands.get(key))
        self.bell.ring()
        return commands[key]

    def visible_in(self, guild: Guild | None) -> list[Json]:
        """Return what a person in this guild is offered; guild commands go first."""
        here = [] if guild is None else self.listed(guild.id)
        return here + self.listed(GLOBAL)

    def names(self) -> Iterator[str]:
        """Yield the name of every registered command."""
        for commands in self._scopes.values():
            yield from (command["name"] for command in commands.values())

    def _registered(self, scope: str, command: Json, *, before: Json | None) -> Json:
        permissions = command.get("default_member_permissions")
        registered: Json = {
            "nsfw": False,
            "description": "",
            **_without_nulls(command),
            "id": before["id"] if before else self._mint.mint(),
            "application_id": self._application_id,
            "version": self._mint.mint(),
            "type": command.get("type") or int(CommandKind.CHAT_INPUT),
            "default_member_permissions": None if permissions is None else str(permissions),
        }
        if scope != GLOBAL:
            registered["guild_id"] = scope
        return registered

    def _count_created(self, scope: str, count: int) -> None:
        now_s = self._clock.elapsed_s()
        today = [at for at in self._created_s.get(scope, ()) if at > now_s - SECONDS_A_DAY]
        if len(today) + count > self._rules.commands_created_per_day:
            text = "Max number of daily application command creates has been reached"
            raise ApiError(
                429, 30034, text, retry_after_s=min(today, default=now_s) + SECONDS_A_DAY - now_s
            )
        self._created_s[scope] = today + [now_s] * count


def _refuse(problems: Sequence[str], *, where: str = "") -> None:
    if problems:
        raise invalid_body(*(Flaw(where, problem) for problem in problems))


def _key(command: Json) -> tuple[int, str]:
    return int(command.get("type") or CommandKind.CHAT_INPUT), command["name"]


def _without_nulls(command: Json) -> Json:
    kept = {name: value for name, value in command.items() if value is not None}
    if "options" in kept:
        kept["options"] = [_without_nulls(option) for option in kept["options"]]
    return kept

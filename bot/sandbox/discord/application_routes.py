"""Routes about the application itself: who am I, commands, entitlements, gateway addresses."""

from collections.abc import Callable

from bot.sandbox.discord.command_book import GLOBAL, CommandBook
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.payloads import (
    application_payload,
    channel_payload,
    guild_payload,
    self_payload,
)
from bot.sandbox.discord.router import Route
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import (
    NO_CONTENT,
    Answer,
    ApiError,
    Call,
    Json,
    missing_access,
    unknown_user,
)
from bot.sandbox.discord.world import World


class ApplicationRoutes:
    """Handlers; each takes a call and returns an answer or raises `ApiError`."""

    def __init__(
        self, *, rules: DiscordRules, world: World, commands: CommandBook, gateway: Gateway
    ) -> None:
        self._rules = rules
        self._world = world
        self._commands = commands
        self._gateway = gateway
        self.gateway_url = ""

    def routes(self) -> list[Route]:
        """List the routes."""
        application = "/applications/{application_id}"
        table: list[tuple[str, str, Callable[[Call], Answer]]] = [
            ("GET", "/users/@me", self.me),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/applications/@me", self.application),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/guilds/{guild_id}", self.guild),
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("GET", f"{application}/commands", self.list_commands),
            ("PUT", f"{application}/commands", self.replace_commands),
            ("POST", f"{application}/commands", self.add_command),
            ("GET", f"{application}/guilds/{{guild_id}}/commands", self.list_commands),
            ("PUT", f"{application}/guilds/{{guild_id}}/commands", self.replace_commands),
            ("POST", f"{application}/guilds/{{guild_id}}/commands", self.add_command),
            ("GET", f"{application}/entitlements", self.list_entitlements),
            ("POST", f"{application}/entitlements/{{entitlement_id}}/consume", self.consume),
        ]
        return [
            Route(method=method, template=path, handler=handler) for method, path, handler in table
        ]

    def me(self, _call: Call) -> Answer:
        """GET /users/@me."""
        return Answer(body=self_payload(self._world))

    def application(self, _call: Call) -> Answer:
        """GET /applications/@me, and its OAuth2 twin."""
        return Answer(body=application_payload(self._world))

    def guild(self, call: Call) -> Answer:
        """GET /guilds/{id}. Raises 10004 for one that does not exist, 50001 for one without the bot."""
        guild = self._world.guilds.get(call.params["guild_id"])
        if guild is None:
            raise ApiError(404, 10004, "Unknown Guild")
        if not guild.has_bot:
            raise missing_access()
        return Answer(body=guild_payload(guild))

    def gateway(self, _call: Call) -> Answer:
        """GET /gateway."""
        return Answer(body={"url": self.gateway_url})

    def gateway_bot(self, _call: Call) -> Answer:
        """GET /gateway/bot."""
        return Answer(
            body={
                "url": self.gateway_url,
                "shards": self._rules.shards,
                "session_start_limit": self._gateway.start_limit_payload(),
            }
        )

    def open_dm(self, call: Call) -> Answer:
        """POST /users/@me/channels."""
        user = self._world.users.get(str(call.body["recipient_id"]))
        if user is None:
            raise unknown_user()
        return Answer(body=channel_payload(self._world.dm_with(user)))

    def list_commands(self, call: Call) -> Answer:
        """GET …/commands."""
        return Answer(body=self._commands.listed(self._scope(call)))

    def replace_commands(self, call: Call) -> Answer:
        """PUT …/commands."""
        return Answer(body=self._commands.replace(self._scope(call), call.body))

    def add_command(self, call: Call) -> Answer:
        """POST …/commands."""
        return Answer(status=201, body=self._commands.add(self._scope(call), call.body))

    def list_entitlements(self, call: Call) -> Answer:
        """GET …/entitlements, filtered by user, SKU and state."""
        self._check_application(call)
        skus = set(filter(None, call.query.get("sku_ids", "").split(",")))
        user = call.query.get("user_id")
        found = [
            entitlement
            for entitlement in self._world.entitlements
            if user in {None, entitlement["user_id"]}
            and (not skus or entitlement["sku_id"] in skus)
        ]
        return Answer(body=found)

    def consume(self, call: Call) -> Answer:
        """POST …/entitlements/{id}/consume. Raises 10029 or 40018."""
        self._check_application(call)
        entitlement = self._entitlement(call.params["entitlement_id"])
        if entitlement.get("consumed", True):
            raise ApiError(400, 40018, "This entitlement cannot be consumed")
        entitlement["consumed"] = True
        return NO_CONTENT

    def _entitlement(self, entitlement_id: str) -> Json:
        for entitlement in self._world.entitlements:
            if entitlement["id"] == entitlement_id:
                return entitlement
        raise ApiError(404, 10029, "Unknown Entitlement")

    def _scope(self, call: Call) -> str:
        self._check_application(call)
        guild_id = call.params.get("guild_id", GLOBAL)
        if guild_id and guild_id not in self._world.guilds:
            raise ApiError(404, 10004, "Unknown Guild")
        return guild_id

    def _check_application(self, call: Call) -> None:
        if call.params["application_id"] != self._world.application_id:
            raise ApiError(404, 10002, "Unknown Application")

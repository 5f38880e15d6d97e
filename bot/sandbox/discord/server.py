"""The small Discord as a whole: start it, fill it with people, watch what the bot does."""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Self

from bot.sandbox.discord.application_routes import ApplicationRoutes
from bot.sandbox.discord.cards import Card, NeverHappened
from bot.sandbox.discord.channel_routes import ChannelRoutes
from bot.sandbox.discord.community import Community
from bot.sandbox.discord.fault_desk import Faults
from bot.sandbox.discord.faults import (
    Delivery,
    RequestFaults,
)
from bot.sandbox.discord.front import CDN_PREFIX, GATEWAY_PATH, Front
from bot.sandbox.discord.gateway import Intent
from bot.sandbox.discord.interaction_routes import InteractionRoutes
from bot.sandbox.discord.journal import Request
from bot.sandbox.discord.limits import Limits
from bot.sandbox.discord.messages import Message
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.payloads import channel_payload, guild_create_payload
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.permissions import Permission
from bot.sandbox.discord.posts import Change
from bot.sandbox.discord.rest import PREFIX, Rest
from bot.sandbox.discord.router import Router
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.stage import build_stage
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Channel, Guild


class SandboxDiscord:
    """A Discord on loopback. Use it with `async with`; addresses are known once it runs."""

    def __init__(
        self, *, rules: DiscordRules | None = None, checker: OpenApiChecker | None = None
    ) -> None:
        self.rules = rules or DiscordRules()
        self.bot_token = secrets.token_urlsafe(48)
        self._stage = stage = build_stage(rules=self.rules, checker=checker)
        self.clock = stage.clock
        self.world = stage.world
        self._application = ApplicationRoutes(
            rules=stage.rules, world=stage.world, commands=stage.commands, gateway=stage.gateway
        )
        requests = RequestFaults()
        self._front = self._build_front(requests)
        self.faults = Faults(
            requests=requests,
            deliveries=stage.deliveries,
            front=self._front,
            gateway=stage.gateway,
        )
        self._stage.posts.listeners.append(self._announce)

    def _build_front(self, faults: RequestFaults) -> Front:
        stage = self._stage
        interactions = InteractionRoutes(
            callbacks=stage.callbacks, cdn=stage.cdn, world=stage.world
        )
        channels = ChannelRoutes(
            rules=stage.rules,
            world=stage.world,
            posts=stage.posts,
            composer=stage.composer,
            cdn=stage.cdn,
        )
        tables = (self._application, interactions, channels)
        router = Router([route for table in tables for route in table.routes()])
        rest = Rest(
            rules=stage.rules,
            clock=stage.clock,
            router=router,
            limits=Limits(rules=stage.rules, clock=stage.clock),
            faults=faults,
            journal=stage.journal,
            checker=stage.checker,
            bot_token=self.bot_token,
        )
        return Front(
            rules=stage.rules,
            clock=stage.clock,
            rest=rest,
            gateway=stage.gateway,
            cdn=stage.cdn,
            journal=stage.journal,
            faults=faults,
            bot_token=self.bot_token,
        )

    async def __aenter__(self) -> Self:
        await self._front.start()
        self._stage.cdn.base_url = self.cdn_url
        self._application.gateway_url = self.gateway_url
        self._stage.gateway.resume_url = self.gateway_url
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for delivery in list(self._stage.deliveries.under_way):
            delivery.cancel()
        await asyncio.gather(*self._stage.deliveries.under_way, return_exceptions=True)
        await self._front.stop()

    @property
    def api_url(self) -> str:
        """Where REST lives."""
        return f"http://{self._front.address}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Where the gateway lives."""
        return f"ws://{self._front.address}{GATEWAY_PATH}"

    @property
    def cdn_url(self) -> str:
        """Where files live."""
        return f"http://{self._front.address}{CDN_PREFIX}"

    @property
    def application_id(self) -> str:
        """The application's id, which is also the bot user's."""
        return self.world.application_id

    @property
    def requests(self) -> list[Request]:
        """The bot's requests, oldest first."""
        return list(self._stage.journal.requests)

    @property
    def violations(self) -> list[str]:
        """Everything that a real Discord would not have forgiven."""
        return self._stage.journal.violations

    def guild(
        self, name: str = "Studio", *, locale: str = "en-US", has_bot: bool = True
    ) -> Community:
        """Make a server; a bot that is connected already hears of it."""
        guild = self.world.add_guild(name, locale=locale, has_bot=has_bot)
        community = Community(guild, stage=self._stage)
        if has_bot:
            self._tell_of_guild(guild)
        return community

    def stranger(self, name: str, *, locale: str = "en-US") -> Person:
        """Make somebody who shares no server and only has direct messages."""
        return Person(self.world.add_user(name, locale=locale), stage=self._stage, home=None)

    def messages(self, channel: Channel) -> list[Card]:
        """Return the channel's messages that still exist, oldest first, ephemeral ones included."""
        found = self._stage.posts.in_channel(channel)
        return [self._stage.card(message) for message in found if message.deleted_at is None]

    def delete_message(self, card: Card) -> None:
        """Let a moderator delete a message."""
        self._stage.posts.delete(card.message)

    def delete_channel(self, channel: Channel) -> None:
        """Let a moderator delete a channel."""
        payload = channel_payload(channel)
        self.world.remove_channel(channel)
        self._stage.gateway.dispatch(
            "CHANNEL_DELETE", payload, guild=channel.guild, intent=Intent.GUILDS
        )

    def revoke(self, channel: Channel, permission: str) -> None:
        """Take a permission from the bot in a channel, e.g. "ATTACH_FILES"."""
        channel.denied_to_bot |= Permission[permission]
        self._tell_of_channel(channel)

    def restore(self, channel: Channel, permission: str) -> None:
        """Give a permission back."""
        channel.denied_to_bot &= ~Permission[permission]
        self._tell_of_channel(channel)

    def remove_bot(self, community: Community) -> None:
        """Let an admin remove the bot from a server."""
        community.guild.has_bot = False
        self._stage.gateway.dispatch(
            "GUILD_DELETE", {"id": community.id}, guild=community.guild, intent=Intent.GUILDS
        )

    def add_bot(self, community: Community) -> None:
        """Let an admin invite the bot to a server, perhaps again."""
        community.guild.has_bot = True
        self._tell_of_guild(community.guild)

    @property
    def sessions(self) -> int:
        """How many gateway sessions are connected; each hears everything."""
        return self._stage.gateway.connected()

    def outage(self, community: Community) -> None:
        """Let a server be out of reach for a while: it is unavailable, the bot is still in it."""
        community.guild.is_available = False
        self._stage.gateway.dispatch(
            "GUILD_DELETE",
            {"id": community.id, "unavailable": True},
            guild=community.guild,
            intent=Intent.GUILDS,
        )

    def outage_over(self, community: Community) -> None:
        """Let a server be reached again."""
        community.guild.is_available = True
        self._tell_of_guild(community.guild)

    def _tell_of_guild(self, guild: Guild) -> None:
        payload = guild_create_payload(self.world, guild)
        self._stage.gateway.dispatch("GUILD_CREATE", payload, guild=guild, intent=Intent.GUILDS)

    def deliver(
        self, *, twice: bool = False, delay_s: float = 0.0, lose: bool = False, times: int = 1
    ) -> None:
        """Deliver the next `times` interactions twice, late, or not at all."""
        copies = 0 if lose else 2 if twice else 1
        self._stage.deliveries.plan(Delivery(copies=copies, delay_s=delay_s), times=times)

    async def until_ready(self, *, sessions: int = 1) -> None:
        """Wait until so many gateway sessions are identified and connected."""
        gateway = self._stage.gateway
        await self._wait(
            gateway.bell.until(
                lambda: gateway.connected() >= sessions, timeout_s=self.rules.wait_s
            ),
            f"{gateway.connected()} of {sessions} sessions are connected",
        )

    async def until_gone(self) -> None:
        """Wait until no gateway session is connected any more."""
        gateway = self._stage.gateway
        await self._wait(
            gateway.bell.until(lambda: gateway.connected() == 0, timeout_s=self.rules.wait_s),
            "somebody is still connected",
        )

    async def until_synced(self, *names: str) -> None:
        """Wait until these commands are registered."""
        book = self._stage.commands
        await self._wait(
            book.bell.until(lambda: set(names) <= set(book.names()), timeout_s=self.rules.wait_s),
            f"not all registered: {', '.join(names)}",
        )

    async def until_requested(self, method: str, pattern: str, *, times: int = 1) -> list[Request]:
        """Wait until so many matching requests were answered; `*` matches anything."""
        journal = self._stage.journal
        await self._wait(
            journal.bell.until(
                lambda: len(journal.answered(method, pattern)) >= times,
                timeout_s=self.rules.wait_s,
            ),
            f"fewer than {times} × {method} {pattern}",
        )
        return journal.answered(method, pattern)

    def raise_if_violated(self) -> None:
        """Fail when the bot, or this sandbox, broke a rule of the wire."""
        if self.violations:
            raise AssertionError(self._stage.journal.report())

    def report(self) -> str:
        """Tell the last requests and all violations."""
        return self._stage.journal.report()

    async def _wait(self, what: Awaitable[object], complaint: str) -> None:
        try:
            await what
        except TimeoutError as error:
            text = f"{complaint} in {self.rules.wait_s} s\n{self.report()}"
            raise NeverHappened(text) from error

    def _tell_of_channel(self, channel: Channel) -> None:
        self._stage.gateway.dispatch(
            "CHANNEL_UPDATE",
            channel_payload(channel),
            guild=channel.guild,
            intent=Intent.GUILDS,
        )

    def _announce(self, change: Change, message: Message) -> None:
        if message.is_ephemeral:
            return
        guild = message.channel.guild
        intent = Intent.DIRECT_MESSAGES if guild is None else Intent.GUILD_MESSAGES
        place = {"channel_id": message.channel.id} | ({"guild_id": guild.id} if guild else {})
        if change is Change.DELETED:
            payload: Json = {"id": message.id, **place}
        else:
            payload = self._stage.message_payload(message) | place
            if message.author is not self.world.bot and not self.rules.privileged_intents:
                payload |= {"content": "", "attachments": [], "embeds": [], "components": []}
        self._stage.gateway.dispatch(change.value, payload, guild=guild, intent=intent)

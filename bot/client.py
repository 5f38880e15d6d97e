"""Our discord.py client: loads the cogs, opens the door for command errors, keeps no caches."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.accounts.audit_trail import AuditBook
from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.accounts.kudos import KudosDesk
from bot.accounts.money import Money
from bot.accounts.preferences import PreferenceBook
from bot.domain.errors import NotAllowed, OthersFirst, UserError
from bot.jobs.caretakers import Caretakers
from bot.jobs.catalogue import Catalogue
from bot.jobs.claims import Claims
from bot.jobs.history import History
from bot.jobs.overview import Overview
from bot.jobs.style_shelf import StyleShelf
from bot.jobs.tracker import Tracker
from bot.ui import admin_copy, copy, errors
from bot.ui.admin import NAME as ADMIN
from bot.ui.admin import admin_root, is_admin_command, may_manage
from bot.ui.audit_trail import Audits
from bot.ui.buttons import JobButton
from bot.ui.credits import Leaves
from bot.ui.gifts import Givers
from bot.ui.history import Picks
from bot.ui.kudos import KudosGivers
from bot.ui.picking import Choosers
from bot.ui.presses import JobPresses
from bot.ui.privacy import Erasures
from bot.ui.reports import Handlers
from bot.ui.styles import Browsers
from bot.ui.unbroken import NO_CONNECTION, unbroken

log = logging.getLogger(__name__)


AdminCommand = app_commands.Command[Any, ..., Any] | app_commands.Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What cogs may call; each cog takes only what it uses."""

    tracker: Tracker
    claims: Claims
    catalogue: Catalogue
    money: Money
    keys: KeyRing
    kudos: KudosDesk
    preferences: PreferenceBook
    history: History
    overview: Overview
    styles: StyleShelf
    audit_trail: AuditBook
    house: HouseBook
    care: Caretakers


class Tree(app_commands.CommandTree["EaselBot"]):
    """The commands, behind one door for errors, for admins and for a service about to stop."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Keep `/admin` to admins, and take no new commands while shutting down."""
        is_typing = interaction.type is discord.InteractionType.autocomplete
        refusal = self._refusal(interaction, is_typing=is_typing)
        if refusal is None:
            return True
        if is_typing:
            await unbroken(interaction.response.autocomplete([]))
        else:
            await errors.answer(interaction, refusal)
        return False

    def _refusal(
        self, interaction: discord.Interaction[Any], *, is_typing: bool
    ) -> UserError | None:
        if is_admin_command(interaction) and not may_manage(interaction):
            return NotAllowed(admin_copy.MANAGERS_ONLY)
        if is_typing or self.client.services.tracker.is_accepting:  # suggestions do no harm
            return None
        return OthersFirst(copy.SHUTTING_DOWN)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the member what went wrong."""
        await errors.answer(interaction, error)


class EaselBot(commands.AutoShardedBot):
    """The bot: the guilds intent alone, no member or message cache, and it never mentions."""

    services: Services
    claims: Claims  # found here by `bot.ui.opening`
    presses: JobPresses  # found here by `bot.ui.buttons.JobButton`
    leaves: Leaves  # found here by `bot.ui.credits.LeafButton`
    givers: Givers  # found here by `bot.ui.gifts.GiftButton`
    picks: Picks  # found here by `bot.ui.history.JobSelect`
    kudos_givers: KudosGivers  # found here by `bot.ui.kudos.KudosButton`
    browsers: Browsers  # found here by `bot.ui.styles.StylesButton`
    choosers: Choosers  # found here by `bot.ui.picking.PictureSelect`
    handlers: Handlers  # found here by `bot.ui.reports.HandledButton`
    erasures: Erasures  # found here by `bot.ui.privacy.EraseButton`
    audits: Audits  # found here by `bot.ui.audit_trail.AuditButton`

    def __init__(
        self, *, cogs: Sequence[str] = (), http_trace: aiohttp.TraceConfig | None = None
    ) -> None:
        # We use no voice, so nobody has to be told twice at each start what it would need.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
            http_trace=http_trace or aiohttp.TraceConfig(),
        )
        self._cogs = tuple(cogs)

    def attach(self, services: Services) -> None:
        """Hand over what cogs may call, before the login: services edit cards through this bot."""
        self.services, self.claims = services, services.claims
        self.presses = JobPresses(services.tracker)

    async def is_in(self, guild_id: int) -> bool | None:
        """Tell whether the bot is in a server, as Discord says now; None when it does not say.

        An outage leaves a server in the cache, marked as unavailable; what is not there is asked for.
        """
        if self.get_guild(guild_id) is not None:
            return True
        try:
            await unbroken(self.fetch_guild(guild_id, with_counts=False))
        except (discord.NotFound, discord.Forbidden):
            return False
        except (discord.HTTPException, *NO_CONNECTION) as error:
            log.info("a server could not be asked for", extra={"why": str(error)})
            return None
        return True

    def add_admin(self, *commands: AdminCommand) -> None:
        """Add commands and groups of commands to `/admin`; the check of `bot.ui.admin` covers them."""
        root = self.tree.get_command(ADMIN)
        if root is None:
            root = admin_root()
            self.tree.add_command(root)
        assert isinstance(root, app_commands.Group), "nobody else may call a command admin"
        for command in commands:
            root.add_command(command)

    async def setup_hook(self) -> None:
        """Load the cogs and teach discord.py the buttons that may be pressed on old cards."""
        for name in self._cogs:
            await self.load_extension(name)
        self.add_dynamic_items(JobButton)


def use_addresses(*, api: str, gateway: str, cdn: str) -> None:
    """Send every client of this process to another Discord, such as the sandbox.

    `api` ends before the first path, as in `https://discord.com/api/v10`. The three are class
    attributes of discord.py 2.7.1, so this holds for the whole process.
    """
    discord.http.Route.BASE = api
    discord.Asset.BASE = cdn
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did; the hash is for the next one."""

    hash: str
    is_changed: bool
    commands: int


async def sync(bot: EaselBot, *, known_hash: str | None) -> SyncResult:
    """Tell Discord our commands if they differ from the last time; the bot has to be logged in.

    Discord takes 200 new commands a day, so this is a step of a deployment and not of a start.
    """
    digest, count = commands_hash(bot), len(bot.tree.get_commands())
    is_changed = digest != known_hash
    if is_changed:
        await unbroken(bot.tree.sync())
        log.info("commands synced", extra={"commands": count})
    return SyncResult(hash=digest, is_changed=is_changed, commands=count)


def commands_hash(bot: EaselBot) -> str:
    """Return a fingerprint of what Discord would be told."""
    payload = [command.to_dict(bot.tree) for command in bot.tree.get_commands()]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

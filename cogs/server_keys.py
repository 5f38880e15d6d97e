"""`/admin key`: a server lends keys of its own to its members; every change stands in the trail."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.accounts.keys import KeyRing
from bot.client import EaselBot
from bot.domain.audit_trail import Act, AuditEntry, Fact
from bot.domain.jobs import UserId
from bot.domain.keys import KeyKind, KeyOwner
from bot.ui import key_copy
from bot.ui.admin import require_manager
from bot.ui.choices import provider_choices
from bot.ui.errors import answered
from bot.ui.keys import (
    key_form,
    keys_card,
    provider_of_form,
    submitted_key,
)
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper, whisper_late

OURS = KeyKind.SERVER


class ServerKeys(app_commands.Group):
    """Take, list, test and forget a server's keys."""

    def __init__(self, keys: KeyRing) -> None:
        super().__init__(name="key", description=key_copy.SERVER_COMMANDS)
        self._keys = keys

    @app_commands.command(name="set")
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def put(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Bring a key that the members of this server may run on."""
        form = key_form(provider, title=self._keys.title(provider), kind=OURS)
        await unbroken(interaction.response.send_modal(form))

    @app_commands.command(name="list")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show which keys of this server are stored, by their last four characters."""
        view = keys_card(await self._keys.list(_owner(interaction)), kind=OURS)
        await whisper(interaction, view)

    @app_commands.command()
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def test(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Ask the provider whose the server's key is and what is left on it."""
        owner = _owner(interaction)
        await think(interaction)
        tried = await self._keys.test(owner, provider=provider)
        told = key_copy.tested(tried.key, tried.holder)
        await whisper_late(interaction, told)

    @app_commands.command()
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def forget(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Erase a key of this server."""
        title = self._keys.title(provider)
        entry = _entry(interaction, Act.KEY_FORGOTTEN, provider=title)
        was_there = await self._keys.forget(_owner(interaction), provider=provider, entry=entry)
        said = key_copy.forgotten if was_there else key_copy.nothing_to_forget
        await whisper(interaction, said(title, kind=OURS))

    @put.autocomplete("provider")
    async def suggest_providers(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer the providers that take a key."""
        return provider_choices(self._keys.providers, typed)

    @test.autocomplete("provider")
    @forget.autocomplete("provider")
    async def suggest_brought(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer the providers whose key was brought."""
        return provider_choices(self._keys.brought(_owner(interaction)), typed)


class ServerKeyForms(commands.Cog):
    """Hear of the forms by which a server's keys come in."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @commands.Cog.listener("on_interaction")
    async def take_forms(self, interaction: discord.Interaction[Any]) -> None:
        """Take a key from whoever may still manage the server."""
        provider = provider_of_form(interaction, kind=OURS)
        if provider is None:
            return
        async with answered(interaction):
            await self._take(interaction, provider=provider)

    async def _take(self, interaction: discord.Interaction[Any], *, provider: str) -> None:
        owner, secret = _owner(interaction), submitted_key(interaction)
        entry = _entry(interaction, Act.KEY_SET, provider=self._keys.title(provider))
        await think(interaction)
        info = await self._keys.set(owner, provider=provider, secret=secret, entry=entry)
        await whisper_late(interaction, key_copy.kept(info, kind=OURS))


def _owner(interaction: discord.Interaction[Any]) -> KeyOwner:
    return KeyOwner.server(require_manager(interaction))


def _entry(interaction: discord.Interaction[Any], act: Act, **facts: Fact) -> AuditEntry:
    return AuditEntry(
        id=str(interaction.id),
        guild_id=require_manager(interaction),
        actor_id=UserId(interaction.user.id),
        act=act,
        facts=facts,
        at=interaction.created_at,
    )


async def setup(bot: EaselBot) -> None:
    """Add the commands to `/admin`, and load what hears of the forms."""
    keys = bot.services.keys
    bot.add_admin(ServerKeys(keys))
    await bot.add_cog(ServerKeyForms(keys))

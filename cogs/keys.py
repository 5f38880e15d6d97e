"""`/key`: members bring their own provider keys. Keys come in by a form, never as an option."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.accounts.keys import KeyRing
from bot.client import EaselBot
from bot.domain.keys import KeyKind, KeyOwner
from bot.ui import key_copy
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

MINE = KeyKind.MEMBER


class Keys(commands.GroupCog, name="key", description=key_copy.COMMANDS):
    """Take, list, test and forget members' keys."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @app_commands.command(name="set")
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def put(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Bring a key of your own; it is tested and stored sealed."""
        form = key_form(provider, title=self._keys.title(provider), kind=MINE)
        await unbroken(interaction.response.send_modal(form))

    @app_commands.command(name="list")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show which keys of yours are stored, by their last four characters."""
        view = keys_card(await self._keys.list(_owner(interaction)), kind=MINE)
        await whisper(interaction, view)

    @app_commands.command()
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def test(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Ask the provider whose your stored key is and what is left on it."""
        await think(interaction)
        tried = await self._keys.test(_owner(interaction), provider=provider)
        told = key_copy.tested(tried.key, tried.holder)
        await whisper_late(interaction, told)

    @app_commands.command()
    @app_commands.describe(provider=key_copy.PROVIDER)
    async def forget(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Erase a key of yours."""
        title = self._keys.title(provider)
        was_there = await self._keys.forget(_owner(interaction), provider=provider)
        said = key_copy.forgotten if was_there else key_copy.nothing_to_forget
        await whisper(interaction, said(title, kind=MINE))

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

    @commands.Cog.listener("on_interaction")
    async def take_forms(self, interaction: discord.Interaction[Any]) -> None:
        """Take the keys that members sent in, whichever process showed them the form."""
        provider = provider_of_form(interaction, kind=MINE)
        if provider is None:
            return
        async with answered(interaction):
            await self._take(interaction, provider=provider)

    async def _take(self, interaction: discord.Interaction[Any], *, provider: str) -> None:
        secret = submitted_key(interaction)
        await think(interaction)
        info = await self._keys.set(_owner(interaction), provider=provider, secret=secret)
        await whisper_late(interaction, key_copy.kept(info, kind=MINE))


def _owner(interaction: discord.Interaction[Any]) -> KeyOwner:
    return KeyOwner.member(interaction.user.id)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Keys(bot.services.keys))

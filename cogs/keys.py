"""`/key`: members bring their own provider keys. Keys come in by modal, never as an option.

An option would stay in the client's history of commands; a modal's text does not.
"""

import re
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice
from discord.ext import commands
from pydantic import SecretStr

from bot.accounts.keys import KEY_CHARS_MAX, KEY_CHARS_MIN, KeyRing
from bot.client import EaselBot
from bot.domain.errors import InvalidRequest
from bot.domain.keys import KeyOwner
from bot.ui import copy
from bot.ui.account import keys_card
from bot.ui.errors import answered
from bot.ui.modals import FormModal, submitted_id, submitted_values
from bot.ui.unbroken import unbroken

FORM_ID = re.compile(r"key:v1:set:(?P<provider>[a-z0-9_]{1,32})")
FIELD = "key"


@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class Keys(
    commands.GroupCog, name="key", description="Use your own key of a provider instead of credits."
):
    """Take, list and forget keys."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @app_commands.command(name="set")
    @app_commands.describe(provider=copy.KEY_PROVIDER)
    async def put(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Bring a key of your own; it is tested and stored sealed."""
        form = key_form(provider, title=self._title(provider))
        await unbroken(interaction.response.send_modal(form))

    @app_commands.command(name="list")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show which keys of yours are stored, by their last four characters."""
        found = await self._keys.list(KeyOwner.member(interaction.user.id))
        view = keys_card(found)
        await unbroken(interaction.response.send_message(view=view, ephemeral=True))

    @app_commands.command()
    @app_commands.describe(provider=copy.KEY_PROVIDER)
    async def forget(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Erase a key of yours."""
        title = self._title(provider)
        was_there = await self._keys.forget(KeyOwner.member(interaction.user.id), provider=provider)
        sentence = copy.key_forgotten(title) if was_there else copy.no_such_key(title)
        await unbroken(interaction.response.send_message(sentence, ephemeral=True))

    @put.autocomplete("provider")
    @forget.autocomplete("provider")
    async def suggest_providers(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer the providers that take a key."""
        return [
            Choice(name=title, value=name)
            for name, title in self._keys.providers
            if typed.casefold() in title.casefold()
        ]

    @commands.Cog.listener("on_interaction")
    async def take_forms(self, interaction: discord.Interaction[Any]) -> None:
        """Take the keys that members sent in, whichever process showed them the form."""
        form = FORM_ID.fullmatch(submitted_id(interaction) or "")
        if form is None:
            return
        async with answered(interaction):
            await self._take(interaction, provider=form["provider"])

    async def _take(self, interaction: discord.Interaction[Any], *, provider: str) -> None:
        secret = SecretStr(submitted_values(interaction)[FIELD])
        await unbroken(interaction.response.defer(ephemeral=True, thinking=True))
        info = await self._keys.set(
            KeyOwner.member(interaction.user.id), provider=provider, secret=secret
        )
        await unbroken(interaction.followup.send(copy.key_kept(info), ephemeral=True))

    def _title(self, provider: str) -> str:
        """Name a provider; suggestions do not bind anybody, so it may be unknown."""
        for name, title in self._keys.providers:
            if name == provider:
                return title
        raise InvalidRequest(copy.NO_SUCH_PROVIDER)


def key_form(provider: str, *, title: str) -> FormModal:
    """Return the form for a key; its id carries the provider."""
    line: ui.TextInput[Any] = ui.TextInput(
        custom_id=FIELD, min_length=KEY_CHARS_MIN, max_length=KEY_CHARS_MAX
    )
    return FormModal(
        title=copy.key_form_title(title),
        custom_id=f"key:v1:set:{provider}",
        label=copy.KEY_FORM_LABEL,
        description=copy.KEY_FORM_HINT,
        line=line,
    )


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Keys(bot.services.keys))

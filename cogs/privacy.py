"""`/privacy`: members take their data with them, or have all of it erased."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.jobs import UserId
from bot.jobs.caretakers import Caretakers
from bot.ui import privacy_copy
from bot.ui.privacy import EraseButton, erase_card, erasing_card
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper, whisper_late

EXPORT_BYTES_MAX = 24 * 1024 * 1024  # Discord takes 25 MiB in one request
WAIT_S = 600.0  # the answer can be changed for 15 minutes


class Privacy(commands.GroupCog, name="privacy", description=privacy_copy.COMMANDS):
    """Hand out and erase members' data."""

    def __init__(self, care: Caretakers) -> None:
        self._care = care

    @app_commands.command()
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        """Get everything that is stored about you as a file: data as JSON, and your pictures."""
        await think(interaction)
        bytes_max = min(interaction.filesize_limit, EXPORT_BYTES_MAX)
        owner_id = UserId(interaction.user.id)
        async with self._care.exports.of(owner_id, bytes_max=bytes_max) as package:
            number = 0
            async for part in package.parts():
                number += 1
                file = discord.File(part.path, filename=part.name)
                said = privacy_copy.part(number)
                await unbroken(interaction.followup.send(said, file=file, ephemeral=True))
        if package.left_out:
            said = privacy_copy.left_out(package.left_out)
            await whisper_late(interaction, said)

    @app_commands.command(name="erase")
    async def ask(self, interaction: discord.Interaction[Any]) -> None:
        """Have everything about you erased; you are asked once more before."""
        view = erase_card(UserId(interaction.user.id))
        await whisper(interaction, view)

    async def erase(self, interaction: discord.Interaction[Any]) -> None:
        """Erase everything about whoever confirmed it, and say so when it is done."""
        owner_id = UserId(interaction.user.id)
        view = erasing_card(privacy_copy.ERASING)
        await unbroken(interaction.response.edit_message(view=view))
        await self._care.eraser.ask(owner_id)
        is_done = await self._care.eraser.wait(owner_id, at_most_s=WAIT_S)
        said = privacy_copy.ERASED if is_done else privacy_copy.ERASING_LATER
        await unbroken(interaction.edit_original_response(view=erasing_card(said)))


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of the button."""
    cog = bot.erasures = Privacy(bot.services.care)
    bot.add_dynamic_items(EraseButton)
    await bot.add_cog(cog)

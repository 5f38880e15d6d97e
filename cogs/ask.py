"""`/ask`: a text that answers, from whoever can write here."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.capabilities import Ability
from bot.domain.jobs import UserId
from bot.domain.requests import PROMPT_CHARS_MAX, TextRequest
from bot.jobs.catalogue import Catalogue
from bot.jobs.tracker import Tracker
from bot.providers.base import Makes
from bot.ui import ask_copy
from bot.ui.choices import CHOICE_CHARS_MAX, model_choices, provider_choices
from bot.ui.opening import acknowledge, asker_of, refusals_on

LENGTH_MIN, LENGTH_MAX = 16, 4096
TEMPERATURE_MAX = 5.0


class Ask(commands.Cog):
    """Take requests for texts."""

    def __init__(self, tracker: Tracker, catalogue: Catalogue) -> None:
        self._tracker = tracker
        self._catalogue = catalogue

    @app_commands.command()
    @app_commands.describe(**ask_copy.ASK_OPTIONS)
    async def ask(  # noqa: PLR0913 -- discord.py reads the options from here
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, PROMPT_CHARS_MAX],
        *,
        model: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
        length: Range[int, LENGTH_MIN, LENGTH_MAX] | None = None,
        temperature: Range[float, 0.0, TEMPERATURE_MAX] | None = None,
        instruction: Range[str, 1, 1000] | None = None,
        provider: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
    ) -> None:
        """Have a text written, or a question answered."""
        request = TextRequest(
            prompt=prompt,
            instruction=instruction or "",
            model=model,
            length=length,
            temperature=temperature,
        )
        owner_id = UserId(interaction.user.id)
        quote = self._tracker.quote(request, asker=asker_of(interaction), provider=provider)
        job = await acknowledge(interaction, quote)
        async with refusals_on(interaction, job):
            await self._tracker.submit(quote, job_id=job.id, owner_id=owner_id, target=job.target)

    @ask.autocomplete("model")
    async def suggest_models(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer models that write and fit what was typed so far."""
        permits = self._tracker.rules(interaction.guild_id).models.permits
        return model_choices(self._catalogue.suggest(typed, makes=Makes.TEXTS, permits=permits))

    @ask.autocomplete("provider")
    async def suggest_providers(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer those who write here."""
        able = self._tracker.able_to(Ability.TEXT, guild_id=interaction.guild_id)
        return provider_choices(able, typed)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Ask(bot.services.tracker, bot.services.catalogue))

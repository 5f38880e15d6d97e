"""`/imagine`: pictures from a description, with options beside it or `--parameters` in it."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.accounts.preferences import PreferenceBook
from bot.client import EaselBot
from bot.domain.capabilities import Ability
from bot.domain.jobs import UserId
from bot.domain.preferences import Preferences
from bot.domain.prompts import TypedOptions, build_request
from bot.domain.requests import (
    PICTURES_MAX,
    PROMPT_CHARS_MAX,
    SEED_MAX,
    STEPS_MAX,
    UNSTORED,
    Control,
)
from bot.jobs.catalogue import Catalogue
from bot.jobs.style_shelf import StyleShelf
from bot.jobs.tracker import Tracker, Uploads
from bot.ui import copy
from bot.ui.choices import CHOICE_CHARS_MAX, model_choices, provider_choices
from bot.ui.opening import acknowledge, asker_of, is_age_restricted, refusals_on
from bot.ui.picture_options import Aspect, Text
from bot.ui.styles import style_choices
from bot.ui.uploads import check_size, read

Share = Range[float, 0.01, 1.0]
CONTROLS = [Choice(name=control.value, value=control.value) for control in Control]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: the prompt, the options beside it, and who shall draw."""

    prompt: str
    options: TypedOptions
    provider: str | None


class Imagine(commands.Cog):
    """Take requests for pictures."""

    def __init__(
        self,
        tracker: Tracker,
        catalogue: Catalogue,
        styles: StyleShelf,
        preferences: PreferenceBook,
    ) -> None:
        self._tracker = tracker
        self._catalogue = catalogue
        self._styles = styles
        self._preferences = preferences

    @app_commands.command()
    @app_commands.describe(**copy.IMAGINE_OPTIONS)
    @app_commands.rename(**copy.IMAGINE_NAMES)
    @app_commands.choices(control=CONTROLS)
    async def imagine(  # noqa: PLR0913 -- discord.py reads the options from here
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, PROMPT_CHARS_MAX],
        *,
        count: Range[int, 1, PICTURES_MAX] | None = None,
        aspect: Aspect | None = None,
        model: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
        provider: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
        negative: Text | None = None,
        style: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
        picture: discord.Attachment | None = None,
        mask: discord.Attachment | None = None,
        strength: Share | None = None,
        control: str | None = None,
        steps: Range[int, 1, STEPS_MAX] | None = None,
        cfg: Range[float, 0.0, 100.0] | None = None,
        sampler: Range[str, 1, 64] | None = None,
        seed: Range[int, 0, SEED_MAX] | None = None,
        loras: Text | None = None,
        post_processing: Text | None = None,
        hires_fix: bool | None = None,
        tiling: bool | None = None,
        transparent: bool | None = None,
        nsfw: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Draw pictures from a description."""
        options = TypedOptions(
            count=count,
            aspect=aspect,
            model=model,
            negative=negative,
            style=style,
            picture=UNSTORED if picture else None,
            mask=UNSTORED if mask else None,
            strength=strength,
            control=control,
            steps=steps,
            cfg=cfg,
            sampler=sampler,
            seed=seed,
            loras=loras,
            post_processing=post_processing,
            hires_fix=hires_fix,
            tiling=tiling,
            transparent=transparent,
            nsfw=nsfw,
            private=private,
        )
        asked = Asked(prompt=prompt, options=options, provider=provider)
        await self._begin(interaction, asked, picture, mask)

    async def _begin(
        self,
        interaction: discord.Interaction[Any],
        asked: Asked,
        picture: discord.Attachment | None,
        mask: discord.Attachment | None,
    ) -> None:
        """Refuse from memory, answer with the card, and only then read files and hold credits."""
        owner_id = UserId(interaction.user.id)
        check_size(picture, mask)
        usual = self._fitting(await self._preferences.of(owner_id), asked.provider)
        request = build_request(
            asked.prompt,
            options=asked.options,
            defaults=usual.defaults(is_age_restricted=is_age_restricted(interaction)),
        )
        quote = self._tracker.quote(request, asker=asker_of(interaction), provider=asked.provider)
        job = await acknowledge(interaction, quote)
        async with refusals_on(interaction, job):
            await self._tracker.submit(
                quote,
                job_id=job.id,
                owner_id=owner_id,
                target=job.target,
                uploads=_uploads(picture, mask),
            )

    def _fitting(self, usual: Preferences, provider: str | None) -> Preferences:
        """Leave out a usual model that the named provider does not have: it is not meant there."""
        if provider is None or usual.model is None:
            return usual
        names = {model.name for model in self._catalogue.models(provider)}
        return usual if usual.model in names else replace(usual, model=None)

    @imagine.autocomplete("model")
    async def suggest_models(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer models that fit what was typed so far."""
        permits = self._tracker.rules(interaction.guild_id).models.permits
        return model_choices(self._catalogue.suggest(typed, permits=permits))

    @imagine.autocomplete("style")
    async def suggest_styles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer styles that fit what was typed so far."""
        may_be_adult = is_age_restricted(interaction)
        return style_choices(self._styles.found(typed, may_be_adult=may_be_adult))

    @imagine.autocomplete("provider")
    async def suggest_providers(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer those who draw here."""
        able = self._tracker.able_to(Ability.TEXT_TO_PICTURE, guild_id=interaction.guild_id)
        return provider_choices(able, typed)


def _uploads(picture: discord.Attachment | None, mask: discord.Attachment | None) -> Uploads | None:
    if picture is None:
        return None
    return Uploads(
        source=partial(read, picture), mask=None if mask is None else partial(read, mask)
    )


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(
        Imagine(services.tracker, services.catalogue, services.styles, services.preferences)
    )

"""`/defaults`: what a member's pictures are like when a command does not say."""

from dataclasses import fields, replace
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.accounts.preferences import PreferenceBook
from bot.client import EaselBot
from bot.domain.askers import Asker
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UserId
from bot.domain.preferences import ASK_NEVER, Preferences
from bot.domain.prompts import TypedOptions, build_request
from bot.domain.requests import STEPS_MAX
from bot.jobs.catalogue import Catalogue
from bot.jobs.tracker import Tracker
from bot.ui import copy, credits_copy
from bot.ui.account import preferences_card
from bot.ui.choices import CHOICE_CHARS_MAX, model_choices
from bot.ui.opening import asker_of
from bot.ui.picture_options import Aspect, Text
from bot.ui.whispers import whisper

ANY_PROMPT = "a picture"  # stands where /imagine will have one, so that the rest can be tried
OPTIONS = {
    known.name: copy.IMAGINE_OPTIONS[known.name]
    for known in fields(Preferences)
    if known.name in copy.IMAGINE_OPTIONS
}

Name = Literal["model", "aspect", "negative", "steps", "nsfw", "private", "ask_above"]


class Defaults(
    commands.GroupCog, name="defaults", description="What counts when you do not say it."
):
    """Keep, show and clear members' defaults."""

    def __init__(self, tracker: Tracker, catalogue: Catalogue, book: PreferenceBook) -> None:
        self._tracker = tracker
        self._catalogue = catalogue
        self._book = book

    @app_commands.command(name="set")
    @app_commands.describe(**OPTIONS, ask_above=credits_copy.ASK_ABOVE)
    async def put(  # noqa: PLR0913 -- discord.py reads the options from here
        self,
        interaction: discord.Interaction[Any],
        *,
        model: Range[str, 1, CHOICE_CHARS_MAX] | None = None,
        aspect: Aspect | None = None,
        negative: Text | None = None,
        steps: Range[int, 1, STEPS_MAX] | None = None,
        nsfw: bool | None = None,
        private: bool | None = None,
        ask_above: Range[int, 0, ASK_NEVER] | None = None,
    ) -> None:
        """Choose what counts when you do not say; what you leave out stays as it is."""
        options = TypedOptions(
            model=model,
            aspect=aspect,
            negative=negative,
            steps=steps,
            nsfw=nsfw,
            private=private,
        )
        owner_id = UserId(interaction.user.id)
        chosen: dict[str, Any] = {} if ask_above is None else {"ask_above": ask_above}
        if not chosen or options != TypedOptions():
            chosen |= self._tried(options, asker=asker_of(interaction))
        kept = replace(await self._book.of(owner_id), **chosen)
        await self._book.keep(owner_id, kept)
        await _answer(interaction, kept)

    @app_commands.command(name="show")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show your defaults."""
        await _answer(interaction, await self._book.of(UserId(interaction.user.id)))

    @app_commands.command(name="clear")
    @app_commands.describe(what=copy.DEFAULT_CLEAR)
    async def clear(self, interaction: discord.Interaction[Any], what: Name | None = None) -> None:
        """Go back to how Easel does it."""
        owner_id = UserId(interaction.user.id)
        if what is None:
            was_there = await self._book.forget(owner_id)
            sentence = copy.DEFAULTS_CLEARED if was_there else copy.DEFAULTS_EMPTY
            await whisper(interaction, sentence)
            return
        usual = getattr(Preferences(), what)
        kept = replace(await self._book.of(owner_id), **{what: usual})
        await self._book.keep(owner_id, kept)
        await _answer(interaction, kept)

    @put.autocomplete("model")
    async def suggest_models(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer models that fit what was typed so far."""
        return model_choices(self._catalogue.suggest(typed))

    def _tried(self, options: TypedOptions, *, asker: Asker) -> dict[str, Any]:
        """Return what was chosen, refused now and not at every /imagine if it cannot be."""
        chosen = {name: value for name in OPTIONS if (value := getattr(options, name)) is not None}
        if not chosen:
            raise InvalidRequest(copy.DEFAULTS_NEED_ONE)
        request = build_request(ANY_PROMPT, options=options)
        quote = self._tracker.quote(request, asker=_anywhere(asker))
        if "model" in chosen:
            chosen["model"] = quote.request.model  # in its provider's spelling
        return chosen


def _anywhere(asker: Asker) -> Asker:
    """Return the same member where nothing is restricted: defaults hold in every server."""
    return replace(asker, guild_id=None, is_age_restricted=True)


async def _answer(interaction: discord.Interaction[Any], preferences: Preferences) -> None:
    view = preferences_card(preferences)
    await whisper(interaction, view)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Defaults(services.tracker, services.catalogue, services.preferences))

"""`/describe`, `/upscale`, `/cutout`, `/faces`, and the same from the menu of any message with a picture."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, ContextMenu, Range
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.capabilities import Ability
from bot.domain.jobs import UserId
from bot.domain.requests import UNSTORED, AlchemyRequest, Form
from bot.jobs.catalogue import Catalogue
from bot.jobs.tracker import Read, Tracker, Uploads
from bot.providers.base import Makes
from bot.ui import alchemy_copy
from bot.ui.choices import CHOICE_CHARS_MAX, model_choices, provider_choices
from bot.ui.found import read_found, the_pictures
from bot.ui.opening import acknowledge, asker_of, refusals_on
from bot.ui.picking import Offered, PictureSelect, Shelf, picker
from bot.ui.uploads import check_size, read
from bot.ui.whispers import whisper

Name = Range[str, 1, CHOICE_CHARS_MAX]

ABILITIES = {
    "describe": Ability.CAPTION,
    "upscale": Ability.UPSCALE,
    "cutout": Ability.CUTOUT,
    "faces": Ability.FACE_FIX,
}
MENUS = {
    alchemy_copy.DESCRIBE_MENU: (Form.CAPTION, Form.TAGS),
    alchemy_copy.UPSCALE_MENU: (Form.UPSCALE,),
    alchemy_copy.CUTOUT_MENU: (Form.CUTOUT,),
}


class Alchemy(commands.Cog):
    """Take requests about pictures that exist."""

    def __init__(self, tracker: Tracker, catalogue: Catalogue) -> None:
        self._tracker = tracker
        self._catalogue = catalogue
        self._shelf = Shelf()

    @app_commands.command()
    @app_commands.describe(**alchemy_copy.DESCRIBE_OPTIONS)
    async def describe(
        self,
        interaction: discord.Interaction[Any],
        picture: discord.Attachment,
        *,
        tags: bool = True,
        adult: bool = False,
        provider: Name | None = None,
    ) -> None:
        """Have a picture described in words."""
        chosen = ((Form.CAPTION, True), (Form.TAGS, tags), (Form.NSFW, adult))
        forms = tuple(form for form, is_wanted in chosen if is_wanted)
        await self._attached(interaction, picture, _asking(*forms), provider=provider)

    @app_commands.command()
    @app_commands.describe(**alchemy_copy.UPSCALE_OPTIONS)
    async def upscale(
        self,
        interaction: discord.Interaction[Any],
        picture: discord.Attachment,
        *,
        upscaler: Name | None = None,
        provider: Name | None = None,
    ) -> None:
        """Make a picture bigger."""
        request = _asking(Form.UPSCALE, model=upscaler)
        await self._attached(interaction, picture, request, provider=provider)

    @app_commands.command()
    @app_commands.describe(**alchemy_copy.CUTOUT_OPTIONS)
    async def cutout(
        self,
        interaction: discord.Interaction[Any],
        picture: discord.Attachment,
        *,
        provider: Name | None = None,
    ) -> None:
        """Take the background off a picture."""
        await self._attached(interaction, picture, _asking(Form.CUTOUT), provider=provider)

    @app_commands.command()
    @app_commands.describe(**alchemy_copy.FACES_OPTIONS)
    async def faces(
        self,
        interaction: discord.Interaction[Any],
        picture: discord.Attachment,
        *,
        fixer: Name | None = None,
        provider: Name | None = None,
    ) -> None:
        """Mend the faces in a picture."""
        request = _asking(Form.FACE_FIX, model=fixer)
        await self._attached(interaction, picture, request, provider=provider)

    async def pointed_at(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        """Do what the menu entry says with the picture of a message, or ask which of several."""
        assert interaction.command is not None, "an entry of a menu was used"
        request = _asking(*MENUS[interaction.command.name])
        pictures = the_pictures(message)
        if len(pictures) == 1:
            await self._begin(interaction, request, lambda: read_found(pictures[0]))
            return
        offered = Offered(request=request, pictures=pictures, at=interaction.created_at)
        self._shelf.put(interaction.id, offered)
        view = picker(interaction.id, pictures)
        await whisper(interaction, view)

    async def chosen(
        self, interaction: discord.Interaction[Any], offer_id: int, number: int
    ) -> None:
        """Go on with one of several pictures."""
        request, found = self._shelf.take(offer_id, number=number, now=interaction.created_at)
        await self._begin(interaction, request, lambda: read_found(found))

    async def _attached(
        self,
        interaction: discord.Interaction[Any],
        picture: discord.Attachment,
        request: AlchemyRequest,
        *,
        provider: str | None,
    ) -> None:
        check_size(picture)
        await self._begin(interaction, request, lambda: read(picture), provider=provider)

    async def _begin(
        self,
        interaction: discord.Interaction[Any],
        request: AlchemyRequest,
        read_it: Read,
        *,
        provider: str | None = None,
    ) -> None:
        """Refuse from memory, answer with the card, and only then read the picture and hold credits."""
        quote = self._tracker.quote(request, asker=asker_of(interaction), provider=provider)
        job = await acknowledge(interaction, quote)
        async with refusals_on(interaction, job):
            await self._tracker.submit(
                quote,
                job_id=job.id,
                owner_id=UserId(interaction.user.id),
                target=job.target,
                uploads=Uploads(source=read_it),
            )

    @upscale.autocomplete("upscaler")
    async def suggest_upscalers(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer what makes pictures bigger."""
        return model_choices(self._catalogue.suggest(typed, makes=Makes.LARGER))

    @faces.autocomplete("fixer")
    async def suggest_fixers(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer what mends faces."""
        return model_choices(self._catalogue.suggest(typed, makes=Makes.FACES))

    @describe.autocomplete("provider")
    @upscale.autocomplete("provider")
    @cutout.autocomplete("provider")
    @faces.autocomplete("provider")
    async def suggest_providers(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer those who do what this command is for."""
        assert interaction.command is not None, "an option of a command was typed into"
        ability = ABILITIES[interaction.command.name]
        able = self._tracker.able_to(ability, guild_id=interaction.guild_id)
        return provider_choices(able, typed)


def _asking(*forms: Form, model: str | None = None) -> AlchemyRequest:
    """Return a request whose picture is still on its way."""
    return AlchemyRequest(picture=UNSTORED, forms=forms, model=model)


async def setup(bot: EaselBot) -> None:
    """Load the cog and its menus, and let it hear of pictures that are chosen."""
    cog = bot.choosers = Alchemy(bot.services.tracker, bot.services.catalogue)
    bot.add_dynamic_items(PictureSelect)
    for name in MENUS:
        bot.tree.add_command(ContextMenu(name=name, callback=cog.pointed_at))
    await bot.add_cog(cog)

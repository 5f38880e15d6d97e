"""`/admin rules|words …`: what else holds in this server, and which words are blocked."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.accounts.house_rules import HouseBook
from bot.client import EaselBot
from bot.domain.errors import InvalidRequest
from bot.domain.house_rules import HouseRules, Listing, NsfwRule, Stance
from bot.domain.pattern_syntax import PATTERN_CHARS_MAX
from bot.ui import admin_copy, texts
from bot.ui.admin import deed_of, require_manager
from bot.ui.channel_options import TextPlace
from bot.ui.choices import entry_choices
from bot.ui.files import Upload
from bot.ui.house_rules import TEXT_CHARS_MAX, card, rules_card, words_text
from bot.ui.unbroken import unbroken
from bot.ui.whispers import whisper

WORDS_FILE = "blocked-words.txt"
NSFW_CHOICES = [Choice(name=words, value=rule.value) for rule, words in admin_copy.NSFW.items()]

Word = Range[str, 1, PATTERN_CHARS_MAX]


class Rules(app_commands.Group):
    """What holds in this server."""

    def __init__(self, house: HouseBook) -> None:
        super().__init__()
        self._house = house

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show every rule of this server."""
        guild_id = require_manager(interaction)
        await self._show(interaction, self._house.rules(guild_id))

    @app_commands.command(name="set")
    @app_commands.describe(nsfw=admin_copy.NSFW_OPTION, reports=admin_copy.REPORTS_OPTION)
    @app_commands.choices(nsfw=NSFW_CHOICES)
    async def put(
        self,
        interaction: discord.Interaction[Any],
        nsfw: str | None = None,
        reports: TextPlace | None = None,
    ) -> None:
        """Set what counts for adult content, or where reports go."""
        deed = deed_of(interaction)
        if (nsfw is None) == (reports is None):
            raise InvalidRequest(admin_copy.CHOOSE_ONE)
        if nsfw is not None:
            rules = await self._house.set_nsfw(deed, NsfwRule(nsfw))
        else:
            assert reports is not None, "one of them is given"
            rules = await self._house.set_report_channel(deed, reports.id)
        await self._show(interaction, rules)

    async def _show(self, interaction: discord.Interaction[Any], rules: HouseRules) -> None:
        bans = await self._house.bans(require_manager(interaction))
        view = rules_card(rules, bans)
        await whisper(interaction, view)


class Words(app_commands.Group):
    """Which words are blocked in this server; patterns are regular expressions."""

    def __init__(self, house: HouseBook) -> None:
        super().__init__()
        self._house = house

    @app_commands.command()
    @app_commands.describe(word=admin_copy.WORD_OPTION, pattern=admin_copy.PATTERN_OPTION)
    async def block(
        self, interaction: discord.Interaction[Any], word: Word, *, pattern: bool = False
    ) -> None:
        """Block a word, or whatever fits a pattern."""
        rules = await self._house.put(deed_of(interaction), _kind(pattern), word, Stance.BLOCK)
        await self._show(interaction, rules)

    @app_commands.command()
    @app_commands.describe(word=admin_copy.ENTRY_OPTION, pattern=admin_copy.PATTERN_OPTION)
    async def forget(
        self, interaction: discord.Interaction[Any], word: Word, *, pattern: bool = False
    ) -> None:
        """Take a word or a pattern off the list."""
        rules = await self._house.drop(deed_of(interaction), _kind(pattern), word)
        await self._show(interaction, rules)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show what is blocked, to you alone."""
        await self._show(interaction, self._house.rules(require_manager(interaction)))

    @forget.autocomplete("word")
    async def suggest(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """Offer what is on the list."""
        blocked = self._house.rules(interaction.guild_id).words
        return entry_choices((*blocked.words, *blocked.patterns), typed)

    async def _show(self, interaction: discord.Interaction[Any], rules: HouseRules) -> None:
        said = words_text(rules)
        shown = texts.in_code_block(said, chars_max=TEXT_CHARS_MAX) if said else admin_copy.NO_WORDS
        if len(said) < TEXT_CHARS_MAX:
            view = card(admin_copy.WORDS, shown)
            await whisper(interaction, view)
            return
        file = Upload(said.encode(), name=WORDS_FILE)
        answer = interaction.response.send_message(
            admin_copy.WORDS_IN_A_FILE, file=file, ephemeral=True
        )
        await unbroken(answer)


def _kind(is_pattern: bool) -> Listing:  # noqa: FBT001 - an option of the command as it is
    return Listing.PATTERN if is_pattern else Listing.WORD


async def setup(bot: EaselBot) -> None:
    """Add the rules to `/admin`."""
    bot.add_admin(Rules(bot.services.house), Words(bot.services.house))

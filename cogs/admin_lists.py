"""`/admin providers|models|channels|roles …`: what may be used in this server, where, and by whom."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.accounts.house_rules import HouseBook
from bot.client import EaselBot
from bot.domain.errors import InvalidRequest
from bot.domain.house_rules import ENTRY_CHARS_MAX, Listing, Stance
from bot.jobs.catalogue import Catalogue
from bot.ui import admin_copy
from bot.ui.admin import deed_of, require_manager
from bot.ui.channel_options import Place
from bot.ui.choices import entry_choices, model_choices, provider_choices
from bot.ui.house_rules import access_of, list_card
from bot.ui.whispers import whisper

Entry = Range[str, 1, ENTRY_CHARS_MAX]


class Lists(app_commands.Group):
    """What every list can do; what its entries are is up to each."""

    listing: Listing

    def __init__(self, house: HouseBook) -> None:
        super().__init__()
        self._house = house

    async def put(self, interaction: discord.Interaction[Any], entry: str, stance: Stance) -> None:
        """List an entry and show the list."""
        rules = await self._house.put(deed_of(interaction), self.listing, entry, stance)
        view = list_card(self.listing, access_of(rules, self.listing))
        await whisper(interaction, view)

    async def drop(self, interaction: discord.Interaction[Any], entry: str) -> None:
        """Take an entry off and show the list."""
        rules = await self._house.drop(deed_of(interaction), self.listing, entry)
        view = list_card(self.listing, access_of(rules, self.listing))
        await whisper(interaction, view)

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show the list."""
        rules = self._house.rules(require_manager(interaction))
        view = list_card(self.listing, access_of(rules, self.listing))
        await whisper(interaction, view)

    def listed(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """Offer what is on the list."""
        said = access_of(self._house.rules(interaction.guild_id), self.listing)
        return entry_choices((*said.allowed, *said.blocked), typed)


class Providers(Lists):
    """Which providers may be asked in this server."""

    listing = Listing.PROVIDER

    def __init__(self, house: HouseBook, providers: Sequence[tuple[str, str]]) -> None:
        super().__init__(house)
        self._providers = providers

    @app_commands.command()
    @app_commands.describe(provider=admin_copy.PROVIDER_OPTION)
    async def allow(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Allow a provider, and no other that is not allowed as well."""
        await self.put(interaction, self._name(provider), Stance.ALLOW)

    @app_commands.command()
    @app_commands.describe(provider=admin_copy.PROVIDER_OPTION)
    async def block(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Block a provider."""
        await self.put(interaction, self._name(provider), Stance.BLOCK)

    @app_commands.command()
    @app_commands.describe(provider=admin_copy.PROVIDER_OPTION)
    async def forget(self, interaction: discord.Interaction[Any], provider: str) -> None:
        """Take a provider off the list."""
        await self.drop(interaction, self._name(provider))

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show which providers may be asked."""
        await self.show(interaction)

    @allow.autocomplete("provider")
    @block.autocomplete("provider")
    @forget.autocomplete("provider")
    async def suggest(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer those who draw here."""
        return provider_choices(self._providers, typed)

    def _name(self, said: str) -> str:
        """Return a provider's name; suggestions bind nobody, so it may be unknown."""
        for name, title in self._providers:
            if said.casefold() in {name.casefold(), title.casefold()}:
                return name
        raise InvalidRequest(admin_copy.NO_SUCH_PROVIDER)


class Models(Lists):
    """Which models may be used in this server, by name or with * and ?."""

    listing = Listing.MODEL

    def __init__(self, house: HouseBook, catalogue: Catalogue) -> None:
        super().__init__(house)
        self._catalogue = catalogue

    @app_commands.command()
    @app_commands.describe(model=admin_copy.MODEL_OPTION)
    async def allow(self, interaction: discord.Interaction[Any], model: Entry) -> None:
        """Allow models, and no others that are not allowed as well."""
        await self.put(interaction, model, Stance.ALLOW)

    @app_commands.command()
    @app_commands.describe(model=admin_copy.MODEL_OPTION)
    async def block(self, interaction: discord.Interaction[Any], model: Entry) -> None:
        """Block models."""
        await self.put(interaction, model, Stance.BLOCK)

    @app_commands.command()
    @app_commands.describe(entry=admin_copy.ENTRY_OPTION)
    async def forget(self, interaction: discord.Interaction[Any], entry: Entry) -> None:
        """Take an entry off the list."""
        await self.drop(interaction, entry)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show which models may be used."""
        await self.show(interaction)

    @allow.autocomplete("model")
    @block.autocomplete("model")
    async def suggest(
        self, _interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer models that there are."""
        return model_choices(self._catalogue.suggest(typed))

    @forget.autocomplete("entry")
    async def suggest_listed(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """Offer what is on the list."""
        return self.listed(interaction, typed)


class Channels(Lists):
    """Where Easel may be used in this server."""

    listing = Listing.CHANNEL

    @app_commands.command()
    @app_commands.describe(channel=admin_copy.CHANNEL_OPTION)
    async def allow(self, interaction: discord.Interaction[Any], channel: Place) -> None:
        """Allow a channel, and no other that is not allowed as well."""
        await self.put(interaction, str(channel.id), Stance.ALLOW)

    @app_commands.command()
    @app_commands.describe(channel=admin_copy.CHANNEL_OPTION)
    async def block(self, interaction: discord.Interaction[Any], channel: Place) -> None:
        """Block a channel."""
        await self.put(interaction, str(channel.id), Stance.BLOCK)

    @app_commands.command()
    @app_commands.describe(channel=admin_copy.CHANNEL_OPTION)
    async def forget(self, interaction: discord.Interaction[Any], channel: Place) -> None:
        """Take a channel off the list."""
        await self.drop(interaction, str(channel.id))

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show where Easel may be used."""
        await self.show(interaction)


class Roles(Lists):
    """Who may use Easel in this server, by their roles."""

    listing = Listing.ROLE

    @app_commands.command()
    @app_commands.describe(role=admin_copy.ROLE_OPTION)
    async def allow(self, interaction: discord.Interaction[Any], role: discord.Role) -> None:
        """Allow a role, and nobody without an allowed one."""
        await self.put(interaction, str(role.id), Stance.ALLOW)

    @app_commands.command()
    @app_commands.describe(role=admin_copy.ROLE_OPTION)
    async def block(self, interaction: discord.Interaction[Any], role: discord.Role) -> None:
        """Block whoever has a role."""
        await self.put(interaction, str(role.id), Stance.BLOCK)

    @app_commands.command()
    @app_commands.describe(role=admin_copy.ROLE_OPTION)
    async def forget(self, interaction: discord.Interaction[Any], role: discord.Role) -> None:
        """Take a role off the list."""
        await self.drop(interaction, str(role.id))

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show who may use Easel."""
        await self.show(interaction)


async def setup(bot: EaselBot) -> None:
    """Add the lists to `/admin`."""
    services = bot.services
    bot.add_admin(
        Providers(services.house, services.tracker.providers),
        Models(services.house, services.catalogue),
        Channels(services.house),
        Roles(services.house),
    )

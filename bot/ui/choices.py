"""What an option suggests while it is typed, within what Discord can carry."""

from collections.abc import Iterable
from typing import Protocol

from discord.app_commands import Choice

from bot.ui import copy

CHOICE_CHARS_MAX = 100  # Discord's limit for a suggestion's name and value
CHOICES_MAX = 25  # Discord's limit for all of them


class Offered(Protocol):
    """A model, as far as a suggestion shows it."""

    @property
    def name(self) -> str:
        """How requests name it."""
        ...

    @property
    def workers(self) -> int | None:
        """How many serve it, where that is known."""
        ...


def model_choices(models: Iterable[Offered]) -> list[Choice[str]]:
    """Suggest models with names that Discord can carry."""
    return [
        Choice(name=copy.model_choice(model.name, workers=model.workers), value=model.name)
        for model in models
        if len(model.name) <= CHOICE_CHARS_MAX
    ]


def provider_choices(providers: Iterable[tuple[str, str]], typed: str) -> list[Choice[str]]:
    """Suggest providers, given by name and title, whose titles fit what was typed."""
    return [
        Choice(name=title, value=name)
        for name, title in providers
        if typed.casefold() in title.casefold()
    ]


def entry_choices(entries: Iterable[str], typed: str) -> list[Choice[str]]:
    """Suggest entries of a list that fit what was typed, as many as Discord can carry."""
    found = [entry for entry in entries if typed.casefold() in entry.casefold()]
    return [
        Choice(name=entry, value=entry)
        for entry in found[:CHOICES_MAX]
        if len(entry) <= CHOICE_CHARS_MAX
    ]

"""Modals without memory: what they are for is in their id, so any process can take the answer.

discord.py forgets open modals at a restart, so their `on_submit` stays empty and a listener reads
the answer from the interaction instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import discord
from discord import ui

OPEN_S = 900.0  # a dismissed modal would otherwise be kept for ever


class FormModal(ui.Modal):
    """One labelled line of text; `custom_id` says what it is for, `field` names the line."""

    def __init__(
        self, *, title: str, custom_id: str, label: str, description: str, line: ui.TextInput[Any]
    ) -> None:
        super().__init__(title=title, custom_id=custom_id, timeout=OPEN_S)
        self.add_item(ui.Label(text=label, description=description, component=line))


def submitted_id(interaction: discord.Interaction[Any]) -> str | None:
    """Return the id of the modal that was sent in, or None for any other interaction."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    return str(_data(interaction).get("custom_id", ""))


def submitted_values(interaction: discord.Interaction[Any]) -> Mapping[str, str]:
    """Return what was typed, by the id of its component."""
    return dict(_values(_data(interaction).get("components", ())))


def _data(interaction: discord.Interaction[Any]) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], interaction.data or {})  # the library's type is a union of all


def _values(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield component["custom_id"], component["value"]
        if "component" in component:  # a label around one field
            yield from _values((component["component"],))
        yield from _values(component.get("components", ()))

"""Keys as cards, and the form by which they come in: never as an option of a command.

An option would stay in the client's history of commands; a form's text does not.
"""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui
from pydantic import SecretStr

from bot.domain.keys import KEY_CHARS_MAX, KEY_CHARS_MIN, KeyInfo, KeyKind
from bot.ui import key_copy
from bot.ui.boxes import small_card
from bot.ui.modals import FormModal, submitted_id, submitted_values

FIELD = "key"

_FORM_ID = re.compile(r"key:v1:(?P<whose>set|server):(?P<provider>[a-z0-9_]{1,32})")
_WHOSE = {KeyKind.MEMBER: "set", KeyKind.SERVER: "server"}


def keys_card(keys: Sequence[KeyInfo], *, kind: KeyKind) -> ui.LayoutView:
    """List stored keys, one line each."""
    lines = "\n".join(map(key_copy.key, keys))
    return small_card(key_copy.CARD_TITLES[kind], lines or key_copy.NONE[kind])


def key_form(provider: str, *, title: str, kind: KeyKind) -> FormModal:
    """Return the form for a key; its id carries the provider and whose key it is to be."""
    line: ui.TextInput[Any] = ui.TextInput(
        custom_id=FIELD, min_length=KEY_CHARS_MIN, max_length=KEY_CHARS_MAX
    )
    return FormModal(
        title=key_copy.form_title(title, kind=kind),
        custom_id=f"key:v1:{_WHOSE[kind]}:{provider}",
        label=key_copy.FORM_LABELS[kind],
        description=key_copy.FORM_HINTS[kind],
        line=line,
    )


def provider_of_form(interaction: discord.Interaction[Any], *, kind: KeyKind) -> str | None:
    """Return which provider's key was sent in; None for any other interaction."""
    form = _FORM_ID.fullmatch(submitted_id(interaction) or "")
    if form is None or form["whose"] != _WHOSE[kind]:
        return None
    return form["provider"]


def submitted_key(interaction: discord.Interaction[Any]) -> SecretStr:
    """Return the key that was sent in."""
    return SecretStr(submitted_values(interaction)[FIELD])

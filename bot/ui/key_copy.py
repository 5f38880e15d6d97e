"""Every sentence about keys: a member's own under `/key`, a server's under `/admin key`."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.keys import Holder, KeyInfo, KeyKind
from bot.ui import texts

NAME_CHARS_MAX = 60
TITLE_CHARS_MAX = 45  # what a form shows
FIGURE_GIVEN = ",.10g"

PROVIDER = "Whose key it is"
COMMANDS = "Use your own key of a provider instead of credits."
SERVER_COMMANDS = "Lend members keys that belong to this server."

CARD_TITLES: Mapping[KeyKind, str] = MappingProxyType(
    {KeyKind.MEMBER: "Your keys", KeyKind.SERVER: "This server's keys"}
)
NONE: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.MEMBER: "You have not brought a key. "
        "With /key set your pictures cost no credits here.",
        KeyKind.SERVER: "This server has no key of its own. "
        "With /admin key set its members' jobs run on it.",
    }
)
FORM_LABELS: Mapping[KeyKind, str] = MappingProxyType(
    {KeyKind.MEMBER: "Your key", KeyKind.SERVER: "The server's key"}
)
FORM_HINTS: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.MEMBER: "It is tested now, stored sealed, and used for your pictures only.",
        KeyKind.SERVER: "It is tested now, stored sealed, and used for jobs in this server only.",
    }
)
WHAT_NOW: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.MEMBER: "Your pictures there now run on it and cost no credits here.",
        KeyKind.SERVER: "Jobs of this server now run on it there, "
        "but for members who brought their own.",
    }
)


def key(stored: KeyInfo) -> str:
    """Describe a stored key without giving it away."""
    used = stored.last_used_at
    return " · ".join(
        (
            f"**{texts.inline(stored.title)}**",
            f"`…{stored.last4}`" if stored.last4 else "too short to show",
            texts.inline(stored.holder, chars_max=NAME_CHARS_MAX) or "no name",
            "never used" if used is None else f"used {texts.relative(used)}",
        )
    )


def kept(stored: KeyInfo, *, kind: KeyKind) -> str:
    """Say that a key works and what it does from now on."""
    return f"{key(stored)}\nIt works. {WHAT_NOW[kind]}"


def tested(stored: KeyInfo, holder: Holder) -> str:
    """Say whose a key is and what is left on it, as the provider says now."""
    name = texts.inline(holder.name, chars_max=NAME_CHARS_MAX)
    whose = f"It works, and belongs to {name}." if name else "It works."
    return f"{key(stored)}\n{whose} {_left(holder, title=stored.title)}"


def _left(holder: Holder, *, title: str) -> str:
    if holder.balance is None:
        return f"{texts.inline(title)} does not tell what is left on it."
    unit = texts.inline(holder.unit, chars_max=NAME_CHARS_MAX)
    return f"There are {holder.balance:{FIGURE_GIVEN}} {unit} left on it."


def forgotten(title: str, *, kind: KeyKind) -> str:
    """Say that a key is gone."""
    name = texts.inline(title)
    if kind is KeyKind.SERVER:
        return f"This server's key of {name} is erased. Jobs run on the bot's own key again."
    return f"Your key of {name} is erased. Your pictures cost credits again."


def nothing_to_forget(title: str, *, kind: KeyKind) -> str:
    """Say that there was nothing to erase."""
    name = texts.inline(title)
    if kind is KeyKind.SERVER:
        return f"This server had no key for {name}."
    return f"There was no key of yours for {name}."


def form_title(title: str, *, kind: KeyKind) -> str:
    """Write the title of the form."""
    return texts.one_line(f"{FORM_LABELS[kind]} of {title}", chars_max=TITLE_CHARS_MAX)

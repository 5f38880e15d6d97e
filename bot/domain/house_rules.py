"""What a server allows: values that its admins set, and pure questions about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from bot.domain.jobs import UserId
from bot.domain.patterns import Patterns
from bot.domain.plain_text import folded

ENTRY_CHARS_MAX = 100
ENTRIES_MAX = 200  # of one list
WORDS_MAX = 500
PATTERNS_MAX = 50


class Stance(StrEnum):
    """What a list says of an entry; the value is stored."""

    ALLOW = "allow"
    BLOCK = "block"


class Listing(StrEnum):
    """What there are lists of; the value is stored. Words and patterns can only be blocked."""

    PROVIDER = "provider"
    MODEL = "model"
    CHANNEL = "channel"
    ROLE = "role"
    WORD = "word"
    PATTERN = "pattern"


class NsfwRule(StrEnum):
    """What a server says about adult content; the value is stored.

    Nothing here opens it outside age-restricted channels: Discord itself does not allow that.
    """

    NEVER = "never"
    COVERED = "covered"
    LABELLED = "labelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Two lists of names, or of globs with * and ?: what is blocked is out.

    When anything is allowed by name, all else is out as well.
    """

    allowed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing is said."""
        return not (self.allowed or self.blocked)

    def permits(self, *names: str) -> bool:
        """Tell whether something with one or several names may be used."""
        if _is_listed(names, self.blocked):
            return False
        return not self.allowed or _is_listed(names, self.allowed)


OPEN = Access()


@dataclass(frozen=True, kw_only=True)
class BlockedWords:
    """Words that stand alone, as they are compared; and patterns."""

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def has_word(self, text: str) -> bool:
        """Tell whether a text has one of the words, whatever stands between its parts."""
        if not self.words:
            return False
        whole = folded(text)
        spaced, dense = f" {_apart(whole)} ", "".join(whole.split())
        return any(
            word in dense if is_dense else f" {word} " in spaced for word, is_dense in self._forms
        )

    def has_pattern(self, text: str) -> bool:
        """Tell whether a text fits one of the patterns; raise `TooMuchWork`."""
        return self._machine.find(text) is not None

    @cached_property
    def _forms(self) -> Sequence[tuple[str, bool]]:
        found = []
        for word in self.words:
            whole = folded(word)
            is_dense = any(_has_no_spaces(char) for char in whole)
            found.append(("".join(whole.split()) if is_dense else _apart(whole), is_dense))
        return [(form, is_dense) for form, is_dense in found if form]

    @cached_property
    def _machine(self) -> Patterns:
        return Patterns(self.patterns)


NO_WORDS = BlockedWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The rules of one server; this is how a server begins."""

    providers: Access = OPEN
    models: Access = OPEN
    channels: Access = OPEN
    roles: Access = OPEN
    words: BlockedWords = NO_WORDS
    banned: frozenset[UserId] = field(default_factory=frozenset)
    nsfw: NsfwRule = NsfwRule.LABELLED
    is_paused: bool = False
    report_channel_id: int | None = None

    def allows(self, provider: str, model: str | None) -> bool:
        """Tell whether a provider, and a model there, may be asked; None stands for any model."""
        return self.providers.permits(provider) and self.allows_model(model)

    def allows_model(self, model: str | None) -> bool:
        """Tell whether a model may be asked; None stands for any, so nothing must be listed."""
        return self.models.is_open if model is None else self.models.permits(model)


HOUSE_WITHOUT_RULES = HouseRules()


def fits(glob: str, name: str) -> bool:
    """Tell whether a name fits, capitals aside; * stands for anything, ? for one character.

    Goes back to the last * only, so no glob takes longer than its length times the name's.
    """
    glob, name = glob.casefold(), name.casefold()
    at, in_glob, star, after_star = 0, 0, -1, 0
    while at < len(name):
        if in_glob < len(glob) and glob[in_glob] == "*":
            star, after_star = in_glob, at
            in_glob += 1
        elif in_glob < len(glob) and glob[in_glob] in ("?", name[at]):
            at, in_glob = at + 1, in_glob + 1
        elif star >= 0:
            after_star += 1
            at, in_glob = after_star, star + 1
        else:
            return False
    return not glob[in_glob:].strip("*")


def _is_listed(names: Iterable[str], globs: Iterable[str]) -> bool:
    globs = tuple(globs)
    return any(fits(glob, name) for name in names for glob in globs)


def _apart(text: str) -> str:
    """Return the words of a text with one space between them, marks left out."""
    return " ".join("".join(char if char.isalnum() else " " for char in text).split())


def _has_no_spaces(char: str) -> bool:
    """Tell whether a character belongs to a script that writes words without spaces."""
    return any(first <= char <= last for first, last in _DENSE)


_DENSE = (
    ("\u0e00", "\u0eff"),  # Thai, Lao
    ("\u1780", "\u17ff"),  # Khmer
    ("\u3040", "\u30ff"),  # Japanese syllables
    ("\u3400", "\u9fff"),  # Chinese characters
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A member who may not use the bot in a server."""

    owner_id: UserId
    at: datetime

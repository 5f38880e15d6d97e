r"""Patterns that admins write, read into a tree: the usual marks of regular expressions.

    . [abc] [^a-z] \d \w \s \b ^ $ ( ) | * + ? {2,3}

Capitals and accents never matter, because pattern and text are folded alike. Marks that only a
machine with a memory could follow (look-around, back-references) are refused with their place, so
that whatever is read here can be searched in linear time (`bot.domain.patterns`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.plain_text import folded

PATTERN_CHARS_MAX = 200
REPEATS_MAX = 100
DEPTH_MAX = 20


class PatternFault(ValueError):
    """A pattern that cannot be read; `position` counts characters from 1."""

    def __init__(self, sentence: str, *, position: int) -> None:
        super().__init__(f"{sentence} (character {position})")
        self.position = position


class Edge(StrEnum):
    """A condition between two characters."""

    START = "^"
    END = "$"
    WORD = "b"
    NO_WORD = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chars:
    """One character out of a set; `kinds` are letters of `KINDS`."""

    single: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    kinds: frozenset[str] = frozenset()
    is_negated: bool = False

    def has(self, char: str) -> bool:
        """Tell whether a character is in the set."""
        found = (
            char in self.single
            or any(low <= char <= high for low, high in self.ranges)
            or any(KINDS[kind](char) for kind in self.kinds)
        )
        return found != self.is_negated


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One or another."""

    options: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same several times; `most` None is without end."""

    part: "Node"
    least: int
    most: int | None


Node = Chars | Edge | Sequence | Choice | Repeat

ANY = Chars(is_negated=True)


def is_word(char: str) -> bool:
    """Tell whether a character belongs to a word."""
    return char.isalnum() or char == "_"


KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "D": lambda char: not char.isdecimal(),
    "w": is_word,
    "W": lambda char: not is_word(char),
    "s": str.isspace,
    "S": lambda char: not char.isspace(),
}

_BARE: dict[str, Node] = {".": ANY, "^": Edge.START, "$": Edge.END}
_EDGES = {"b": Edge.WORD, "B": Edge.NO_WORD}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}


def parse(pattern: str) -> Node:
    """Return the tree of a pattern; raise `PatternFault` where it cannot be read."""
    if len(pattern) > PATTERN_CHARS_MAX:
        raise PatternFault(
            f"A pattern has at most {PATTERN_CHARS_MAX} characters.", position=PATTERN_CHARS_MAX
        )
    reader = _Reader(pattern)
    node = reader.choice(depth=0)
    if not reader.is_done:
        raise reader.fault("There is a ) too many")
    return node


class _Reader:
    """A place in the pattern; each method reads one thing and moves on."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._pattern)

    def fault(self, sentence: str, *, back: int = 0) -> PatternFault:
        return PatternFault(sentence, position=min(self._at - back, len(self._pattern) - 1) + 1)

    def choice(self, *, depth: int) -> Node:
        options = [self._sequence(depth=depth)]
        while self._takes("|"):
            options.append(self._sequence(depth=depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, *, depth: int) -> Node:
        parts: list[Node] = []
        while not self.is_done and self._peek() not in "|)":
            parts.append(self._repeated(self._atom(depth=depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        times = self._times()
        if times is None:
            return part
        self._takes("?")  # "as few as possible" makes no difference to yes or no
        if not self.is_done and self._peek() in "*+?":
            raise self.fault("There is nothing to repeat")
        return Repeat(part, *times)

    def _times(self) -> tuple[int, int | None] | None:
        for mark, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._takes(mark):
                return times
        return self._counted()

    def _counted(self) -> tuple[int, int | None] | None:
        """Read {2}, {2,}, {,3} or {2,3}; other braces are ordinary characters."""
        end = self._pattern.find("}", self._at)
        if self.is_done or self._peek() != "{" or end < 0:
            return None
        low, comma, high = self._pattern[self._at + 1 : end].partition(",")
        if not all(part.isdecimal() and part.isascii() for part in (low, high) if part) or not (
            low or high
        ):
            return None
        least = int(low or 0)
        most = int(high) if high else (None if comma else least)
        if max(least, most or 0) > REPEATS_MAX:
            raise self.fault(f"At most {REPEATS_MAX} repetitions can be counted")
        if most is not None and most < least:
            raise self.fault("The least is more than the most")
        self._at = end + 1
        return least, most

    def _atom(self, *, depth: int) -> Node:
        char = self._next()
        match char:
            case "(":
                return self._group(depth=depth)
            case "[":
                return self._set()
            case "." | "^" | "$":
                return _BARE[char]
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                raise self.fault("There is nothing to repeat", back=1)
            case _:
                return _literal(char)

    def _group(self, *, depth: int) -> Node:
        opened = self._at - 1
        if depth >= DEPTH_MAX:
            raise self.fault(f"Groups nest at most {DEPTH_MAX} deep", back=1)
        if self._takes("?") and not self._takes(":"):
            raise self.fault("Only plain groups are possible: ( ) and (?: )", back=1)
        node = self.choice(depth=depth + 1)
        if not self._takes(")"):
            raise PatternFault("This ( is never closed", position=opened + 1)
        return node

    def _escaped(self) -> Node:
        if self.is_done:
            raise self.fault("A \\ at the end escapes nothing")
        char = self._next()
        if char in KINDS:
            return Chars(kinds=frozenset({char}))
        if char in _EDGES:
            return _EDGES[char]
        return _literal(self._plain(char))

    def _plain(self, char: str) -> str:
        """Return what an escaped character stands for."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isdecimal():
            raise self.fault("Back-references are not possible", back=2)
        if char.isalpha():
            raise self.fault(f"\\{char} is not known", back=2)
        return char

    def _set(self) -> Node:
        opened = self._at - 1
        is_negated = self._takes("^")
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        kinds: set[str] = set()
        is_first = True
        while is_first or self.is_done or self._peek() != "]":
            if self.is_done:
                raise PatternFault("This [ is never closed", position=opened + 1)
            is_first = False
            low = self._member()
            if low in _KIND_ESCAPES:
                kinds.add(low[1])
            elif self._is_range():
                ranges += self._range(low)
            else:
                single.update({low, *_folded_alone(low)})
        self._at += 1
        return Chars(
            single=frozenset(single),
            ranges=tuple(ranges),
            kinds=frozenset(kinds),
            is_negated=is_negated,
        )

    def _member(self) -> str:
        r"""Read one character of a set, or a kind such as \d with its backslash."""
        char = self._next()
        if char != "\\":
            return char
        if self.is_done:
            raise self.fault("A \\ at the end escapes nothing")
        char = self._next()
        return f"\\{char}" if char in KINDS else self._plain(char)

    def _is_range(self) -> bool:
        rest = self._pattern[self._at : self._at + 2]
        return rest[:1] == "-" and rest[1:] not in {"", "]"}

    def _range(self, low: str) -> list[tuple[str, str]]:
        self._at += 1
        high = self._member()
        if len(high) > 1 or high < low:
            raise self.fault("This range has no beginning before its end", back=1)
        both = [(low, high)]
        ends = _folded_alone(low) + _folded_alone(high)
        if len(ends) == 2 and ends[0] <= ends[1]:  # noqa: PLR2004 - a beginning and an end
            both.append((ends[0], ends[1]))
        return both

    def _peek(self) -> str:
        return self._pattern[self._at]

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _takes(self, char: str) -> bool:
        if self.is_done or self._peek() != char:
            return False
        self._at += 1
        return True


_KIND_ESCAPES = frozenset(f"\\{kind}" for kind in KINDS)


def _literal(char: str) -> Node:
    """Return the characters that one becomes when text is folded: "ß" is found as "ss"."""
    parts = tuple(Chars(single=frozenset({one})) for one in folded(char))
    return parts[0] if len(parts) == 1 else Sequence(parts)


def _folded_alone(char: str) -> tuple[str, ...]:
    """Return what a character of a set folds to, where that is one character."""
    found = folded(char)
    return (found,) if len(found) == 1 else ()

"""Looks and whole presets that a request may name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A look or a whole preset that a request may name; `prompt` shows what becomes of the words.

    `model`, size and `steps` are those that it sets, where it sets any.
    """

    name: str
    title: str
    creator: str = ""
    about: str = ""
    prompt: str = ""
    model: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    tags: tuple[str, ...] = ()
    is_adult: bool = False
    uses: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A style and who has it."""

    provider: str
    title: str
    style: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One page of what fits a search, counted from 1."""

    listed: tuple[Listed, ...]
    number: int
    count: int
    total: int

"""What a member likes their pictures to be when a command does not say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A member's own defaults; None means "as Easel does it".

    `aspect` is the name of a shape that `/imagine` offers, such as "portrait".
    """

    model: str | None = None
    aspect: str | None = None
    negative: str | None = None
    steps: int | None = None
    nsfw: bool = False

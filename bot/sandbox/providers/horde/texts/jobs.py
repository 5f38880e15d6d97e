"""A request for texts and its texts."""

from dataclasses import dataclass, field

from bot.sandbox.providers.horde.jobs import Job, Part, PartState
from bot.sandbox.providers.horde.texts.wish import TextWish


@dataclass(slots=True, kw_only=True)
class Writing(Part):
    """One text of a request; its id appears in the webhook only."""

    seed: int = 0


@dataclass(slots=True, kw_only=True)
class TextJob(Job):
    """An accepted request for texts."""

    wish: TextWish
    model: str  # the one that writes it
    price: float  # of one text, without the tax
    writings: list[Writing] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Writing, ...]:
        """The texts."""
        return tuple(self.writings)

    @property
    def delivered(self) -> list[Writing]:
        """The texts that exist, in the arbitrary order of their ids, as the status lists them."""
        found = [writing for writing in self.writings if writing.state is PartState.DELIVERED]
        return sorted(found, key=lambda writing: writing.part_id)

    def cost(self, part: Part) -> float:
        """Return the price of a text; a censored one costs nothing more than the tax."""
        return 0.0 if part.censored else self.price

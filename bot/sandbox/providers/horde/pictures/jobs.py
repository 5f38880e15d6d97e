"""A request for pictures and its pictures."""

from dataclasses import dataclass, field

from bot.sandbox.providers.horde.jobs import Job, Part, PartState
from bot.sandbox.providers.horde.pictures.prices import PICTURE_TAX
from bot.sandbox.providers.horde.pictures.wish import Wish
from bot.sandbox.providers.pictures import PictureWish


@dataclass(slots=True, kw_only=True)
class Picture(Part):
    """One picture of a request."""

    seed: int

    @property
    def picture_id(self) -> str:
        """Its name, in the status and at the picture host."""
        return self.part_id


@dataclass(slots=True, kw_only=True)
class PictureJob(Job):
    """An accepted request for pictures."""

    wish: Wish
    model: str  # the one that draws it
    price: float  # of one picture, without taxes
    pictures: list[Picture] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Picture, ...]:
        """The pictures."""
        return tuple(self.pictures)

    @property
    def delivered(self) -> list[Picture]:
        """The pictures that exist, in the arbitrary order of their ids, as the status lists them."""
        found = [picture for picture in self.pictures if picture.state is PartState.DELIVERED]
        return sorted(found, key=lambda picture: picture.picture_id)

    def cost(self, part: Part) -> float:
        """Return the price of a picture; a censored one costs the tax alone."""
        return PICTURE_TAX + (0.0 if part.censored else self.price)

    def picture_wish(self, picture: Picture) -> PictureWish:
        """Return what to draw."""
        return PictureWish(
            prompt=self.wish.prompt,
            seed=picture.seed,
            width=self.wish.width,
            height=self.wish.height,
            index=picture.index,
            censored=picture.censored,
        )

"""A member's picture made into one that any provider takes, with nothing about its maker in it."""

import io
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from bot.domain.errors import InvalidRequest
from bot.domain.requests import SIDE_MAX_PX
from bot.media.ladder import encode, upright
from bot.media.verify import UnreadablePicture, decoded, opened, refusal

SOURCE_BYTES_MAX = 5_000_000  # what the Horde fetches at most; base64 makes it a third more
MASK_STRETCH_PERCENT_MAX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A picture ready to send, WebP or JPEG; `size` is its width and height in pixels."""

    data: bytes = field(repr=False)
    size: tuple[int, int]


def to_source(data: bytes) -> Prepared:
    """Return the first frame upright, without metadata, at most 3072 px a side and 5 MB.

    Raises `InvalidRequest` with a sentence for the member.
    """
    image = _taken(data)
    image.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX), Image.Resampling.LANCZOS)
    fitted = encode(image, SOURCE_BYTES_MAX)
    return Prepared(data=fitted.data, size=opened(fitted.data).size)


def to_mask(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a grey PNG of the source's size; white is repainted, what was transparent is not.

    Greys stay: a soft edge blends. Raises `InvalidRequest` with a sentence for the member.
    """
    image = _taken(data)
    if not _has_shape(image.size, size):
        raise InvalidRequest(
            "The mask has another shape than the picture: give both the same width and height."
        )
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    grey = image.convert("L").resize(size, Image.Resampling.BILINEAR)
    if grey.getextrema()[1] == 0:
        raise InvalidRequest("The mask is all black: paint white what should be drawn anew.")
    target = io.BytesIO()
    grey.save(target, format="png")
    return target.getvalue()


def inverted(mask: bytes) -> bytes:
    """Return a mask that means the same where black is repainted."""
    target = io.BytesIO()
    ImageOps.invert(opened(mask)).save(target, format="png")
    return target.getvalue()


def _taken(data: bytes) -> Image.Image:
    try:
        image = upright(decoded(data))
    except UnreadablePicture as err:
        raise InvalidRequest(refusal(err)) from err
    image.info.clear()  # a colour profile may name somebody's monitor
    return image


def _has_shape(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    across, down = size[0] * wanted[1], size[1] * wanted[0]
    return abs(across - down) * 100 <= MASK_STRETCH_PERCENT_MAX * max(across, down)

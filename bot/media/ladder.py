"""Make a picture fit a number of bytes, giving up as little as possible.

Measured on 1024² pictures: lossless WebP at its fastest is smaller than PNG and five times
faster; then lossy WebP, then JPEG without colour subsampling, then smaller sides.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, ImageOps

from bot.media.metadata import OddContainer, with_parameters
from bot.media.verify import JPEG, SUFFIXES, WEBP, decoded, mime_of

REQUEST_BYTES_MAX = 24 * 1024 * 1024  # Discord takes 25 MiB in one request; the rest is wrapping
BYTES_LEAST = 32 * 1024  # any picture fits in here, if need be as a thumbnail
SHRINK = (3, 4)
WRAPPING_BYTES = 256  # what container and Exif put around a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A picture that fits; `was_changed` tells whether its pixels were encoded anew."""

    data: bytes = field(repr=False)
    mime: str
    was_changed: bool

    @property
    def suffix(self) -> str:
        """The end of a file's name, dot included."""
        return SUFFIXES[self.mime]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rung:
    mime: str
    options: dict[str, Any]


_LOSSLESS = _Rung(mime=WEBP, options={"lossless": True, "quality": 0, "method": 0})
_LOSSY = _Rung(mime=WEBP, options={"quality": 90, "method": 2})
_OPAQUE = _Rung(mime=JPEG, options={"quality": 90, "subsampling": "4:4:4"})


def fit(data: bytes, bytes_max: int, *, parameters: str | None = None) -> Fitted:
    """Return the picture in at most `bytes_max` bytes, saying `parameters` or nothing.

    Its pixels stay as they are stored when they fit; the parameters give way where they alone
    would make it too big. What is built oddly is encoded anew as well: nobody could tell what else
    it says. Encoding anew keeps the first frame, turned upright, and transparency.
    Raises `UnreadablePicture`.
    """
    kept = _with_its_pixels(data, bytes_max, parameters)
    if kept is not None:
        return Fitted(data=kept, mime=mime_of(kept), was_changed=False)
    room = 0 if parameters is None else 2 * len(parameters) + WRAPPING_BYTES
    fitted = encode(upright(decoded(data)), max(BYTES_LEAST, bytes_max - room))
    if parameters is None:
        return fitted
    told = with_parameters(fitted.data, parameters)
    return replace(fitted, data=told) if len(told) <= bytes_max else fitted


def encode(image: Image.Image, bytes_max: int) -> Fitted:
    """Write an upright RGB or RGBA picture on the first rung that fits."""
    assert bytes_max >= BYTES_LEAST
    for smaller, rung in _rungs(image):
        data = _encoded(smaller, rung)
        if len(data) <= bytes_max:
            return Fitted(data=data, mime=rung.mime, was_changed=True)
    raise AssertionError("a picture of a few pixels does not fit")


def upright(image: Image.Image) -> Image.Image:
    """Return the picture as its camera saw it, in RGB or RGBA, its colour profile all it keeps."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        turned = _eight_bits(turned)
    plain = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    profile = turned.info.get("icc_profile") if turned.mode in {"RGB", "RGBA"} else None
    plain.info = {"icc_profile": profile} if profile else {}  # of other modes it would be wrong
    return plain


def _with_its_pixels(data: bytes, bytes_max: int, parameters: str | None) -> bytes | None:
    for said in dict.fromkeys((parameters, None)):
        try:
            file = with_parameters(data, said)
        except OddContainer:  # or there is no room for so many words
            continue
        if len(file) <= bytes_max:
            return file
    return None


def _rungs(image: Image.Image) -> Iterator[tuple[Image.Image, _Rung]]:
    yield image, _LOSSLESS
    while True:
        yield image, _LOSSY
        if image.mode == "RGB":
            yield image, _OPAQUE
        if image.size == (1, 1):
            return
        times, of = SHRINK
        width, height = (max(1, side * times // of) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, rung: _Rung) -> bytes:
    target = io.BytesIO()
    image.save(target, format=rung.mime.removeprefix("image/"), **rung.options)
    return target.getvalue()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale sixteen bits of grey (depth maps) down; Pillow's own conversion would clip them."""
    return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")

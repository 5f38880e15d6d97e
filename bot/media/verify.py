"""Whether some bytes are a picture that is safe to decode, store and show.

The kind comes from the first bytes, never from a name or a content type. Sizes are read from the
header and refused before a pixel is decoded: 164 KB of PNG can hold 169 megapixels. Pillow's own
guard is one global number that only warns at first, so its classes are called directly instead.
"""

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from bot.media import webp_chunks

PIXELS_MAX = 25_000_000
SIDE_PX_MAX = 16_383  # WebP's own limit
JPEG_SCANS_MAX = 100  # a camera writes about ten; thousands only cost time

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
SUFFIXES = {PNG: ".png", JPEG: ".jpg", WEBP: ".webp"}

_CLASSES: dict[str, type[ImageFile.ImageFile]] = {
    PNG: PngImageFile,
    JPEG: JpegImageFile,
    WEBP: WebPImageFile,
}
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow's readers raise on bytes that are not what they claim to be."""

RIFF_HEADER_BYTES = 8
PNG_END, JPEG_END = b"IEND\xaeB`\x82", b"\xff\xd9"
TAIL_BYTES = 1024

_DAMAGED = "it is cut off or damaged"


class UnreadablePicture(ValueError):
    """These bytes cannot be used; the text goes on after "the picture: "."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """What a picture is; `frames` is more than one where it is animated."""

    mime: str
    width: int
    height: int
    size_bytes: int
    frames: int


def verify_result(data: bytes) -> PictureInfo:
    """Return what a provider's picture is; raise `UnreadablePicture` when it is none.

    The header is read and the container's end looked for, no pixel is decoded: that would take
    most of the time between a provider's "done" and the post (8 ms at 512², 30 ms at 1024²).
    """
    mime = mime_of(data)
    shape = _still_webp(data) if mime == WEBP else None
    if shape is None:
        image = opened(data)
        shape = (image.width, image.height, getattr(image, "n_frames", 1))
    if not _is_whole(data):
        raise UnreadablePicture(_DAMAGED)
    width, height, frames = shape
    return PictureInfo(mime=mime, width=width, height=height, size_bytes=len(data), frames=frames)


def _still_webp(data: bytes) -> tuple[int, int, int] | None:
    """Read a still WebP's headers; None for what Pillow should look at.

    Pillow's reader makes room for two whole canvases before it says how large they are: 4 ms at
    512², 16 ms at 1024², most of what a job costs.
    """
    try:
        width, height = webp_chunks.sides_of_still(data)
    except (ValueError, struct.error):
        return None
    _check_size(width, height)
    return width, height, 1


def _is_whole(data: bytes) -> bool:
    """Tell whether a container ends where it says; encoders may leave a little behind the end."""
    match mime_of(data):
        case "image/webp":
            return len(data) >= int.from_bytes(data[4:8], "little") + RIFF_HEADER_BYTES
        case "image/png":
            return PNG_END in data[-TAIL_BYTES:]
        case _:
            return JPEG_END in data[-TAIL_BYTES:]


def refusal(reason: UnreadablePicture) -> str:
    """Tell a member why their picture cannot be used, and what to do."""
    megapixels = PIXELS_MAX // 1_000_000
    return (
        f"I cannot use this picture: {reason}. "
        f"Save it as PNG, JPEG or WebP, at most {megapixels} megapixels, and send it again."
    )


def mime_of(data: bytes) -> str:
    """Return the kind that the first bytes announce; raise `UnreadablePicture` for any other."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    raise UnreadablePicture("it is no PNG, JPEG or WebP")


def decoded(data: bytes) -> Image.Image:
    """Return the decoded first frame; raise `UnreadablePicture` for damage and excess."""
    return loaded(opened(data))


def loaded(image: ImageFile.ImageFile) -> Image.Image:
    """Decode an opened picture; raise `UnreadablePicture` for damage."""
    try:
        image.load()
    except _DAMAGE as err:
        raise UnreadablePicture(_DAMAGED) from err
    return image


def opened(data: bytes) -> ImageFile.ImageFile:
    """Return the picture with its header read and checked, no pixel of it decoded yet."""
    mime = mime_of(data)
    if mime == JPEG and data.count(b"\xff\xda") > JPEG_SCANS_MAX:
        raise UnreadablePicture("it is built to be slow")
    try:
        image = _CLASSES[mime](io.BytesIO(data))
    except Image.DecompressionBombError as err:  # the WebP reader asks Pillow's guard itself
        raise UnreadablePicture("it has far too many pixels") from err
    except _DAMAGE as err:
        raise UnreadablePicture(_DAMAGED) from err
    _check_size(image.width, image.height)
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX or max(width, height) > SIDE_PX_MAX:
        raise UnreadablePicture(f"it has {width} × {height} pixels")

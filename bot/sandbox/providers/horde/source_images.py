"""Look at a source picture as the Horde does before it accepts a request."""

import asyncio
import base64
import binascii
import io
from dataclasses import dataclass, field

import aiohttp
from PIL import Image, UnidentifiedImageError
from yarl import URL

from bot.sandbox.providers.horde.refusals import Refusal

FETCH_TIMEOUT_S = 2.0
FETCH_BYTES_MAX = 5 * 1024 * 1024
SIDE_MAX = 3072
UNREADABLE = (
    "Image validation failed. Please ensure the source image payload is either a URL containing an image "
    "or a valid base64 encoded image."
)
UNREACHABLE = "Image validation failed. Something went wrong when retrieving image url."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage:
    """A picture that somebody sent along."""

    data: bytes = field(repr=False)
    width: int
    height: int
    has_transparency: bool


async def source_image(source: str) -> SourceImage:
    """Return a source (base64 or a link); `Refusal` when it is no picture or cannot be fetched."""
    data = await _fetch(source) if source.startswith(("http://", "https://")) else _decoded(source)
    return await asyncio.to_thread(_looked_at, data)


def check_side(source: SourceImage) -> None:
    """Refuse a picture that is too large to be drawn from."""
    if max(source.width, source.height) > SIDE_MAX:
        message = f"Source image must not be larger than {SIDE_MAX}x{SIDE_MAX}."
        raise Refusal(400, message, rc="SourceImageResolutionExceeded")


def _decoded(source: str) -> bytes:
    try:
        return base64.b64decode(source, validate=True)
    except binascii.Error as error:
        raise Refusal(400, UNREADABLE, rc="ImageValidationFailed") from error


async def _fetch(link: str) -> bytes:
    """Fetch a picture, from loopback only: the sandbox never calls out."""
    unreachable = Refusal(400, UNREACHABLE, rc="ImageValidationFailed")
    if URL(link).host not in {"127.0.0.1", "localhost", "::1"}:
        raise unreachable
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(URL(link, encoded=True)) as answer,
        ):
            data = await answer.content.read(FETCH_BYTES_MAX + 1)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise unreachable from error
    if len(data) > FETCH_BYTES_MAX:
        raise unreachable
    return data


def _looked_at(data: bytes) -> SourceImage:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return SourceImage(
                data=data,
                width=picture.width,
                height=picture.height,
                has_transparency="A" in picture.getbands(),
            )
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Refusal(400, UNREADABLE, rc="ImageValidationFailed") from error

"""Look at a source picture as the Horde does before it accepts a request."""

import asyncio
import base64
import binascii
import io

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


async def has_transparency(source: str) -> bool:
    """Check a source (base64 or a link) and tell whether parts of it are see-through.

    Raises `Refusal` when it is no picture, cannot be fetched, or is too large.
    """
    data = await _fetch(source) if source.startswith(("http://", "https://")) else _decoded(source)
    return await asyncio.to_thread(_look, data)


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
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(link) as answer:
            data = await answer.content.read(FETCH_BYTES_MAX + 1)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise unreachable from error
    if len(data) > FETCH_BYTES_MAX:
        raise unreachable
    return data


def _look(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if max(picture.size) > SIDE_MAX:
                message = f"Source image must not be larger than {SIDE_MAX}x{SIDE_MAX}."
                raise Refusal(400, message, rc="SourceImageResolutionExceeded")
            picture.load()
            return "A" in picture.getbands()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Refusal(400, UNREADABLE, rc="ImageValidationFailed") from error

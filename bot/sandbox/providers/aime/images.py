"""Look at a picture that came with a request, as the server does before it accepts it."""

import asyncio
import base64
import binascii
import io
import re

from PIL import Image, UnidentifiedImageError

_PREFIX = re.compile(r"^data:image/[A-Za-z0-9.+-]+;base64,")
FORMATS = frozenset({"PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"})
NO_MEDIA = "Media conversion is not available on this server: parameter {name} is not supported!"
UNREADABLE = "Parameter {name} could not be decoded as image!"


def hangs(text: str) -> bool:
    """Tell whether this text makes the real server wait for ever: it has no data-URI prefix."""
    return _PREFIX.match(text) is None


async def decoded(text: str) -> bytes | None:
    """Return a picture's bytes; None for what no reader knows, whatever its label says."""
    try:
        data = base64.b64decode(_PREFIX.sub("", text, count=1), validate=True)
    except binascii.Error:
        return None
    return data if await asyncio.to_thread(_is_picture, data) else None


def _is_picture(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            return opened.format in FORMATS
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return False

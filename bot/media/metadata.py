"""Say in a picture's file how it was made, or nothing at all; no pixel is encoded anew.

What the provider wrote there (worker, prompt, sometimes a key) goes in either case. PNG carries the
text under `parameters`, JPEG and WebP as the comment of their Exif: where A1111 puts it and where
its readers look. What shapes the picture stays: colour profile, transparency, frames, orientation.
"""

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.media import jpeg_segments, png_chunks, webp_chunks
from bot.media.verify import JPEG, PNG, WEBP, mime_of

_WRITERS: Mapping[str, Callable[[bytes, str | None], bytes]] = MappingProxyType(
    {PNG: png_chunks.rewritten, JPEG: jpeg_segments.rewritten, WEBP: webp_chunks.rewritten}
)
_READERS: Mapping[str, Callable[[bytes], str | None]] = MappingProxyType(
    {
        PNG: png_chunks.parameters_in,
        JPEG: jpeg_segments.parameters_in,
        WEBP: webp_chunks.parameters_in,
    }
)


class OddContainer(ValueError):
    """A file that is not built as its kind is; it is better left alone."""


def with_parameters(data: bytes, parameters: str | None) -> bytes:
    """Return the picture with this text and nothing else said in it; None says nothing.

    Raises `OddContainer` for what is not understood down to its last chunk.
    """
    try:
        return _WRITERS[mime_of(data)](data, parameters)
    except (ValueError, struct.error) as err:
        raise OddContainer(str(err)) from err


def read_parameters(data: bytes) -> str | None:
    """Return what a picture says about how it was made; None when it says nothing readable."""
    try:
        return _READERS[mime_of(data)](data)
    except (ValueError, struct.error):
        return None

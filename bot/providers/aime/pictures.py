"""Pictures inside answers: base64, mostly behind a data-URI prefix in mixed case."""

import base64
import re

from bot.providers.downloads import sniff

PREVIEW_BYTES_MAX = 8 * 1024 * 1024
_PREFIX = re.compile(r"^data:[\w/+.;=-]*,", re.ASCII)
_QUANTUM = 4


def decoded(text: str) -> bytes | None:
    """Return the bytes of a picture; prefix, line breaks and padding may be there or not.

    None for what cannot be decoded.
    """
    bare = "".join(_PREFIX.sub("", text, count=1).split()).rstrip("=")
    padding = "=" * (-len(bare) % _QUANTUM)
    try:
        return base64.b64decode(bare + padding, validate=True) or None
    except ValueError:
        return None


def preview(texts: tuple[str, ...]) -> bytes | None:
    """Return the first picture of a progress answer; None for none, for noise, for a huge one."""
    if not texts or len(texts[0]) > PREVIEW_BYTES_MAX * 4 // 3:
        return None
    data = decoded(texts[0])
    return data if data is not None and sniff(data) is not None else None

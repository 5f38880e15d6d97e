"""A small picture of unfinished work, made fast: it is looked at for two seconds.

Encoded anew in any case, so that nothing of what a worker wrote beside the pixels is left.
"""

import io

from PIL import Image

from bot.media.ladder import upright
from bot.media.verify import UnreadablePicture, loaded, opened

SIDE_PX_MAX = 512
PIXELS_MAX = 2048 * 2048  # of what comes in: the largest that a generator draws at once
QUALITY = 75
SUFFIX = ".jpg"


def to_preview(data: bytes) -> bytes:
    """Return a JPEG of at most 512 pixels a side; raise `UnreadablePicture` for anything odd.

    A JPEG is scaled while it is decoded. Measured at 1024²: 2 to 10 ms, 14 to 19 ms from PNG.
    """
    image = opened(data)
    if image.width * image.height > PIXELS_MAX:
        raise UnreadablePicture("it is too large for a preview")
    image.draft("RGB", (SIDE_PX_MAX, SIDE_PX_MAX))
    small = loaded(image)
    small.thumbnail((SIDE_PX_MAX, SIDE_PX_MAX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    target = io.BytesIO()
    upright(small).convert("RGB").save(target, format="jpeg", quality=QUALITY)
    return target.getvalue()

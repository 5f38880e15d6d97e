"""A small picture of a member's, for commands that start from one; each number has a colour of its own."""

import io

from PIL import Image

from bot.sandbox.discord.option_values import Upload

SIDE_PX = 64
SHADES = 256


def snapshot(number: int) -> Upload:
    """Return the same file for the same number, and no two alike."""
    high, low = divmod(number, SHADES)
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), (high % SHADES, low, SHADES - 1 - low))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Upload("snapshot.png", out.getvalue())

"""What the sandbox's alchemists see in a picture and make of it. Slow: keep it off the event loop."""

import io

from PIL import Image, ImageChops

from bot.sandbox.providers.horde.scripts import Script

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128), "red": (200, 30, 30),
    "orange": (240, 140, 30), "yellow": (240, 220, 60), "green": (40, 150, 60), "blue": (40, 80, 190),
    "purple": (130, 50, 150), "brown": (120, 80, 40), "pink": (240, 150, 180),
}  # fmt: skip
SAMPLE = (8, 8)
SIDE_MAX_PX = 4096
QUALITY = 82
NEAR = 24  # how far a colour may be from the corner's to count as background
OPAQUE = 255


def words(name: str, data: bytes, script: Script) -> dict[str, object]:
    """Return the result of a form in words; nothing for one that gives a picture.

    The shape of an interrogation was never recorded: lists of words with a confidence, by topic.
    """
    match name:
        case "caption":
            return {"caption": script.text or caption(data)}
        case "nsfw":
            return {"nsfw": script.is_nsfw}
        case "interrogation":
            return {"interrogation": {"tags": tags(data), "mediums": []}}
        case _:
            return {}


def caption(data: bytes) -> str:
    """Name the colour and the shape of a picture."""
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
    shape = "square" if width == height else "rectangle"
    colour = _colours(data)[0]
    article = "an" if colour[0] in "aeiou" else "a"
    return f"{article} {colour} {shape}"


def tags(data: bytes) -> list[dict[str, object]]:
    """Name the colours in a picture, the most frequent first."""
    found = _colours(data)
    return [
        {"text": colour, "confidence": round(0.9 - 0.1 * rank, 2)}
        for rank, colour in enumerate(found)
    ]


def processed(name: str, data: bytes) -> bytes:
    """Return what a post-processor makes of a picture, as WebP."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    if name == "strip_background":
        picture = _cut_out(picture)
    elif (factor := _factor(name)) > 1:
        width, height = (min(side * factor, SIDE_MAX_PX) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=0)
    return out.getvalue()


def _factor(name: str) -> int:
    """Return how much larger an upscaler makes a picture; 1 for what is no upscaler."""
    if name in {"RealESRGAN_x2plus", "2xModernSpanimationV1"}:
        return 2
    return 4 if name.startswith(("4x", "RealESRGAN_x4", "NMKD")) else 1


def _colours(data: bytes) -> list[str]:
    with Image.open(io.BytesIO(data)) as opened:
        small = opened.convert("RGB").resize(SAMPLE)
    counts: dict[str, int] = {}
    for x in range(small.width):
        for y in range(small.height):
            name = _name(small.getpixel((x, y)))
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def _name(pixel: object) -> str:
    assert isinstance(pixel, tuple)
    return min(COLOURS, key=lambda name: _distance(COLOURS[name], pixel))


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))


def _cut_out(picture: Image.Image) -> Image.Image:
    """Make see-through what looks like the upper left corner."""
    rgb = picture.convert("RGB")
    corner = rgb.getpixel((0, 0))
    assert isinstance(corner, tuple)
    flat = Image.new("RGB", rgb.size, corner)
    difference = ImageChops.difference(rgb, flat).convert("L")
    mask = difference.point([0 if value < NEAR else OPAQUE for value in range(256)])
    out = rgb.convert("RGBA")
    out.putalpha(mask)
    return out

"""Draw small landscapes from a prompt and a seed: same wish, same bytes."""

import io
import math
import random
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

QUALITY = 82  # of WebP and JPEG; PNG keeps everything
RIDGES = 4
STARS = 90
Colour = tuple[int, int, int]

# sky above, sky at the horizon, light in the sky, nearest hill
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((38, 70, 130), (250, 190, 140), (255, 226, 150), (28, 36, 66)),
    ((20, 24, 68), (122, 88, 160), (236, 232, 214), (14, 16, 40)),
    ((92, 170, 220), (226, 240, 236), (255, 248, 210), (34, 84, 70)),
    ((80, 34, 78), (246, 132, 96), (255, 210, 130), (44, 20, 50)),
    ((24, 80, 96), (190, 224, 196), (250, 250, 230), (16, 48, 60)),
    ((150, 60, 60), (252, 208, 128), (255, 240, 190), (62, 28, 38)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWish:
    """Everything that a picture depends on; `index` tells the pictures of one job apart."""

    prompt: str
    seed: int
    width: int
    height: int
    index: int = 0
    censored: bool = False
    format: str = "WEBP"  # or "JPEG", "PNG"


def draw(wish: PictureWish) -> bytes:
    """Return the picture, of exactly the wished size. Slow: keep it off the event loop."""
    picture = _placeholder(wish) if wish.censored else _landscape(wish)
    out = io.BytesIO()
    picture.save(out, wish.format, quality=QUALITY, method=0)
    return out.getvalue()


def _landscape(wish: PictureWish) -> Image.Image:
    chance = random.Random(f"{wish.prompt}\n{wish.seed}\n{wish.index}")  # noqa: S311 - art, no secret
    above, horizon, light, near = chance.choice(PALETTES)
    picture = _gradient((wish.width, wish.height), above, horizon)
    pen = ImageDraw.Draw(picture)
    if sum(above) + sum(horizon) < 520:  # noqa: PLR2004 - dark palettes are nights
        _draw_stars(pen, wish, chance, light)
    _draw_light(picture, wish, chance, light)
    pen = ImageDraw.Draw(picture)
    for ridge in range(1, RIDGES + 1):
        _draw_ridge(pen, wish, chance, ridge=ridge, colour=_mix(horizon, near, ridge / RIDGES))
    _sign(pen, wish, light)
    return picture


def _gradient(size: tuple[int, int], above: Colour, below: Colour) -> Image.Image:
    shade = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", size, below), Image.new("RGB", size, above), shade)


def _draw_stars(
    pen: ImageDraw.ImageDraw, wish: PictureWish, chance: random.Random, light: Colour
) -> None:
    for _ in range(STARS):
        x, y = chance.random() * wish.width, chance.random() ** 1.5 * wish.height * 0.7
        radius = chance.uniform(0.3, 1.1) * wish.height / 512
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=light)


def _draw_light(
    picture: Image.Image, wish: PictureWish, chance: random.Random, light: Colour
) -> None:
    """Draw sun or moon with its glow."""
    radius = round(min(wish.width, wish.height) * chance.uniform(0.06, 0.12))
    x = round(wish.width * chance.uniform(0.15, 0.85))
    y = round(wish.height * chance.uniform(0.15, 0.5))
    reach = radius * 5
    glow = Image.radial_gradient("L").resize((2 * reach, 2 * reach))
    glow = glow.point([max(0, 150 - level) for level in range(256)])
    picture.paste(light, (x - reach, y - reach), glow)
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=light)


def _draw_ridge(
    pen: ImageDraw.ImageDraw,
    wish: PictureWish,
    chance: random.Random,
    *,
    ridge: int,
    colour: Colour,
) -> None:
    """Draw one line of hills; higher numbers are nearer, lower in the picture and rougher."""
    base = wish.height * (0.5 + 0.1 * ridge + chance.uniform(-0.03, 0.03))
    waves = [
        (
            wish.height * 0.07 / octave,
            chance.uniform(0.6, 1.4) * octave * 2,
            chance.uniform(0, math.tau),
        )
        for octave in (1, 2, 4, 7)
    ]
    step = max(4, wish.width // 128)
    line = [
        (
            x,
            base
            + sum(
                rise * math.sin(speed * x / wish.width * math.pi + shift)
                for rise, speed, shift in waves
            ),
        )
        for x in range(0, wish.width + step, step)
    ]
    pen.polygon([(0, wish.height), *line, (wish.width, wish.height)], fill=colour)
    if ridge == RIDGES:
        _draw_trees(pen, line, chance, colour)


def _draw_trees(
    pen: ImageDraw.ImageDraw, line: list[tuple[int, float]], chance: random.Random, colour: Colour
) -> None:
    """Put some firs on the nearest hills."""
    for (x, y), (x_next, _) in pairwise(line):
        if chance.random() < 0.3:  # noqa: PLR2004 - a loose wood
            tall = (x_next - x) * chance.uniform(3, 8)
            wide = tall / 5
            pen.polygon([(x - wide, y + 4), (x, y - tall), (x + wide, y + 4)], fill=colour)


def _sign(pen: ImageDraw.ImageDraw, wish: PictureWish, light: Colour) -> None:
    """Write number, seed and the start of the prompt, so that people can tell pictures apart."""
    size = max(8, wish.height // 32)
    words = " ".join(wish.prompt.split("###")[0].split())
    room = max(8, int(wish.width / size * 1.6) - 6)
    caption = words if len(words) <= room else f"{words[: room - 1]}…"
    margin = size * 0.8
    font = ImageFont.load_default(size)
    pen.text((margin, wish.height - 2.9 * size), caption, fill=light, font=font)
    pen.text(
        (margin, wish.height - 1.6 * size),
        f"#{wish.index + 1}  seed {wish.seed}",
        fill=light,
        font=font,
    )


def _placeholder(wish: PictureWish) -> Image.Image:
    """Return what a worker sends instead of a picture it will not show."""
    picture = _gradient((wish.width, wish.height), (70, 70, 74), (40, 40, 44))
    font = ImageFont.load_default(max(8, wish.height // 16))
    middle = (wish.width / 2, wish.height / 2)
    ImageDraw.Draw(picture).text(middle, "censored", fill=(200, 200, 204), font=font, anchor="mm")
    return picture


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue

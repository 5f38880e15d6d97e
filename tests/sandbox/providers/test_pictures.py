"""Drawn pictures: repeatable, distinguishable, of the wished size."""

import asyncio
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.sandbox.providers.pictures import PictureWish, draw
from bot.sandbox.providers.studio import Studio

WISH = PictureWish(prompt="a lighthouse at dusk", seed=7, width=128, height=64)


def test_the_same_wish_gives_the_same_bytes():
    assert draw(WISH) == draw(replace(WISH))


def test_every_part_of_the_wish_changes_the_picture():
    others = [
        replace(WISH, prompt="a cat"),
        replace(WISH, seed=8),
        replace(WISH, index=1),
        replace(WISH, width=192),
        replace(WISH, censored=True),
        replace(WISH, format="PNG"),
    ]

    assert len({draw(wish) for wish in [WISH, *others]}) == 7


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_picture_comes_in_the_wished_format(format_: str):
    with Image.open(io.BytesIO(draw(replace(WISH, format=format_)))) as picture:
        picture.load()

    assert (picture.format, picture.size) == (format_, (128, 64))


@settings(max_examples=20, deadline=None)
@given(prompt=st.text(max_size=200), seed=st.integers(0, 2**32 - 1), width=st.integers(1, 12),
       height=st.integers(1, 12), index=st.integers(0, 19))  # fmt: skip
def test_any_wish_gives_webp_of_its_size(
    prompt: str, seed: int, width: int, height: int, index: int
):
    wish = PictureWish(prompt=prompt, seed=seed, width=64 * width, height=64 * height, index=index)

    with Image.open(io.BytesIO(draw(wish))) as picture:
        picture.load()

    assert (picture.format, picture.size) == ("WEBP", (wish.width, wish.height))


async def test_a_picture_is_drawn_once_and_survives_a_caller_that_gives_up():
    studio = Studio()
    impatient = asyncio.create_task(studio.picture(WISH))
    await asyncio.sleep(0)
    impatient.cancel()

    first, second = await asyncio.gather(studio.picture(WISH), studio.picture(WISH))

    assert first is second
    await studio.close()

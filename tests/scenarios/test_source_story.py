"""A member starts from a picture of their own, or from something that is none."""

import asyncio
import base64
import io

import discord
import pytest
from PIL import Image

from bot.jobs.tracker import UPLOADS_AT_ONCE_MAX
from bot.sandbox.discord.option_values import Upload
from tests.media.sample_pictures import half_red_half_blue, noise, png_bomb, written
from tests.scenarios.stage import done, titled

MEBIBYTE = 1024 * 1024
BIG_UPLOAD = Upload("big.png", b"\x89PNG\r\n\x1a\n" + bytes(8 * MEBIBYTE))
SECRET = b"taken at home"


def photo(**changes):
    options = {"width": 128, "height": 64, "kind": "PNG", "filename": "cat.png", **changes}
    image = half_red_half_blue(options["width"], options["height"])
    return Upload(options["filename"], written(image, options["kind"]))


def mask(width=128, height=64, *, colour="white"):
    image = Image.new("L", (width, height), "black")
    image.paste(colour, (0, 0, width // 2, height))
    return Upload("mask.png", written(image, "PNG"))


def sent_picture(stage, name="source_image"):
    """Return a picture as the provider got it."""
    data = base64.b64decode(stage.horde.truth.jobs[0].payload[name], validate=True)
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


async def refused(card):
    """Return what the card says once it has turned red, and see that nothing is left to press."""
    shown = await card.until(titled("That did not work"))
    assert shown.accent == 0xEF4444
    assert shown.buttons == []
    return shown


async def test_a_picture_is_drawn_over(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), strength=0.4)
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    assert sent["source_processing"] == "img2img"
    assert sent["params"]["denoising_strength"] == 0.4
    assert "source_mask" not in sent
    assert sent_picture(stage).size == (128, 64)


async def test_the_left_stays_left_and_the_red_stays_red(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo())
    await card.until(done)

    image = sent_picture(stage).convert("RGB")
    assert image.getpixel((16, 32)) == (255, 0, 0)
    assert image.getpixel((112, 32)) == (0, 0, 255)


async def test_a_mask_says_what_is_painted_anew(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), mask=mask())
    await card.until(done)

    assert stage.horde.truth.jobs[0].payload["source_processing"] == "inpainting"
    painted = sent_picture(stage, "source_mask").convert("L")
    assert painted.size == sent_picture(stage).size
    assert [painted.getpixel((16, 32)), painted.getpixel((112, 32))] == [255, 0]


async def test_a_mask_of_the_same_shape_is_stretched_to_fit(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), mask=mask(256, 128))
    await card.until(done)

    assert sent_picture(stage, "source_mask").size == (128, 64)


async def test_a_control_type_steers_by_the_picture(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), control="canny")
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    assert sent["params"]["control_type"] == "canny"
    assert sent["models"] == ["stable_diffusion"]


async def test_the_kind_is_read_from_the_bytes_whatever_the_name_says(stage):
    lying = photo(kind="JPEG", filename="cat.png")

    card = await stage.ann.runs("/imagine", prompt="a cat", picture=lying)
    await card.until(done)

    assert sent_picture(stage).size == (128, 64)


async def test_of_an_animation_the_first_frame_is_taken(stage):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    data = written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    card = await stage.ann.runs("/imagine", prompt="a cat", picture=Upload("cat.webp", data))
    await card.until(done)

    sent = sent_picture(stage)
    assert getattr(sent, "n_frames", 1) == 1
    assert sent.convert("RGB").getpixel((32, 32)) == (255, 0, 0)


async def test_what_a_camera_wrote_beside_the_picture_stays_at_home(stage):
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # the description of the picture
    data = written(half_red_half_blue(), "JPEG", exif=exif)
    assert SECRET in data

    card = await stage.ann.runs("/imagine", prompt="a cat", picture=Upload("cat.jpg", data))
    await card.until(done)

    assert SECRET not in base64.b64decode(stage.horde.truth.jobs[0].payload["source_image"])


@pytest.mark.parametrize(
    ("upload", "why"),
    [
        (Upload("cat.txt", b"a cat, in words"), "it is no PNG, JPEG or WebP"),
        (Upload("cat.png", b"<svg>a cat</svg>"), "it is no PNG, JPEG or WebP"),
        (Upload("cat.png", photo().data[:60]), "it is cut off or damaged"),
        (Upload("cat.png", png_bomb(13_000, 13_000)), "it has 13000 × 13000 pixels"),
        (Upload("cat.gif", written(half_red_half_blue(), "GIF")), "it is no PNG, JPEG or WebP"),
    ],
    ids=["words", "a lie", "cut off", "170 megapixels", "a kind that is not taken"],
)
async def test_what_is_no_usable_picture_is_told_and_costs_nothing(stage, upload, why):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=upload)
    shown = await refused(card)

    assert f"I cannot use this picture\\: {why}." in shown.text
    assert shown.shows("nothing was charged")
    assert await stage.nothing_began()


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=BIG_UPLOAD)

    assert card.ephemeral
    assert r"at most 8 MiB" in card.text
    assert await stage.nothing_began()


@pytest.mark.parametrize(
    ("painted", "why"),
    [
        (mask(64, 64), "The mask has another shape than the picture"),
        (mask(colour="black"), "The mask is all black"),
        (Upload("mask.png", b"nothing"), "it is no PNG, JPEG or WebP"),
    ],
    ids=["another shape", "all black", "no picture"],
)
async def test_a_mask_that_cannot_be_used_is_told_and_costs_nothing(stage, painted, why):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), mask=painted)
    shown = await refused(card)

    assert shown.shows(why)
    assert await stage.nothing_began()


async def test_a_mask_without_a_picture_is_told_to_the_member_alone(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", mask=mask())

    assert card.ephemeral
    assert card.shows(r"A mask needs a picture to start from\: attach one.")
    assert await stage.nothing_began()


async def test_a_large_photo_is_made_to_fit_what_providers_take(stage):
    large = Upload("cat.jpg", written(noise(4000, 1000), "JPEG", quality=60))

    card = await stage.ann.runs("/imagine", prompt="a cat", picture=large)
    await card.until(done)

    sent = sent_picture(stage)
    assert max(sent.size) <= 3072
    assert sent.width / sent.height == pytest.approx(4, rel=0.01)
    assert len(stage.horde.truth.jobs[0].payload["source_image"]) < 5_000_000 * 4 / 3 + 4


async def test_again_starts_from_the_same_picture(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=photo(), mask=mask())
    await card.until(done)
    await stage.until_settled(card)

    again = await stage.ann.clicks("Again", on=card)
    await again.until(done)

    first, second = (job.payload for job in stage.horde.truth.jobs)
    assert first["source_image"] == second["source_image"]
    assert first["source_mask"] == second["source_mask"]


async def test_the_files_of_a_crowd_are_not_in_memory_all_at_once(stage, monkeypatch):
    at_once, most, whole = 0, 0, discord.Attachment.read

    async def read(file, **options):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await whole(file, **options)
        finally:
            at_once -= 1

    monkeypatch.setattr(discord.Attachment, "read", read)
    stage.discord.faults.add("GET", "/cdn/*", delay_s=0.1, times=3 * UPLOADS_AT_ONCE_MAX)

    cards = await asyncio.gather(
        *(
            stage.ann.runs("/imagine", prompt=f"cat {number}", picture=photo())
            for number in range(3 * UPLOADS_AT_ONCE_MAX)
        )
    )
    for card in cards:
        await card.until(done)

    assert most == UPLOADS_AT_ONCE_MAX

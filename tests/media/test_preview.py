import pytest
from PIL import Image

from bot.media.preview import SIDE_PX_MAX, to_preview
from bot.media.verify import UnreadablePicture
from tests.media.sample_pictures import half_red_half_blue, noise, opened, png_bomb, written

SECRET = b"a prompt of somebody"


def with_secret():
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return written(half_red_half_blue(), "JPEG", exif=exif, comment=SECRET)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_preview_is_small_and_keeps_its_shape(kind):
    preview = opened(to_preview(written(half_red_half_blue(1600, 800), kind)))

    assert (preview.format, preview.size) == ("JPEG", (SIDE_PX_MAX, SIDE_PX_MAX // 2))
    red, _, blue = preview.getpixel((10, 10))
    assert red > 200
    assert blue < 50


def test_a_tiny_one_stays_as_large_as_it_is():
    assert opened(to_preview(written(half_red_half_blue(8, 8), "JPEG"))).size == (8, 8)


def test_what_a_worker_wrote_beside_the_pixels_is_gone():
    assert SECRET in with_secret()

    assert SECRET not in to_preview(with_secret())


def test_a_picture_with_alpha_and_one_of_sixteen_bits_become_plain():
    for image in (noise(64, 64, "RGBA"), Image.new("I;16", (64, 64), 30_000), noise(9, 9, "CMYK")):
        kind = "JPEG" if image.mode == "CMYK" else "PNG"
        assert opened(to_preview(written(image, kind))).mode == "RGB"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        written(half_red_half_blue(), "GIF"),
        written(noise(256, 256), "JPEG")[:2000],
        written(noise(256, 256), "PNG")[:2000],
        png_bomb(3000, 3000),
    ],
    ids=["nothing", "words", "another kind", "half a JPEG", "half a PNG", "too many pixels"],
)
def test_what_is_no_whole_small_picture_is_refused(data):
    with pytest.raises(UnreadablePicture):
        to_preview(data)


def test_the_worst_of_the_usual_is_still_a_small_file():
    assert len(to_preview(written(noise(1024, 1024), "JPEG", quality=90))) < 150_000

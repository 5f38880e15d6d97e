import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.domain.errors import InvalidRequest
from bot.media.normalise import SOURCE_BYTES_MAX, inverted, to_mask, to_source
from tests.media.sample_pictures import half_red_half_blue, noise, opened, written

ORIENTATION, ARTIST = 0x0112, 0x013B


def is_close(pixel, wanted):
    return all(abs(a - b) < 12 for a, b in zip(pixel, wanted, strict=True))


def test_a_source_keeps_its_look_and_size():
    prepared = to_source(written(half_red_half_blue(64, 32), "png"))

    assert prepared.size == (64, 32)
    assert opened(prepared.data).getpixel((0, 0)) == (255, 0, 0)


def test_a_photo_is_turned_as_its_camera_says():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was held upright: turn a quarter to the right

    prepared = to_source(written(half_red_half_blue(64, 32), "jpeg", exif=exif))

    image = opened(prepared.data)
    assert prepared.size == image.size == (32, 64)
    assert is_close(image.getpixel((16, 4)), (254, 0, 0))
    assert is_close(image.getpixel((16, 60)), (0, 0, 254))


def test_nothing_about_the_maker_is_left():
    exif = Image.Exif()
    exif[ARTIST] = "Marked Person"
    text = PngInfo()
    text.add_text("Comment", "Marked Person")
    photo = written(half_red_half_blue(), "jpeg", exif=exif, comment=b"Marked Person")
    drawing = written(
        half_red_half_blue(), "png", pnginfo=text, exif=exif, icc_profile=b"Marked Person"
    )

    for data in (photo, drawing):
        assert b"Marked Person" in data
        assert b"Marked Person" not in to_source(data).data


def test_a_large_picture_becomes_3072_pixels_at_most():
    assert to_source(written(Image.new("RGB", (4000, 2000)), "png")).size == (3072, 1536)


def test_a_picture_that_cannot_be_small_and_lossless_is_small():
    prepared = to_source(written(noise(1700, 1700), "png"))
    assert len(prepared.data) <= SOURCE_BYTES_MAX


def test_transparency_survives():
    image = Image.new("RGBA", (32, 32), (10, 20, 30, 0))
    image.paste((200, 10, 10, 255), (0, 0, 16, 32))

    result = opened(to_source(written(image, "png")).data)

    assert result.getpixel((0, 0)) == (200, 10, 10, 255)
    assert result.getpixel((31, 0))[3] == 0


def test_only_the_first_frame_is_taken():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    data = written(frames[0], "webp", save_all=True, append_images=frames[1:], lossless=True)

    result = opened(to_source(data).data)

    assert getattr(result, "n_frames", 1) == 1
    assert result.getpixel((0, 0))[:3] == (255, 0, 0)


@pytest.mark.parametrize(
    "mode,ink,seen",
    [
        ("L", 128, (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 0x8080, (128, 128, 128)),
        ("P", 0, (0, 0, 0)),
        ("LA", (128, 255), (128, 128, 128)),
    ],
)
def test_every_mode_of_a_png_is_understood(mode, ink, seen):
    image = Image.new(mode, (16, 16), ink)

    result = opened(to_source(written(image, "png")).data).convert("RGB")

    assert result.getpixel((8, 8)) == seen


def test_a_cmyk_jpeg_is_understood():
    data = written(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "jpeg")
    assert is_close(opened(to_source(data).data).getpixel((8, 8)), (254, 0, 0))


def test_a_member_is_told_what_to_do():
    with pytest.raises(InvalidRequest) as caught:
        to_source(b"GIF89a")

    assert str(caught.value) == (
        "I cannot use this picture: it is no PNG, JPEG or WebP. "
        "Save it as PNG, JPEG or WebP, at most 25 megapixels, and send it again."
    )


def test_what_is_no_picture_is_refused_with_a_sentence():
    for prepare in (to_source, lambda data: to_mask(data, (64, 64))):
        with pytest.raises(InvalidRequest, match="no PNG, JPEG or WebP"):
            prepare(b"hello")


# ---------------------------------------------------------------- masks


def mask_of(image, size=(64, 32)):
    result = opened(to_mask(written(image, "png"), size))
    assert (result.mode, result.format, result.size) == ("L", "PNG", size)
    return result


def test_white_is_repainted_and_grey_stays_grey():
    image = Image.new("L", (64, 32), 0)
    image.paste(255, (0, 0, 16, 32))
    image.paste(100, (16, 0, 32, 32))

    mask = mask_of(image)

    assert [mask.getpixel((x, 8)) for x in (0, 20, 60)] == [255, 100, 0]


def test_what_a_brush_left_transparent_is_kept():
    image = Image.new("RGBA", (64, 32), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 32, 32))

    mask = mask_of(image)

    assert (mask.getpixel((4, 4)), mask.getpixel((60, 4))) == (255, 0)


def test_a_mask_of_the_same_shape_is_resized():
    image = Image.new("L", (128, 64), 0)
    image.paste(255, (0, 0, 64, 64))

    mask = mask_of(image, size=(64, 32))

    assert (mask.getpixel((4, 4)), mask.getpixel((60, 4))) == (255, 0)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(InvalidRequest, match="another shape"):
        to_mask(written(Image.new("L", (64, 64), 255), "png"), (64, 32))


def test_a_mask_without_white_is_refused():
    with pytest.raises(InvalidRequest, match="paint white"):
        to_mask(written(Image.new("RGBA", (64, 32)), "png"), (64, 32))


def test_an_inverted_mask_is_as_large_and_means_the_opposite():
    mask = written(Image.linear_gradient("L").resize((64, 32)), "PNG")

    turned = opened(inverted(mask))

    assert (turned.mode, turned.format, turned.size) == ("L", "PNG", (64, 32))
    assert turned.getpixel((3, 5)) == 255 - opened(mask).getpixel((3, 5))
    assert inverted(inverted(mask)) == mask

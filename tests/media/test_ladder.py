import pytest
from PIL import Image

from bot.media import ladder
from bot.media.ladder import BYTES_LEAST, encode, fit
from bot.media.metadata import read_parameters
from bot.media.verify import UnreadablePicture
from tests.media.sample_pictures import half_red_half_blue, noise, opened, written


def gradient(width, height, mode="RGB"):
    """Return a smooth picture: lossy formats shrink it far more than lossless ones."""
    soft = noise(width // 8, height // 8, mode).resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(soft, noise(width, height, mode), 0.08)


def length(image, rung):
    return len(ladder._encoded(image, rung))


@pytest.mark.parametrize("kind,suffix", [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp")])
def test_bytes_that_fit_are_not_touched(kind, suffix):
    data = written(half_red_half_blue(), kind)

    fitted = fit(data, len(data))

    assert fitted.data == data
    assert (fitted.mime, fitted.suffix, fitted.was_changed) == (f"image/{kind}", suffix, False)


def test_the_first_rung_loses_nothing():
    image = half_red_half_blue(512, 512)
    data = written(image, "png", compress_level=0)

    fitted = fit(data, BYTES_LEAST)

    assert (fitted.mime, fitted.suffix, fitted.was_changed) == ("image/webp", ".webp", True)
    assert opened(fitted.data).convert("RGB").tobytes() == image.tobytes()


def test_the_second_rung_keeps_every_pixel_s_place():
    image = gradient(512, 512)
    room = (length(image, ladder._LOSSLESS) + length(image, ladder._LOSSY)) // 2

    fitted = fit(written(image, "png"), room)

    assert len(fitted.data) <= room
    assert fitted.mime == "image/webp"
    assert opened(fitted.data).size == (512, 512)


def test_the_third_rung_is_a_jpeg_when_that_is_what_fits(monkeypatch):
    image = gradient(512, 512)
    monkeypatch.setattr(ladder, "_LOSSY", ladder._LOSSLESS)  # as if WebP did badly on it
    room = length(image, ladder._OPAQUE)

    fitted = fit(written(image, "png"), room)

    assert (fitted.mime, fitted.suffix) == ("image/jpeg", ".jpg")
    assert opened(fitted.data).size == (512, 512)


def test_the_last_rungs_are_smaller_sides():
    fitted = fit(written(noise(512, 512), "png"), BYTES_LEAST)

    assert len(fitted.data) <= BYTES_LEAST
    width, height = opened(fitted.data).size
    assert width == height < 512


@pytest.mark.parametrize("size", [(400, 400), (2000, 3)])
def test_transparency_is_never_lost(size):
    image = noise(*size, "RGBA")
    data = written(image, "png", compress_level=0)

    fitted = encode(image, BYTES_LEAST)

    assert len(data) > 0
    assert fitted.mime == "image/webp"
    assert opened(fitted.data).mode == "RGBA"


def test_a_palette_with_a_transparent_colour_counts_as_transparent():
    image = noise(300, 300, "L").convert("P")
    data = written(image, "png", transparency=0, compress_level=0)

    fitted = fit(data, BYTES_LEAST)

    assert opened(fitted.data).mode == "RGBA"


def test_a_re_encoded_photo_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 8
    data = written(noise(320, 160), "jpeg", exif=exif, quality=100)

    width, height = opened(fit(data, BYTES_LEAST).data).size

    assert width < height


def test_damage_is_noticed_when_a_picture_has_to_be_read():
    data = written(noise(256, 256), "png")

    with pytest.raises(UnreadablePicture):
        fit(data[: len(data) // 2], BYTES_LEAST)


def test_what_is_no_picture_is_never_passed_on():
    with pytest.raises(UnreadablePicture):
        fit(b"hello", BYTES_LEAST)


# ---------------------------------------------------------------- with its parameters

TEXT = "a cat\nNegative prompt: \nSteps: 30, Seed: 77, Size: 512x512"


def test_parameters_go_in_and_the_pixels_stay():
    data = written(half_red_half_blue(), "png")

    fitted = fit(data, 2 * len(data), parameters=TEXT)

    assert (fitted.mime, fitted.was_changed) == ("image/png", False)
    assert read_parameters(fitted.data) == TEXT
    assert opened(fitted.data).tobytes() == opened(data).tobytes()


def test_parameters_give_way_where_they_alone_are_too_much():
    data = written(half_red_half_blue(), "png")

    fitted = fit(data, len(data), parameters=TEXT)

    assert fitted.data == data


def test_what_is_encoded_anew_has_its_parameters_within_the_limit():
    fitted = fit(written(noise(512, 512), "png"), 200_000, parameters=TEXT)

    assert fitted.was_changed
    assert len(fitted.data) <= 200_000
    assert read_parameters(fitted.data) == TEXT


def test_a_picture_s_own_words_go_whether_it_is_told_others_or_not():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    data = written(half_red_half_blue(), "jpeg", exif=exif)

    for parameters in (None, TEXT):
        fitted = fit(data, 10 * len(data), parameters=parameters)

        assert not fitted.was_changed
        assert b"taken at home" not in fitted.data


@pytest.mark.parametrize("parameters", [None, TEXT])
def test_a_file_of_an_odd_build_is_encoded_anew(parameters):
    odd = written(half_red_half_blue(), "jpeg", comment="the worker's key")[:-2]

    fitted = fit(odd, 10 * len(odd), parameters=parameters)

    assert fitted.was_changed
    assert b"the worker's key" not in fitted.data
    assert read_parameters(fitted.data) == parameters
    assert opened(fitted.data).tobytes() == opened(odd).tobytes()


def test_words_that_no_segment_takes_leave_the_pixels_alone():
    data = written(half_red_half_blue(), "jpeg", comment="the worker's key")

    fitted = fit(data, 10 * len(data), parameters="x" * 33_000)

    assert not fitted.was_changed
    assert b"the worker's key" not in fitted.data

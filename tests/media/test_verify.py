import io
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media import verify
from bot.media.verify import (
    JPEG_SCANS_MAX,
    PIXELS_MAX,
    PictureInfo,
    UnreadablePicture,
    opened,
    verify_result,
)
from bot.media.webp_chunks import sides_of_still
from tests.media.sample_pictures import half_red_half_blue, noise, png_bomb, written

KINDS = ["png", "jpeg", "webp"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_told_by_its_bytes(kind):
    data = written(half_red_half_blue(64, 32), kind)

    assert verify_result(data) == PictureInfo(
        mime=f"image/{kind}", width=64, height=32, size_bytes=len(data), frames=1
    )


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_an_animation_counts_its_frames_and_shows_the_first(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    data = written(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)

    assert verify_result(data).frames == 3


@pytest.mark.parametrize("kind", ["gif", "bmp", "tiff", "ppm", "ico"])
def test_other_kinds_are_refused_whatever_pillow_could_read(kind):
    with pytest.raises(UnreadablePicture, match="no PNG, JPEG or WebP"):
        verify_result(written(half_red_half_blue(), kind))


@pytest.mark.parametrize("data", [b"", b"<Error>AccessDenied</Error>", b"\x89PNG", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadablePicture):
        verify_result(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_that_is_cut_off_is_refused(kind, share):
    data = written(noise(128, 128), kind)

    with pytest.raises(UnreadablePicture, match="cut off or damaged"):
        verify_result(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"lossless": True}),
        ("RGBA", {}),
        ("RGBA", {"lossless": True}),
        ("RGB", {"exif": Image.Exif().tobytes()}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (333, 17), (1024, 768)])
def test_a_webps_own_headers_say_the_same_as_pillow(mode, options, size):
    data = written(noise(*size, mode), "webp", **options)

    info = verify_result(data)

    with Image.open(io.BytesIO(data)) as image:
        assert (info.width, info.height, info.frames) == (*image.size, image.n_frames)


def test_a_webp_is_looked_at_without_making_room_for_its_pixels(monkeypatch):
    data = written(noise(64, 64), "webp")
    monkeypatch.setattr(verify, "_CLASSES", {})  # nobody who would make room

    assert verify_result(data).width == 64


def test_a_small_file_of_169_megapixels_is_refused_without_decoding_it():
    data = png_bomb(13_000, 13_000)
    assert len(data) < 200_000
    tracemalloc.start()

    with pytest.raises(UnreadablePicture, match="13000 × 13000"):
        verify_result(data)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_webp_that_only_claims_to_be_large_is_refused():
    data = bytearray(written(Image.new("RGBA", (8, 8)), "webp", lossless=True))
    assert data[12:16] == b"VP8L"
    data[21:25] = struct.pack("<I", 16_382 | 16_382 << 14 | 1 << 28)

    with pytest.raises(UnreadablePicture, match="16383 × 16383 pixels"):
        verify_result(bytes(data))


def test_twenty_five_megapixels_are_welcome_and_one_row_more_is_not():
    assert verify_result(png_bomb(5000, 5000)).width == 5000
    with pytest.raises(UnreadablePicture):
        verify_result(png_bomb(5000, 5001))


def test_a_side_longer_than_any_encoder_takes_is_refused():
    with pytest.raises(UnreadablePicture):
        verify_result(png_bomb(20_000, 8))


def test_a_jpeg_of_endless_scans_is_refused():
    data = written(noise(64, 64), "jpeg", progressive=True)
    start = data.rindex(b"\xff\xda")

    with pytest.raises(UnreadablePicture, match="slow"):
        verify_result(data[:start] + data[start:-2] * (JPEG_SCANS_MAX + 1) + data[-2:])


STARTS = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\x00\x00\x00WEBPVP8 "]
GOOD = [written(noise(24, 16, mode), kind) for kind in KINDS for mode in ("RGB", "L")]


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
def test_garbage_is_refused_and_nothing_else_happens(start, rest):
    with pytest.raises(UnreadablePicture):
        verify_result(start + rest)


@given(data=st.sampled_from(GOOD), at=st.integers(0, 10_000), new=st.binary(min_size=1, max_size=6))
def test_a_damaged_picture_is_read_or_refused(data, at, new):
    at %= len(data)
    damaged = data[:at] + new + data[at + len(new) :]

    try:
        info = verify_result(damaged)
    except UnreadablePicture:
        return
    assert info.width * info.height <= 25_000_000


STILL_WEBPS = [
    written(noise(24, 16, mode), "webp", **options)
    for mode in ("RGB", "RGBA")
    for options in ({}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"})
]


@pytest.mark.parametrize("data", STILL_WEBPS)
def test_the_size_of_a_still_webp_is_known_without_its_decoder(data):
    assert sides_of_still(data) == (24, 16)


@given(
    data=st.sampled_from(STILL_WEBPS), at=st.integers(12, 60), new=st.binary(min_size=1, max_size=4)
)
def test_a_damaged_webp_passes_without_its_decoder_only_where_it_would_pass_with_it(data, at, new):
    damaged = data[:at] + new + data[at + len(new) :]

    try:
        sides = sides_of_still(damaged)
    except (ValueError, struct.error):
        return  # the decoder is asked
    assert sides[0] * sides[1] > PIXELS_MAX or opened(damaged).size == sides

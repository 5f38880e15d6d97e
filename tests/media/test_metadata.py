"""Parameters in a picture's file: put in, read back, taken out, and not a pixel touched."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.media.metadata import OddContainer, read_parameters, with_parameters
from tests.media.sample_pictures import (
    coded_pixels,
    half_red_half_blue,
    noise,
    opened,
    png_chunks,
    webp_chunks,
    written,
)

TEXT = "a cat\nNegative prompt: fog\nSteps: 30, Sampler: Euler a, Seed: 77, Size: 64x32"
SECRET = "worker 7 of the provider"
ICC = b"\0" * 128 + b"a colour profile, nearly"
EXIF_IFD, USER_COMMENT, ORIENTATION = 0x8769, 0x9286, 0x0112


def camera_exif(*, orientation=1):
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[ORIENTATION] = orientation
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + SECRET.encode("utf-16-be")
    return exif


def talkative_png(image):
    said = PngInfo()
    said.add_text("parameters", SECRET)
    said.add_itxt("workflow", SECRET, zip=True)
    said.add_text("prompt", SECRET, zip=True)
    said.add(b"prVt", SECRET.encode(), after_idat=True)
    return written(image, "png", pnginfo=said, exif=camera_exif(), icc_profile=ICC)


def talkative_jpeg(image, **options):
    return written(
        image,
        "jpeg",
        exif=camera_exif(),
        comment=SECRET,
        xmp=SECRET.encode(),
        icc_profile=ICC,
        **options,
    )


def talkative_webp(image, **options):
    return written(
        image, "webp", exif=camera_exif(), xmp=SECRET.encode(), icc_profile=ICC, **options
    )


def animated(kind):
    frames = [half_red_half_blue(), noise(64, 32)]
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)


RGB, RGBA = half_red_half_blue(), noise(41, 23, "RGBA")
PLAIN = {
    "png": written(RGB, "png"),
    "png, transparent": written(RGBA, "png"),
    "png, palette": written(noise(9, 9, "L").convert("P"), "png", transparency=3),
    "png, 16 bits": written(noise(9, 9, "L").convert("I;16"), "png"),
    "png, animated": animated("png"),
    "jpeg": written(RGB, "jpeg"),
    "jpeg, progressive": written(noise(99, 77), "jpeg", progressive=True),
    "jpeg, grey": written(noise(64, 64, "L"), "jpeg"),
    "jpeg, cmyk": written(RGB.convert("CMYK"), "jpeg"),
    "jpeg, restarts": written(noise(99, 77), "jpeg", restart_marker_rows=1),
    "webp": written(RGB, "webp"),
    "webp, odd length": next(
        data for q in range(1, 100) if len(data := written(noise(31, 17), "webp", quality=q)) % 4
    ),
    "webp, lossless": written(RGB, "webp", lossless=True),
    "webp, lossless, transparent": written(RGBA, "webp", lossless=True),
    "webp, lossy, transparent": written(RGBA, "webp", quality=50),
    "webp, animated": animated("webp"),
}
TALKATIVE = {
    "png": talkative_png(RGB),
    "png, transparent": talkative_png(RGBA),
    "jpeg": talkative_jpeg(RGB),
    "jpeg, progressive": talkative_jpeg(noise(99, 77), progressive=True),
    "webp": talkative_webp(RGB),
    "webp, lossless, transparent": talkative_webp(RGBA, lossless=True),
    "webp, lossy, transparent": talkative_webp(RGBA, quality=50),
}
ALL = {**PLAIN, **{f"{name}, talkative": data for name, data in TALKATIVE.items()}}


def everything(pictures):
    return pytest.mark.parametrize("data", pictures.values(), ids=pictures.keys())


def frames(data):
    image = Image.open(io.BytesIO(data))
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield image.mode, image.size, image.tobytes()


# ---------------------------------------------------------------- putting in


@everything(ALL)
def test_what_is_put_in_is_read_back(data):
    assert read_parameters(with_parameters(data, TEXT)) == TEXT


@everything(ALL)
def test_not_a_pixel_is_encoded_anew(data):
    told = with_parameters(data, TEXT)

    assert coded_pixels(told) == coded_pixels(data)
    assert list(frames(told)) == list(frames(data))


@pytest.mark.parametrize("data", [PLAIN["jpeg"], PLAIN["webp"], PLAIN["webp, lossless"]])
def test_pillow_finds_the_comment_where_exif_has_it(data):
    exif = opened(with_parameters(data, TEXT)).getexif()

    assert exif.get_ifd(EXIF_IFD)[USER_COMMENT] == b"UNICODE\0" + TEXT.encode("utf-16-be")


@pytest.mark.parametrize("text", [TEXT, "un chat déjà peint", "猫\nSteps: 3", "🐈 cat"])
def test_pillow_finds_the_text_of_a_png_before_it_decodes_a_pixel(text):
    image = Image.open(io.BytesIO(with_parameters(PLAIN["png"], text)))

    assert image.info["parameters"] == text


def test_plain_text_is_written_as_plain_text():
    assert (b"tEXt", b"parameters\0" + TEXT.encode()) == list(
        png_chunks(with_parameters(PLAIN["png"], TEXT))
    )[1]


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_text_comes_back(name, text):
    # Exif leaves open which byte of a letter comes first; the settings in A1111's text tell.
    text += "\nSteps: 30, Sampler: Euler a" * (1 + len(text) // 20)

    assert read_parameters(with_parameters(PLAIN[name], text)) == text


def test_putting_in_twice_leaves_the_second_alone():
    for data in PLAIN.values():
        assert with_parameters(with_parameters(data, SECRET), TEXT) == with_parameters(data, TEXT)


@pytest.mark.parametrize("name", ["webp", "webp, lossless", "webp, lossless, transparent"])
def test_a_simple_webp_becomes_an_extended_one_that_tells_the_truth(name):
    (kind, header), *_, (last, _) = webp_chunks(with_parameters(PLAIN[name], TEXT))

    width, height = opened(PLAIN[name]).size
    flags = 0x08 | (0x10 if "transparent" in name else 0)
    assert (kind, last) == (b"VP8X", b"EXIF")
    assert header == bytes([flags, 0, 0, 0]) + struct.pack(
        "<I", (width - 1) | (height - 1) << 24
    ) + bytes([(height - 1) >> 8, 0])


# ---------------------------------------------------------------- taking out


@everything(PLAIN)
def test_what_says_nothing_stays_as_it_is(data):
    assert with_parameters(data, None) == data


@everything(PLAIN)
def test_what_was_put_in_can_be_taken_out(data):
    told = with_parameters(data, TEXT)
    bare = with_parameters(told, None)

    assert read_parameters(bare) is None
    assert b"S\0t\0e\0p" not in bare
    assert coded_pixels(bare) == coded_pixels(data)


@everything(TALKATIVE)
@pytest.mark.parametrize("text", [None, TEXT])
def test_nothing_that_the_provider_said_stays(data, text):
    rewritten = with_parameters(data, text)

    found = opened(rewritten)
    assert SECRET.encode() not in rewritten
    assert SECRET.encode("utf-16-be") not in rewritten
    assert read_parameters(rewritten) == text
    assert {"comment", "xmp", "workflow", "prompt", "prVt"}.isdisjoint(found.info)


@everything(TALKATIVE)
def test_the_colour_profile_is_part_of_the_picture(data):
    assert opened(with_parameters(data, TEXT)).info["icc_profile"] == ICC


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("text", [None, TEXT])
def test_a_picture_that_lies_on_its_side_still_says_so(kind, text):
    data = written(RGB, kind, exif=camera_exif(orientation=6))

    rewritten = with_parameters(data, text)

    assert opened(rewritten).getexif()[ORIENTATION] == 6
    assert read_parameters(rewritten) == text
    assert SECRET.encode("utf-16-be") not in rewritten


@everything(PLAIN)
def test_what_hangs_behind_the_picture_goes(data):
    assert with_parameters(data + SECRET.encode(), None) == data


# ---------------------------------------------------------------- reading what others wrote


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + TEXT.encode("utf-16-be"),
        b"UNICODE\0" + TEXT.encode("utf-16-le"),
        b"ASCII\0\0\0" + TEXT.encode(),
        bytes(8) + TEXT.encode(),
    ],
)
def test_comments_of_other_programs_are_read(comment):
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = comment

    assert read_parameters(written(RGB, "jpeg", exif=exif)) == TEXT
    assert read_parameters(written(RGB, "webp", exif=exif)) == TEXT


@pytest.mark.parametrize("text", [TEXT, "déjà vu", "猫"])
def test_texts_that_pillow_wrote_are_read(text):
    said = PngInfo()
    said.add_text("parameters", text)

    assert read_parameters(written(RGB, "png", pnginfo=said)) == text


# ---------------------------------------------------------------- odd files


def with_chunk(name, *, behind=b"IHDR"):
    data = PLAIN["png"]
    at = data.index(behind) + 4 + 13 + 4
    return data[:at] + struct.pack(">I", 0) + name + struct.pack(">I", zlib.crc32(name)) + data[at:]


ODD = {
    "no picture": b"hello",
    "nothing": b"",
    "a PNG without chunks": b"\x89PNG\r\n\x1a\n",
    "a necessary chunk of an unknown kind": with_chunk(b"FOOB"),
    "a second header": with_chunk(b"IHDR"),
    "a chunk without a name": with_chunk(b"\0\0\0\0"),
    "a JPEG of two bytes": b"\xff\xd8\xff",
    "a JPEG without an end": PLAIN["jpeg"][:-2],
    "a JPEG with a picture in its header": PLAIN["jpeg"][:2] + PLAIN["jpeg"],
    "a WebP without chunks": b"RIFF\4\0\0\0WEBP",
    "a WebP that is longer than it is": b"RIFF\xff\xff\0\0WEBP" + PLAIN["webp"][12:],
    "a WebP of metadata alone": b"RIFF\x0c\0\0\0WEBPEXIF\0\0\0\0",
    "a WebP that is no key frame": PLAIN["webp"][:20] + b"\xff" + PLAIN["webp"][21:],
}


@everything(ODD)
def test_what_is_not_understood_is_left_alone(data):
    with pytest.raises(OddContainer):
        with_parameters(data, TEXT)
    assert read_parameters(data) is None


def test_more_text_than_a_segment_takes_is_refused():
    with pytest.raises(OddContainer):
        with_parameters(PLAIN["jpeg"], "x" * 33_000)


@settings(deadline=None)
@given(st.sampled_from(sorted(ALL.values())), st.data())
def test_a_cut_is_noticed_or_harmless(data, draw):
    cut = data[: draw.draw(st.integers(0, len(data) - 1))]

    try:
        told = with_parameters(cut, TEXT)
    except OddContainer:
        return
    assert read_parameters(told) == TEXT


@settings(deadline=None)
@given(st.sampled_from(sorted(ALL.values())), st.data())
def test_damage_never_breaks_more_than_itself(data, draw):
    broken = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 8))):
        broken[draw.draw(st.integers(0, min(400, len(data)) - 1))] = draw.draw(st.integers(0, 255))

    read_parameters(bytes(broken))
    try:
        told = with_parameters(bytes(broken), TEXT)
    except OddContainer:
        return
    assert read_parameters(told) == TEXT


@settings(deadline=None)
@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBP"]), st.binary())
def test_garbage_behind_a_right_beginning_is_no_surprise(start, garbage):
    read_parameters(start + garbage)
    try:
        with_parameters(start + garbage, TEXT)
    except OddContainer:
        return


@settings(deadline=None)
@given(st.binary())
def test_garbage_for_exif_is_as_if_there_were_none(garbage):
    data = written(RGB, "webp", exif=b"Exif\0\0MM\0*" + garbage)

    read_parameters(data)
    assert read_parameters(with_parameters(data, TEXT)) == TEXT

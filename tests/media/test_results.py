import struct
import zlib

import pytest

from bot.media.results import accept_result
from bot.media.verify import UnreadablePicture
from tests.media.sample_pictures import noise, written

PNG = written(noise(64, 64), "PNG")
DAMAGED = PNG[:200] + bytes(500) + PNG[700:]  # its end is where it should be


def test_a_damaged_picture_that_would_have_to_be_encoded_anew_is_no_result():
    with pytest.raises(UnreadablePicture):
        accept_result(DAMAGED, bytes_max=len(DAMAGED) - 1)


def test_one_that_is_posted_as_it_is_is_not_decoded():
    assert accept_result(DAMAGED, bytes_max=len(DAMAGED)).width == 64


def odd(png):
    """Put a chunk that nobody knows behind the header."""
    kind = b"FOOB"
    at = png.index(b"IHDR") + 4 + 13 + 4
    return png[:at] + struct.pack(">I", 0) + kind + struct.pack(">I", zlib.crc32(kind)) + png[at:]


def test_one_of_an_odd_build_is_decoded_to_be_sure():
    assert accept_result(odd(PNG), bytes_max=10**6).width == 64
    with pytest.raises(UnreadablePicture):
        accept_result(odd(DAMAGED), bytes_max=10**6)

"""Pictures for tests, made on the spot."""

import io
import random
import struct
import zlib

from PIL import Image


def written(image, kind, **options):
    target = io.BytesIO()
    image.save(target, format=kind, **options)
    return target.getvalue()


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def noise(width, height, mode="RGB"):
    """Return a picture that no encoder can shrink."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    data = random.Random(7).randbytes(width * height * channels)  # noqa: S311 — must repeat
    return Image.frombytes(mode, (width, height), data)


def half_red_half_blue(width=64, height=32):
    """Return a picture whose left half is red, so that turning it shows."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    return image


def png_bomb(width, height):
    """Return a small PNG of many pixels: one bit each, all zero."""
    rows = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def png_chunks(data):
    at = 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + length]
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == int.from_bytes(
            data[at + 8 + length : at + 12 + length], "big"
        )
        at += 12 + length


def webp_chunks(data):
    assert struct.unpack_from("<4sI4s", data) == (b"RIFF", len(data) - 8, b"WEBP")
    at = 12
    while at < len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def coded_pixels(data):
    """Return what only an encoder could have written, found without the code under test."""
    if data.startswith(b"\x89PNG"):
        return tuple(body for name, body in png_chunks(data) if name in {b"IDAT", b"fdAT", b"PLTE"})
    if data.startswith(b"RIFF"):
        kinds = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
        return tuple(chunk for chunk in webp_chunks(data) if chunk[0] in kinds)
    return data[data.index(b"\xff\xdb") :]  # from the first quantisation table to the end


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

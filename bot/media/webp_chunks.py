"""A WebP's chunks: what is seen stays byte for byte, what is said beside it is replaced.

Only the extended kind of file has room for Exif; a simple one is wrapped into it.
Facts: RFC 9649, 2 (the container) and 3 (VP8L); RFC 6386, 9.1 and 9.2 (VP8).
"""

import struct
from collections.abc import Iterator

from bot.media import exif
from bot.media.exif import Exif

_HEADER, _LOSSY, _LOSSLESS, _EXIF = b"VP8X", b"VP8 ", b"VP8L", b"EXIF"
_PIXELS = frozenset({_LOSSY, _LOSSLESS, b"ANMF"})
_SEEN = _PIXELS | {b"ICCP", b"ANIM", b"ALPH"}
"""Chunks that change what is seen; in every other one somebody says something."""
_HAS_PROFILE, _HAS_ALPHA, _HAS_EXIF, _HAS_XMP = 0x20, 0x10, 0x08, 0x04
_STILL = _HAS_PROFILE | _HAS_ALPHA | _HAS_EXIF | _HAS_XMP
_HEADER_BYTES = 10
_SIDE_BITS, _SIDE = 14, 0x3FFF
_VERSION_MAX = 3

_Chunk = tuple[bytes, bytes]  # name, what stands in it


def rewritten(data: bytes, parameters: str | None) -> bytes:
    """Return the same picture with these parameters, or with none, and nothing else said.

    Raises `ValueError` and `struct.error` for what is not understood.
    """
    chunks = list(_chunks(data))
    facts = Exif(comment=parameters, orientation=_exif_in(chunks).orientation)
    seen = [(name, body) for name, body in chunks if name in _SEEN]
    if not _PIXELS.intersection(name for name, _ in seen):
        raise ValueError("a WebP without a picture")
    if chunks[0][0] == _HEADER:
        seen.insert(0, (_HEADER, _marked(chunks[0][1], facts)))
    elif facts.says_something:
        seen.insert(0, (_HEADER, _marked(_header_for(*seen[0]), facts)))
    if facts.says_something:
        seen.append((_EXIF, exif.to_bytes(facts)))
    body = b"WEBP" + b"".join(_written(name, body) for name, body in seen)
    return _written(b"RIFF", body)


def parameters_in(data: bytes) -> str | None:
    """Return the comment of the picture's Exif."""
    return _exif_in(list(_chunks(data))).comment


def sides_of_still(data: bytes) -> tuple[int, int]:
    """Return width and height of a picture that does not move, with no memory for its pixels.

    Raises `ValueError` and `struct.error` for what moves or is not understood.
    """
    chunks = list(_chunks(data))
    pixels = [(name, body) for name, body in chunks if name in _PIXELS]
    if len(pixels) != 1 or pixels[0][0] == b"ANMF":
        raise ValueError("a WebP that is no single picture")
    width, height, _ = _facts(*pixels[0])
    name, header = chunks[0]
    if name == _HEADER:
        canvas = tuple(int.from_bytes(header[at : at + 3], "little") + 1 for at in (4, 7))
        if len(header) != _HEADER_BYTES or header[0] & ~_STILL or canvas != (width, height):
            raise ValueError("a WebP whose header tells of another picture")
    elif name not in _PIXELS:
        raise ValueError("a WebP that does not begin with its picture")
    return width, height


def _exif_in(chunks: list[_Chunk]) -> Exif:
    return exif.from_bytes(next((body for name, body in chunks if name == _EXIF), b""))


def _chunks(data: bytes) -> Iterator[_Chunk]:
    (size,) = struct.unpack_from("<4xI", data)
    at, end = 12, 8 + size
    if not at < end <= len(data):
        raise ValueError("a WebP that is cut off")
    while at < end:
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise ValueError("a WebP with a chunk that is cut off")
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _written(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _marked(header: bytes, facts: Exif) -> bytes:
    """Return the header of an extended file, telling truly whether Exif follows."""
    if len(header) != _HEADER_BYTES:
        raise ValueError("a WebP whose header is damaged")
    flags = header[0] & ~(_HAS_EXIF | _HAS_XMP)
    if facts.says_something:
        flags |= _HAS_EXIF
    return bytes([flags]) + header[1:]


def _header_for(name: bytes, body: bytes) -> bytes:
    """Make the header of an extended file from the picture of a simple one."""
    width, height, has_alpha = _facts(name, body)
    flags = bytes([_HAS_ALPHA if has_alpha else 0, 0, 0, 0])
    return flags + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _facts(name: bytes, body: bytes) -> tuple[int, int, bool]:
    """Return width, height, and whether there may be transparency."""
    width, height, has_alpha = _lossless_facts(body) if name == _LOSSLESS else _lossy_facts(body)
    if not width or not height:
        raise ValueError("a WebP without a pixel")
    return width, height, has_alpha


def _lossy_facts(body: bytes) -> tuple[int, int, bool]:
    tag, start, width, height = struct.unpack_from("<3s3sHH", body)
    bits = int.from_bytes(tag, "little")
    is_hidden, version, first_part_bytes = not bits >> 4 & 1, bits >> 1 & 7, bits >> 5
    if bits & 1 or start != b"\x9d\x01\x2a":
        raise ValueError("a WebP that does not begin with its picture")
    if is_hidden or version > _VERSION_MAX or first_part_bytes >= len(body):
        raise ValueError("a WebP whose picture is damaged")
    return width & _SIDE, height & _SIDE, False  # above the sides: how they may be scaled


def _lossless_facts(body: bytes) -> tuple[int, int, bool]:
    start, bits = struct.unpack_from("<sI", body)
    if start != b"\x2f" or bits >> 2 * _SIDE_BITS + 1:
        raise ValueError("a WebP whose picture is damaged")
    return (bits & _SIDE) + 1, (bits >> _SIDE_BITS & _SIDE) + 1, bool(bits >> 2 * _SIDE_BITS & 1)

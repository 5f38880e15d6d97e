"""A PNG's chunks: what is seen stays byte for byte, what is said beside it is replaced.

Facts: PNG (third edition), 5 (chunks), 11 (each of them), 12.11 (text).
"""

import struct
import zlib
from collections.abc import Iterator

from bot.media import exif
from bot.media.exif import Exif

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"parameters\0"
_NOT_COMPRESSED = b"\0\0"  # the flag, the method
_NO_LANGUAGE = b"\0\0"  # the language, the keyword in it

_NECESSARY = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_SEEN = _NECESSARY | {
    *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"),
    *(b"bKGD", b"pHYs", b"hIST", b"sPLT"),
    *(b"acTL", b"fcTL", b"fdAT"),  # an animation
}
"""Chunks that change what is seen; in every other one somebody says something."""

_Chunk = tuple[bytes, bytes]  # name, all of it


def rewritten(data: bytes, parameters: str | None) -> bytes:
    """Return the same picture with these parameters, or with none, and nothing else said.

    Raises `ValueError` and `struct.error` for what is not understood.
    """
    chunks = list(_chunks(data))
    before = next((_body(raw) for name, raw in chunks if name == b"eXIf"), b"")
    orientation = exif.from_bytes(before).orientation
    said = [] if parameters is None else [_text_chunk(parameters)]
    if orientation != exif.UPRIGHT:
        said.append(_chunk(b"eXIf", exif.to_bytes(Exif(orientation=orientation))))
    header, *seen = (raw for name, raw in chunks if name in _SEEN)
    return b"".join([_SIGNATURE, header, *said, *seen])


def parameters_in(data: bytes) -> str | None:
    """Return the text under `parameters`; a compressed one counts as none."""
    bodies = ((name, _body(raw)) for name, raw in _chunks(data))
    return next(
        (
            text
            for name, body in bodies
            if body.startswith(_KEYWORD)
            and (text := _text_of(name, body[len(_KEYWORD) :])) is not None
        ),
        None,
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    at, name = len(_SIGNATURE), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        _check(name, is_first=at == len(_SIGNATURE), is_whole=end <= len(data))
        yield name, data[at:end]
        at = end


def _check(name: bytes, *, is_first: bool, is_whole: bool) -> None:
    if not is_whole or not name.isalpha():
        raise ValueError("a PNG that is cut off or damaged")
    if is_first != (name == b"IHDR"):
        raise ValueError("a PNG whose header is not where it belongs")
    if name[:1].isupper() and name not in _NECESSARY:
        raise ValueError("a PNG with a necessary chunk of an unknown kind")


def _body(raw: bytes) -> bytes:
    return raw[8:-4]


def _chunk(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _text_chunk(text: str) -> bytes:
    # Plain text where it can be: some readers take what stands before the text in an iTXt for text.
    if text.isascii():
        return _chunk(b"tEXt", _KEYWORD, text.encode("ascii"))
    return _chunk(b"iTXt", _KEYWORD, _NOT_COMPRESSED, _NO_LANGUAGE, text.encode("utf-8"))


def _text_of(name: bytes, value: bytes) -> str | None:
    if name == b"tEXt":
        return value.decode("latin-1")
    if name == b"iTXt" and value.startswith(_NOT_COMPRESSED):
        _language, _, rest = value[len(_NOT_COMPRESSED) :].partition(b"\0")
        _keyword, end, text = rest.partition(b"\0")
        return text.decode("utf-8", "replace") if end else None
    return None

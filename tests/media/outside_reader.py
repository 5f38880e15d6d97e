"""Reads what a picture's file says as other people's tools do; knows nothing of our own code.

Facts: PNG (third edition) 11.3.3; JFIF and Exif 2.32, 4.5-4.6.5; WebP container; TIFF 6.0. The text is
read by the rules of A1111's web UI: the last line holds the settings when it has three or more of them,
a value in double quotes is JSON, and from a line that begins with "Negative prompt:" on all is negative.
"""

import json
import struct
import zlib
from dataclasses import dataclass

SETTINGS_MIN = 3
NEGATIVE = "Negative prompt:"
USER_COMMENT, EXIF_IFD = 0x9286, 0x8769
CHARSETS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be"}


@dataclass(frozen=True)
class Told:
    """What a tool shows of a picture."""

    prompt: str
    negative: str
    settings: dict[str, str]


def read_file(data):
    """Return the text that a tool finds in a file; None when it finds none."""
    if data.startswith(b"\x89PNG"):
        return _png(data)
    exif = _jpeg(data) if data.startswith(b"\xff\xd8") else _webp(data)
    return None if exif is None else _user_comment(exif)


def read_text(text):
    """Take a text apart."""
    *lines, last = text.strip().split("\n")
    settings = dict(_settings(last))
    if len(settings) < SETTINGS_MIN:
        lines, settings = [*lines, last], {}
    prompt, negative, is_negative = [], [], False
    for line in (each.strip() for each in lines):
        is_negative = is_negative or line.startswith(NEGATIVE)
        (negative if is_negative else prompt).append(line.removeprefix(NEGATIVE).strip())
    return Told("\n".join(prompt), "\n".join(negative), settings)


def _settings(line):
    rest = line
    while ":" in rest:
        name, _, rest = rest.partition(":")
        rest = rest.lstrip()
        if rest.startswith('"'):
            value, end = json.JSONDecoder().raw_decode(rest)
            rest = rest[end:]
        else:
            value = rest.split(",", 1)[0]
            rest = rest[len(value) :]
        assert not rest or rest.startswith(","), "something hangs on a value"
        yield name.strip(" ,"), value
        rest = rest.removeprefix(",")


def _png(data):
    at = 8
    while at < len(data):
        (size,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + body)
        if kind == b"IDAT":
            return None  # tools that look at the head alone go no further
        if kind == b"tEXt" and body.startswith(b"parameters\0"):
            return body.split(b"\0", 1)[1].decode("latin-1")
        if kind == b"iTXt" and body.startswith(b"parameters\0"):
            packed, _method, rest = body[11], body[12], body[13:]
            text = rest.split(b"\0", 2)[2]
            return (zlib.decompress(text) if packed else text).decode()
        at += 12 + size
    return None


def _jpeg(data):
    at = 2
    while data[at + 1] != 0xDA:
        assert data[at] == 0xFF
        (size,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + size]
        if data[at + 1] == 0xE1 and body.startswith(b"Exif\0\0"):
            return body[6:]
        at += 2 + size
    return None


def _webp(data):
    assert struct.unpack_from("<I", data, 4)[0] + 8 == len(data)
    has_exif = data[12:16] == b"VP8X" and data[20] & 0x08
    at = 12
    while at < len(data):
        kind, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if kind == b"EXIF":
            assert has_exif, "a reader that trusts the flags finds nothing"
            return data[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0")
        at += 8 + size + size % 2
    return None


def _user_comment(tiff):
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    assert struct.unpack_from(order + "H", tiff, 2)[0] == 42
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    (exif,) = struct.unpack(order + "I", _entry(tiff, order, first, EXIF_IFD, kind=4)[1])
    count, where = _entry(tiff, order, exif, USER_COMMENT, kind=7)
    (at,) = struct.unpack(order + "I", where)
    raw = tiff[at : at + count]
    assert len(raw) == count
    return raw[8:].decode(CHARSETS[raw[:8]])


def _entry(tiff, order, at, tag, *, kind):
    (count,) = struct.unpack_from(order + "H", tiff, at)
    rows = [struct.unpack_from(order + "HHI4s", tiff, at + 2 + 12 * row) for row in range(count)]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows), "tags ascend (TIFF 6.0)"
    return next(
        (length, value) for name, found, length, value in rows if (name, found) == (tag, kind)
    )

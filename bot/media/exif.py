"""The two facts of Exif that matter here: how a picture was made, and which way up it is.

Written as A1111 and its readers expect it: big-endian, the comment in UTF-16 behind `UNICODE`.
Facts: TIFF 6.0; Exif 2.32, 4.6.2 (the IFDs) and 4.6.5 (UserComment).
"""

import struct
from dataclasses import dataclass

UPRIGHT, ORIENTATIONS = 1, range(1, 9)

_ORIENTATION, _EXIF_IFD, _USER_COMMENT = 0x0112, 0x8769, 0x9286
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_HEAD_BYTES, _ENTRY_BYTES = 8, 12
_UNICODE, _ASCII, _UNNAMED = b"UNICODE\0", b"ASCII\0\0\0", bytes(8)

_Entries = dict[int, tuple[int, int, bytes]]  # tag: type, count, value or where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """What is said beside the pixels."""

    comment: str | None = None
    orientation: int = UPRIGHT

    @property
    def says_something(self) -> bool:
        """Whether there is anything to write."""
        return self.comment is not None or self.orientation != UPRIGHT


def to_bytes(exif: Exif) -> bytes:
    """Write Exif from its byte order on, without the prefix that JPEG puts before it."""
    entries = []
    if exif.orientation != UPRIGHT:
        entries.append(struct.pack(">HHIHxx", _ORIENTATION, _SHORT, 1, exif.orientation))
    behind = b""
    if exif.comment is not None:
        text = _UNICODE + exif.comment.encode("utf-16-be")
        at = _HEAD_BYTES + _table_bytes(len(entries) + 1)
        entries.append(struct.pack(">HHII", _EXIF_IFD, _LONG, 1, at))
        where = at + _table_bytes(1)
        behind = _table([struct.pack(">HHII", _USER_COMMENT, _UNDEFINED, len(text), where)]) + text
    return b"MM\0*" + struct.pack(">I", _HEAD_BYTES) + _table(entries) + behind


def from_bytes(data: bytes) -> Exif:
    """Read Exif; what cannot be read is as if it were not there."""
    data = data.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(data[:4])
    if order is None:
        return Exif()
    try:
        entries = _entries(data, order, struct.unpack_from(order + "I", data, 4)[0])
    except struct.error:
        return Exif()
    return Exif(
        comment=_comment(data, order, entries), orientation=_orientation(order, entries) or UPRIGHT
    )


def _table_bytes(entries: int) -> int:
    return 2 + entries * _ENTRY_BYTES + 4


def _table(entries: list[bytes]) -> bytes:
    return struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)  # no table follows


def _entries(data: bytes, order: str, at: int) -> _Entries:
    (count,) = struct.unpack_from(order + "H", data, at)
    rows = data[at + 2 : at + 2 + count * _ENTRY_BYTES]
    return {
        tag: (kind, length, value)
        for tag, kind, length, value in struct.iter_unpack(order + "HHI4s", rows)
    }


def _orientation(order: str, entries: _Entries) -> int | None:
    kind, _, value = entries.get(_ORIENTATION, (None, 0, b""))
    if kind != _SHORT:
        return None
    (found,) = struct.unpack_from(order + "H", value)
    return found if found in ORIENTATIONS else None


def _comment(data: bytes, order: str, entries: _Entries) -> str | None:
    try:
        _, _, where = entries[_EXIF_IFD]
        _, length, at = _entries(data, order, *struct.unpack(order + "I", where))[_USER_COMMENT]
    except (KeyError, struct.error):
        return None
    (start,) = struct.unpack(order + "I", at)
    return _text(data[start : start + length])


def _text(raw: bytes) -> str | None:
    code, body = raw[:8], raw[8:]
    if code == _UNICODE:
        # Exif does not say which byte comes first; in Latin letters the high one is zero.
        is_big = body[::2].count(0) >= body[1::2].count(0)
        return body.decode("utf-16-be" if is_big else "utf-16-le", "replace")
    if code in {_ASCII, _UNNAMED}:
        return body.decode("utf-8", "replace").rstrip("\0 ")
    return None

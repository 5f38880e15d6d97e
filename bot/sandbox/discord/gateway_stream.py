"""What travels on a gateway socket: JSON, in one compression context per connection."""

import importlib
import json
import zlib
from typing import Any, Protocol

from bot.sandbox.discord.wire import Json

ZSTD_MODULES = ("compression.zstd", "zstandard")


class Stream(Protocol):
    """Turns payloads into frames: text, or bytes of a continuous stream."""

    def frame(self, payload: Json) -> str | bytes:
        """Return the next frame."""
        ...


class PlainStream:
    """No compression."""

    def frame(self, payload: Json) -> str | bytes:
        """Return JSON text."""
        return json.dumps(payload)


class ZlibStream:
    """`compress=zlib-stream`: every message ends with a sync flush."""

    def __init__(self) -> None:
        self._context = zlib.compressobj()

    def frame(self, payload: Json) -> str | bytes:
        """Return the stream's next bytes, which end with 00 00 FF FF."""
        data = self._context.compress(json.dumps(payload).encode())
        return data + self._context.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`compress=zstd-stream`, where a zstd module is installed."""

    def __init__(self, module: Any) -> None:
        if hasattr(module, "ZstdCompressor") and hasattr(module.ZstdCompressor, "FLUSH_BLOCK"):
            self._context = module.ZstdCompressor()
            self._block = self._context.FLUSH_BLOCK
        else:
            self._context = module.ZstdCompressor().compressobj()
            self._block = module.COMPRESSOBJ_FLUSH_BLOCK

    def frame(self, payload: Json) -> str | bytes:
        """Return the stream's next flushed block."""
        data: bytes = self._context.compress(json.dumps(payload).encode())
        rest: bytes = self._context.flush(self._block)
        return data + rest


def open_stream(compress: str | None) -> Stream | None:
    """Return the stream a client asks for in its URL; None where it is not to be had."""
    match compress:
        case None:
            return PlainStream()
        case "zlib-stream":
            return ZlibStream()
        case "zstd-stream":
            return _zstd()
        case _:
            return None


def _zstd() -> Stream | None:
    for name in ZSTD_MODULES:
        try:
            return ZstdStream(importlib.import_module(name))
        except ImportError:
            continue
    return None

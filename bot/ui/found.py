"""Pictures in a message that somebody points at: its files, its galleries, its embeds.

They are read from Discord's own hosts alone. What stands elsewhere is read from Discord's copy of
it, so nobody can make us call an address of theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
from yarl import URL

from bot.domain.errors import InvalidRequest, UserError
from bot.ui import alchemy_copy, copy
from bot.ui.unbroken import NO_CONNECTION
from bot.ui.uploads import check_bytes

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
DISCORD_HOSTS = frozenset(
    {
        "cdn.discordapp.com",
        "media.discordapp.net",
        "images-ext-1.discordapp.net",
        "images-ext-2.discordapp.net",
    }
)
FOUND_MAX = 10  # what a gallery shows
READ_TIMEOUT = aiohttp.ClientTimeout(total=30)
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A picture in a message; `size_bytes` is known of files only."""

    url: str
    size_bytes: int | None = None


def pictures_in(message: discord.Message) -> tuple[Found, ...]:
    """Return the pictures of a message in the order they are shown, each once.

    A gallery that shows a file of the same message names it by the same path.
    """
    found: dict[str, Found] = {}
    for one in (*_files(message), *_media(message.components), *_embedded(message.embeds)):
        if _is_discords(one.url):
            found.setdefault(URL(one.url, encoded=True).path, one)
    return tuple(found.values())[:FOUND_MAX]


async def read_found(picture: Found) -> bytes:
    """Return a picture's bytes, unverified and capped.

    Raises `InvalidRequest` for one that is too big and `UserError` when Discord does not hand it
    over.
    """
    check_bytes(picture.size_bytes or 0)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=READ_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
            session.get(URL(picture.url, encoded=True), allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise UserError(copy.UPLOAD_NOT_READ)
            data = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                data += chunk
                check_bytes(len(data))
    except NO_CONNECTION as error:
        raise UserError(copy.UPLOAD_NOT_READ) from error
    return bytes(data)


def the_pictures(message: discord.Message) -> tuple[Found, ...]:
    """Return the pictures of a message; `InvalidRequest` when it has none."""
    found = pictures_in(message)
    if not found:
        raise InvalidRequest(alchemy_copy.NO_PICTURE)
    return found


def _files(message: discord.Message) -> Iterator[Found]:
    for file in message.attachments:
        kind = (file.content_type or "").partition(";")[0]
        if kind in PICTURE_TYPES:
            yield Found(url=file.url, size_bytes=file.size)


def _media(components: Sequence[Any]) -> Iterator[Found]:
    """Yield what components show, however deep they lie."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                for item in component.items:
                    yield Found(url=item.media.proxy_url or item.media.url)
            case discord.ThumbnailComponent():
                yield Found(url=component.media.proxy_url or component.media.url)
            case _:
                yield from _media(getattr(component, "children", ()))
                accessory = getattr(component, "accessory", None)
                yield from _media(() if accessory is None else (accessory,))


def _embedded(embeds: Sequence[discord.Embed]) -> Iterator[Found]:
    for embed in embeds:
        for shown in (embed.image, embed.thumbnail):
            if shown.proxy_url or shown.url:
                yield Found(url=str(shown.proxy_url or shown.url))


def _is_discords(address: str) -> bool:
    """Tell whether an address is Discord's own; the sandbox's counts where it stands in for it."""
    url, stand_in = URL(address, encoded=True), URL(discord.Asset.BASE)
    if (url.scheme, url.host, url.port) == (stand_in.scheme, stand_in.host, stand_in.port):
        return True
    return url.scheme == "https" and url.host in DISCORD_HOSTS

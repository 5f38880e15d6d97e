"""Which pictures a message has, and from where they are read."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.errors import InvalidRequest, UserError
from bot.ui.found import FOUND_MAX, Found, pictures_in, read_found, the_pictures
from bot.ui.uploads import UPLOAD_BYTES_MAX
from tests.providers.scripted_host import Reply, ScriptedHost

CDN = "https://cdn.discordapp.com/attachments/1/2"
PROXY = "https://images-ext-1.discordapp.net/external/abc/https/elsewhere.example/cat.png"
ELSEWHERE = "https://elsewhere.example/cat.png"


def file(name: str, *, kind: str | None = "image/png", size: int = 10) -> dict[str, Any]:
    return {
        "id": "2", "filename": name, "size": size, "url": f"{CDN}/{name}?ex=1&hm=2",
        "proxy_url": f"{CDN}/{name}", "content_type": kind,
    }  # fmt: skip


def shown(url: str, proxy_url: str | None = None) -> dict[str, Any]:
    return {"media": {"url": url, "proxy_url": proxy_url}}


def message(**parts: Any) -> discord.Message:
    files = [
        discord.Attachment(data=one, state=SimpleNamespace(http=None))
        for one in parts.get("files", ())
    ]
    components = [discord.components._component_factory(one) for one in parts.get("components", ())]
    embeds = [discord.Embed.from_dict(one) for one in parts.get("embeds", ())]
    return SimpleNamespace(attachments=files, components=components, embeds=embeds)


def urls(**parts: Any) -> list[str]:
    return [one.url for one in pictures_in(message(**parts))]


@pytest.fixture
async def host(monkeypatch) -> AsyncIterator[ScriptedHost]:
    async with ScriptedHost() as host:
        monkeypatch.setattr(discord.Asset, "BASE", host.origin)
        yield host


def test_files_that_are_pictures_are_found_in_their_order():
    files = [file("a.png"), file("b.txt", kind="text/plain"), file("c.webp", kind="image/webp")]

    assert urls(files=files) == [f"{CDN}/a.png?ex=1&hm=2", f"{CDN}/c.webp?ex=1&hm=2"]


@pytest.mark.parametrize("kind", [None, "image/gif", "video/mp4", "image/svg+xml"])
def test_a_file_of_another_type_is_none(kind):
    assert urls(files=[file("a", kind=kind)]) == []


def test_a_gallery_is_found_in_a_container_and_its_file_only_once():
    gallery = {"type": 12, "items": [shown(f"{CDN}/a.png?ex=9&hm=9"), shown(f"{CDN}/b.png")]}
    box = {"type": 17, "components": [{"type": 10, "content": "words"}, gallery]}

    assert urls(files=[file("a.png")], components=[box]) == [
        f"{CDN}/a.png?ex=1&hm=2",
        f"{CDN}/b.png",
    ]


def test_a_thumbnail_beside_a_text_is_found():
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "words"}],
        "accessory": {"type": 11, **shown(f"{CDN}/t.png")},
    }

    assert urls(components=[section]) == [f"{CDN}/t.png"]


def test_what_stands_elsewhere_is_read_from_discords_copy():
    gallery = {"type": 12, "items": [shown(ELSEWHERE, PROXY)]}
    embed = {"image": {"url": ELSEWHERE, "proxy_url": PROXY}}

    assert urls(components=[gallery]) == [PROXY]
    assert urls(embeds=[embed]) == [PROXY]


@pytest.mark.parametrize(
    "url",
    [
        ELSEWHERE,
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com.elsewhere.example/a.png",
        "https://elsewhere.example/cdn.discordapp.com/a.png",
        "https://discord.com/a.png",
        "file:///etc/passwd",
        "http://127.0.0.1/a.png",
    ],
)
def test_no_address_of_somebody_else_is_ever_read(url):
    assert urls(embeds=[{"thumbnail": {"url": url}}]) == []


def test_no_more_are_offered_than_a_gallery_shows():
    assert len(urls(files=[file(f"{n}.png") for n in range(12)])) == FOUND_MAX


def test_a_message_without_a_picture_is_refused():
    with pytest.raises(InvalidRequest, match="no picture"):
        the_pictures(message())


async def test_bytes_are_read_as_they_are(host):
    host.says(Reply(body=b"picture"))

    assert await read_found(Found(url=f"{host.origin}/a%2Fb.png?hm=1%2B2")) == b"picture"
    assert host.calls[0].path == "/a%2Fb.png?hm=1%2B2"


async def test_a_file_known_to_be_too_big_is_not_even_asked_for(host):
    with pytest.raises(InvalidRequest, match="MiB"):
        await read_found(Found(url=f"{host.origin}/a.png", size_bytes=UPLOAD_BYTES_MAX + 1))

    assert host.calls == []


async def test_one_that_turns_out_too_big_is_given_up(host):
    host.says(Reply(body=b" " * (UPLOAD_BYTES_MAX + 1)))

    with pytest.raises(InvalidRequest, match="MiB"):
        await read_found(Found(url=f"{host.origin}/a.png"))


@pytest.mark.parametrize(
    "reply",
    [Reply(status=404), Reply(status=302, headers={"Location": ELSEWHERE}), Reply(status=500)],
)
async def test_what_discord_does_not_hand_over_is_told(host, reply):
    host.says(reply)

    with pytest.raises(UserError, match="hand over"):
        await read_found(Found(url=f"{host.origin}/a.png"))

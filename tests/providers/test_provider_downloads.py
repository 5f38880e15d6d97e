"""Where a link may lead, and where it may not."""

import pytest

from bot.domain.errors import Permanent, Transient
from bot.providers.config import Timeouts
from bot.providers.downloads import Downloads, PublicResolver, is_public, sniff
from bot.providers.http import open_session
from tests.providers.addresses import Addresses
from tests.providers.provider_cases import WEBP
from tests.providers.scripted_host import Reply, ScriptedHost


async def fetched(
    link: str, *, hosts: tuple[str, ...], resolver=None, allow_private_hosts: bool = False
) -> bytes:
    async with open_session(timeouts=Timeouts(), resolver=resolver) as session:
        downloads = Downloads(
            session, provider="p", hosts=hosts, allow_private_hosts=allow_private_hosts
        )
        return await downloads.fetch(link)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_public_is_recognised(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "104.18.0.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
)
def test_a_public_address_is_recognised(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "link",
    [
        "http://pictures.example/a.webp",
        "ftp://pictures.example/a.webp",
        "file:///etc/passwd",
        "//pictures.example/a.webp",
        "https://user@pictures.example/a.webp",
        "https://user:password@pictures.example/a.webp",
        "https://elsewhere.example/a.webp",
        "https://pictures.example.evil.example/a.webp",
        "https://evilpictures.example/a.webp",
        "https://pictures.example@evil.example/a.webp",
        "https://[::1",
        "https://pictures.example:99999/",
        "not a link",
        "",
    ],
)
async def test_a_link_that_may_not_be_followed_asks_nobody(link):
    resolver = Addresses()

    with pytest.raises(Permanent):
        await fetched(link, hosts=("pictures.example",), resolver=PublicResolver(resolver))

    assert resolver.asked == []


@pytest.mark.parametrize("host", ["a.pictures.example", "a.b.pictures.example"])
async def test_a_wildcard_stands_for_every_host_below(host):
    resolver = Addresses()

    with pytest.raises(Transient):  # let through, and then there is no such name
        await fetched(
            f"https://{host}/", hosts=("*.pictures.example",), resolver=PublicResolver(resolver)
        )

    assert resolver.asked == [host]


@pytest.mark.parametrize("host", ["pictures.example", "evilpictures.example"])
async def test_a_wildcard_does_not_stand_for_what_is_beside(host):
    with pytest.raises(Permanent):
        await fetched(f"https://{host}/", hosts=("*.pictures.example",))


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_listed_name_that_leads_inside_is_not_followed(address):
    resolver = PublicResolver(Addresses(pictures_example=address))

    with pytest.raises(Permanent, match="private network"):
        await fetched("https://pictures.example/", hosts=("pictures.example",), resolver=resolver)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"]
)
async def test_a_literal_address_inside_is_refused_even_when_listed(host):
    with pytest.raises(Permanent, match="private network"):
        await fetched(f"https://{host}/", hosts=(host.strip("[]"),))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "0177.0.0.1"])
async def test_an_address_in_disguise_is_on_no_list(host):
    with pytest.raises(Permanent):
        await fetched(f"https://{host}/", hosts=("127.0.0.1", "*.example"))


async def test_private_hosts_are_fetched_from_when_the_operator_says_so():
    async with ScriptedHost() as host:
        host.says(Reply(body=WEBP))

        picture = await fetched(
            f"{host.origin}/a.webp", hosts=("127.0.0.1",), allow_private_hosts=True
        )

    assert picture == WEBP


async def test_a_link_is_sent_byte_for_byte():
    query = "X-Amz-Credential=a%2Fb%2fc&Signature=A+b%20c%3D%3D&x=%7e~&empty=&%41=1"
    async with ScriptedHost() as host:
        host.says(Reply(body=WEBP))

        await fetched(
            f"{host.origin}/a%2fb/c.webp?{query}", hosts=("127.0.0.1",), allow_private_hosts=True
        )

        assert host.calls[0].path == f"/a%2fb/c.webp?{query}"


@pytest.mark.parametrize(
    "data,mime",
    [
        (b"\x89PNG\r\n\x1a\n rest", "image/png"),
        (b"\xff\xd8\xff\xe0 rest", "image/jpeg"),
        (WEBP, "image/webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"GIF89a", None),
        (b"<?xml", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(data, mime):
    assert sniff(data) == mime

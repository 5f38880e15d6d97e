"""Fetch finished pictures from where a provider put them, and from nowhere else.

A link comes from outside. It is followed only over https, to a host on the provider's list whose
address is public, without credentials and without redirects, and only as far as the cap.
Presigned links are secrets while they live: they are sent byte for byte and never logged.
"""

import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from http import HTTPStatus

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from bot.domain.errors import Permanent, ProviderError, Transient
from bot.providers.base import Item
from bot.providers.config import ProviderConfig
from bot.providers.http import CHUNK_BYTES, open_session

PICTURE_BYTES_MAX = 32 * 1024 * 1024
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

_IPV4_AT_THE_END = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # "compatible" addresses, given up long ago and still accepted by stacks
        "::ffff:0:0/96",  # IPv4 mapped
        "64:ff9b::/96",  # NAT64
    )
)
_IPV4_BITS = 2**32 - 1
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")

log = logging.getLogger(__name__)


class _PrivateAddress(OSError):
    """A name that leads into a private network; an OSError, because aiohttp passes those on."""


class PublicResolver(AbstractResolver):
    """Resolve names as usual and keep the public addresses only."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the public addresses of a host; fail when there are only others."""
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise _PrivateAddress("the name leads to a private address")
        return public

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._inner.close()


class Downloads:
    """Fetch one provider's pictures.

    Raises from `fetch` and `bytes_of`:
        Permanent: the link may not be followed, or there is no picture behind it.
        Transient: the storage did not answer, or the link has gone stale; the provider's next
            answer carries a fresh one.
    """

    def __init__(
        self,
        session: ClientSession,
        *,
        provider: str,
        hosts: tuple[str, ...],
        allow_private_hosts: bool,
    ) -> None:
        self._session = session
        self._provider = provider
        self._hosts = hosts
        self._allow_private_hosts = allow_private_hosts

    async def fetch(self, link: str) -> bytes:
        """Return the bytes of a PNG, JPEG or WebP picture, recognised by their first bytes."""
        url = self._target(link)
        with self._translated():
            async with self._session.get(
                url, allow_redirects=False, headers={"Accept-Encoding": "identity"}
            ) as response:
                self._refuse_status(response.status)
                data = await self._read(response)
        return self.checked(data)

    async def bytes_of(self, item: Item) -> bytes:
        """Return what came with an answer, or else what its link leads to."""
        if item.url is not None:
            return await self.fetch(item.url)
        if item.data is None:
            raise self._permanent("The provider delivered a picture without content.")
        return self.checked(item.data)

    def checked(self, data: bytes) -> bytes:
        """Return the bytes of a picture, fetched or delivered in an answer; refuse other bytes.

        Storages answer a vanished object with XML, also under status 200. Another try would read
        the same words, so this is permanent: the picture is given up, the others are kept.
        """
        if len(data) > PICTURE_BYTES_MAX:
            raise self._permanent("The provider delivered a picture that is too large.")
        if sniff(data) is None:
            raise self._permanent("The provider delivered something that is not a picture.")
        return data

    def _target(self, link: str) -> URL:
        try:
            url = URL(link, encoded=True)  # encoded: a signature covers the query as it is
            host = (url.host or "").lower()
        except ValueError:
            raise self._permanent("The provider sent a link that cannot be read.") from None
        schemes = ("https", "http") if self._allow_private_hosts else ("https",)
        if url.scheme not in schemes or url.user or url.password:
            raise self._permanent("The provider sent a link that may not be followed.")
        if not _is_listed(host, self._hosts):
            log.warning("host not listed", extra={"provider": self._provider, "host": host[:253]})
            raise self._permanent("The provider put a picture on a host that is not on the list.")
        # aiohttp asks no resolver about literals, so they are looked at here.
        if not self._allow_private_hosts and _is_literal(host) and not is_public(host):
            raise self._permanent("The provider sent a link into a private network.")
        return url

    def _refuse_status(self, status: int) -> None:
        if status == HTTPStatus.OK:
            return
        if status in _GONE or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise self._permanent("One picture is no longer at the provider.")
        # 403 among them: a presigned link has expired, and asking the provider again renews it.
        raise self._transient("The provider's storage does not give a picture out now.")

    async def _read(self, response: ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            data += chunk
            if len(data) > PICTURE_BYTES_MAX:
                break  # `checked` refuses it, without reading the rest
        return bytes(data)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Replace aiohttp's exceptions, unchained: their texts may hold the link."""
        try:
            yield
        except ClientConnectorError as error:
            if isinstance(error.os_error, _PrivateAddress):
                raise self._permanent("The provider sent a link into a private network.") from None
            raise self._transient("The provider's storage cannot be reached.") from None
        except (ClientError, TimeoutError, OSError):
            raise self._transient("The provider's storage broke off.") from None

    def _permanent(self, sentence: str) -> ProviderError:
        return Permanent(sentence, provider=self._provider)

    def _transient(self, sentence: str) -> ProviderError:
        return Transient(sentence, provider=self._provider)


def sniff(data: bytes) -> str | None:
    """Return the mime type that the first bytes show; None for anything but our three."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, wrapped IPv4 included."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64_LOCAL or ip.teredo is not None:
            return False
        wrapped = ip.sixtofour
        if any(ip in network for network in _IPV4_AT_THE_END):
            wrapped = ipaddress.IPv4Address(int(ip) & _IPV4_BITS)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_listed(host: str, hosts: tuple[str, ...]) -> bool:
    return any(
        host.endswith(listed[1:]) if listed.startswith("*.") else host == listed for listed in hosts
    )


@asynccontextmanager
async def open_downloads(config: ProviderConfig, *, provider: str) -> AsyncIterator[Downloads]:
    """Open a provider's downloads; they share nothing with its API calls, keys least of all."""
    async with AsyncExitStack() as stack:
        resolver = None
        if not config.allow_private_hosts:
            resolver = PublicResolver(DefaultResolver())
            stack.push_async_callback(resolver.close)  # aiohttp closes only its own
        session = await stack.enter_async_context(
            open_session(timeouts=config.timeouts, resolver=resolver)
        )
        yield Downloads(
            session,
            provider=provider,
            hosts=config.download_hosts,
            allow_private_hosts=config.allow_private_hosts,
        )

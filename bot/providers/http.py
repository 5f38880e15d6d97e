"""Calls to a provider's API: one session without memory, hard limits, errors translated once.

aiohttp's exceptions end here. They are replaced with `from None`, not chained: some of them carry
the whole address or the headers in their text, and a printed traceback would show a key or a
remote id.
"""

import io
import json as jsonlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.domain.errors import Ambiguous, ProtocolBroken, Transient
from bot.providers.config import Timeouts

JSON_BYTES_MAX = 64 * 1024 * 1024  # base64 pictures travel inside JSON
ERROR_BYTES_MAX = 64 * 1024
CHUNK_BYTES = 64 * 1024
CONNECTIONS_MAX = 200  # more than ever wait for one provider's answers: who had to wait would fail
RETRY_AFTER_S_MAX = 3600.0
# Other answers carry the header too (the Horde's always do) and mean nothing by it.
_RETRY_AFTER_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_JSON_TYPE = {"Content-Type": "application/json"}
_FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, read to its end or to the cap."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_good(self) -> bool:
        """Whether the status promises a result."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def retry_after_s(self) -> float | None:
        """Return how long to wait, from a 429 or 503 that says so; seconds or an HTTP date."""
        value = self.headers.get("Retry-After", "").strip()
        if self.status not in _RETRY_AFTER_STATUSES or not value:
            return None
        wait_s = float(value) if value.isdecimal() else self._seconds_until(value)
        return None if wait_s is None else min(max(wait_s, 0.0), RETRY_AFTER_S_MAX)

    def _seconds_until(self, date: str) -> float | None:
        """Measure against the answer's own Date, so that neither side's clock matters."""
        try:
            then = parsedate_to_datetime(date)
            now = parsedate_to_datetime(self.headers.get("Date", ""))
            return (then - now).total_seconds()
        except (ValueError, TypeError):
            return None


class Http:
    """Speak JSON with one provider.

    Raises from every call:
        Transient: no connection, so nothing was sent; or a read that got no whole answer.
        Ambiguous: a submit that may have arrived, without a whole answer.
        ProtocolBroken: a redirect, or a read's answer above the cap.
    """

    def __init__(self, session: ClientSession, *, url: str, provider: str, title: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._provider = provider
        self._title = title

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Sequence[tuple[str, str]] | None = None,
        is_submit: bool = False,
    ) -> Answer:
        """Send one request, once; `path` is relative to the base and already quoted.

        A body is JSON, or a form of names and values in their order.
        """
        # Encoded already: yarl must not touch an id that a provider made.
        url = URL(f"{self._url}/{path}", encoded=True)
        body, typed = None, {}
        if json is not None:
            body, typed = io.BytesIO(jsonlib.dumps(json).encode()), _JSON_TYPE
        elif form is not None:
            body, typed = io.BytesIO(urlencode(form).encode()), _FORM_TYPE
        with self._translated(is_submit=is_submit):
            async with self._session.request(
                method, url, headers={**(headers or {}), **typed}, data=body, allow_redirects=False
            ) as response:
                answer = await self._read(response, is_submit=is_submit)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise ProtocolBroken(
                f"{self._title} answered with a redirect; its address in the settings is wrong.",
                provider=self._provider,
            )
        return answer

    async def _read(self, response: ClientResponse, *, is_submit: bool) -> Answer:
        is_error = response.status >= HTTPStatus.BAD_REQUEST
        cap = ERROR_BYTES_MAX if is_error else JSON_BYTES_MAX
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > cap and is_error:
                break  # an explanation may be cut; a result may not
            if len(body) > cap:
                self._refuse_oversize(is_submit=is_submit)
        return Answer(status=response.status, headers=response.headers, body=bytes(body[:cap]))

    def _refuse_oversize(self, *, is_submit: bool) -> NoReturn:
        kind = Ambiguous if is_submit else ProtocolBroken
        raise kind(f"{self._title} sent an answer that is too large.", provider=self._provider)

    @contextmanager
    def _translated(self, *, is_submit: bool) -> Iterator[None]:
        try:
            yield
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            self._note(error)
            raise Transient(f"{self._title} cannot be reached.", provider=self._provider) from None
        except (ClientError, TimeoutError, OSError) as error:
            self._note(error)
            kind = Ambiguous if is_submit else Transient
            raise kind(f"{self._title} did not answer.", provider=self._provider) from None

    def _note(self, error: Exception) -> None:
        """Log the kind of a fault, not its text: that may hold the address."""
        log.info("call failed", extra={"provider": self._provider, "fault": type(error).__name__})


def segment(text: str) -> str:
    """Return a remote id or a name as one segment of a path, whatever it contains."""
    return quote(text, safe="")


@asynccontextmanager
async def open_session(
    *,
    timeouts: Timeouts,
    headers: Mapping[str, str] | None = None,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[ClientSession]:
    """Open a session without cookies, environment proxies or netrc; closed with the block."""
    limits = ClientTimeout(
        total=timeouts.total_s, connect=timeouts.connect_s, sock_read=timeouts.read_s
    )
    async with ClientSession(
        connector=TCPConnector(resolver=resolver, limit=CONNECTIONS_MAX),
        cookie_jar=DummyCookieJar(),
        headers=headers,
        timeout=limits,
        trust_env=False,
    ) as session:
        yield session

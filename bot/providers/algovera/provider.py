"""Algovera behind the provider interface: one job there for each picture.

The key travels in bodies and in one query, so no address of a call may ever be shown.
"""

import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic import SecretStr

from bot.domain.capabilities import Capability
from bot.domain.errors import KeyEmpty, ProtocolBroken, Transient
from bot.domain.jobs import Remote
from bot.domain.keys import Holder
from bot.domain.requests import Request
from bot.providers.algovera import parts
from bot.providers.algovera.errors import refusal
from bot.providers.algovera.parts import Part
from bot.providers.algovera.plan import CAPABILITY, SEED_MAX, to_plan
from bot.providers.algovera.wire import (
    NAME,
    READER,
    TITLE,
    BaseModels,
    Status,
    Submitted,
    to_payload,
)
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Finished,
    Inputs,
    Item,
    Model,
    Observation,
    Once,
    Plan,
)
from bot.providers.config import ProviderConfig
from bot.providers.defaults import Defaults, limits_of, pictures_only
from bot.providers.downloads import PICTURE_BYTES_MAX, Downloads, sniff
from bot.providers.http import Answer, Http, open_session

MODELS, SUBMIT, STATUS, ASSET = "api/basemodels", "api/txt2img", "api/status", "api/getAsset"
COLLECT_GAP_S = 10.0
POLL_GAP_MAX_S, PATIENCE_S = 5.0, 300.0  # its own front end warned after 30 seconds
CREDITS_PER_PICTURE = 1.0  # the backend's price; no route tells it
NOBODYS_JOB = "0" * 32

_BODY_REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)

log = logging.getLogger(__name__)


def _draw_seed() -> int:
    return secrets.randbelow(SEED_MAX + 1)


class Algovera(Defaults):
    """Algovera Flow API."""

    name = NAME
    title = TITLE
    unit = "credits"

    def __init__(
        self,
        config: ProviderConfig,
        *,
        http: Http,
        downloads: Downloads,
        draw_seed: Callable[[], int] = _draw_seed,
    ) -> None:
        self.limits = limits_of(
            config,
            collect_gap_s=COLLECT_GAP_S,
            by_key=True,
            poll_gap_max_s=POLL_GAP_MAX_S,
            patience_s=PATIENCE_S,
        )
        self._http = http
        self._downloads = downloads
        self._draw_seed = draw_seed
        self._may_ask_by_query = config.may_ask_by_query
        self._statuses = parts.Statuses()

    def capability(self, model: str | None = None) -> Capability:
        """Tell what every model can do; they differ in looks alone."""
        return CAPABILITY

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fill in what was left open; Algovera does the same for everybody."""
        return to_plan(pictures_only(request, title=TITLE), models=models)

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send the next picture of a request; complete when all were sent.

        Each is paid for when it is taken. When the credits end in between, those that were taken
        are what comes.
        """
        drawn, so_far = pictures_only(request, title=TITLE), inputs.so_far
        first_seed = self._first_seed(request, so_far)
        seed = parts.seed_of(first_seed, len(parts.ids_of(so_far)))
        body = to_payload(drawn, seed=seed, key=READER.key_text(key))
        answer = await self._http.call("POST", SUBMIT, json=body, is_submit=True)
        if not answer.is_good:
            error = refusal(answer, key=key, is_submit=True)
            if so_far is not None and isinstance(error, KeyEmpty):
                return Accepted(remote=so_far, notes=(str(error),))
            raise error
        remote_id = READER.read(Submitted, answer, is_submit=True).job_uuid
        remote = parts.with_part(so_far, remote_id, request=drawn, seed=first_seed, now=now)
        return Accepted(remote=remote, is_complete=len(parts.ids_of(remote)) >= request.count)

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Ask for the state of every part that has no picture yet, and for its picture once it is done.

        A picture is kept as soon as it came: none is asked for again because another one is late.
        """
        had = set(await once.names())
        states = {
            number: Part.DONE if number in had else await self._state(remote_id, key)
            for number, remote_id in parts.named(remote).items()
        }
        done = [number for number, state in states.items() if state is Part.DONE]
        pictures = {
            number: await self._picture(remote, number, key=key, once=once)
            for number in done
            if number not in had
        }
        if Part.RUNNING in states.values():
            return parts.to_working(remote, pictures, had=len(had))
        if not done:
            return parts.to_ended(states.values())
        for number in had:
            pictures[number] = await once.get(number) or await self._picture(
                remote, number, key=key, once=once
            )
        return Finished(
            items=parts.to_items(remote, pictures), notes=parts.shortfall(len(done), remote.total)
        )

    async def fetch(self, item: Item) -> bytes:
        """Return the bytes that came with a poll, or have it asked for again: there are no links."""
        if item.url is None and item.data is None:
            raise Transient(f"{TITLE} does not hand a finished picture out yet.", provider=NAME)
        return await super().fetch(item)

    async def models(self) -> tuple[Model, ...]:
        """List the base models, in the server's order."""
        answer = await self._http.call("GET", MODELS)
        if not answer.is_good:
            raise READER.refusal(answer)
        listed = READER.read(BaseModels, answer).base_models
        return tuple(Model(name=name) for name in listed)

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return the credits for all pictures, which the price list of the backend tells."""
        return CREDITS_PER_PICTURE * request.count

    async def holder(self, key: SecretStr) -> Holder:
        """Try a key on a job that nobody has: only the key can be refused, names are not told."""
        answer = await self._ask_status(NOBODYS_JOB, key)
        if not answer.is_good and answer.status != HTTPStatus.NOT_FOUND:
            raise refusal(answer, key=key)
        return Holder(name=f"{TITLE} account")

    def _first_seed(self, request: Request, so_far: Remote | None) -> int:
        for seed in (so_far.seed if so_far else None, request.seed):
            if seed is not None:
                return seed
        return self._draw_seed()

    async def _state(self, remote_id: str, key: SecretStr) -> Part:
        known = self._statuses.known(remote_id)
        if known is not None:
            return known
        answer = await self._ask_status(remote_id, key)
        if answer.status == HTTPStatus.NOT_FOUND:
            return Part.LOST
        if not answer.is_good:
            raise refusal(answer, key=key)
        return self._statuses.read(READER.read(Status, answer).job_status, of=remote_id)

    async def _ask_status(self, remote_id: str, key: SecretStr) -> Answer:
        query = urlencode({"job_uuid": remote_id, "api_key": READER.key_text(key)})
        return await self._http.call("GET", f"{STATUS}?{query}")

    async def _picture(
        self, remote: Remote, number: str, *, key: SecretStr, once: Once
    ) -> bytes | None:
        """Fetch and keep a part's picture; None where it is late."""
        picture = await self._asset(parts.named(remote)[number], key)
        if picture is not None:
            await once.keep(number, picture)
        return picture

    async def _asset(self, remote_id: str, key: SecretStr) -> bytes | None:
        """Return a part's picture; None where it is said to be done and is not there yet.

        One late picture must not keep the others: each is asked for again by itself (`fetch`).
        """
        try:
            answer = await self._ask_asset(remote_id, key)
        except ProtocolBroken as error:
            log.warning("no picture came", extra={"provider": NAME, "why": str(error)})
            return None
        if answer.status in _BODY_REFUSED:
            raise READER.permanent(
                f"The pictures at {TITLE} cannot be fetched; the operator has to look at it: "
                "something on the way drops the body of the request."
            )
        if answer.status in _NOT_YET:
            return None
        if not answer.is_good:
            raise refusal(answer, key=key)
        is_picture = len(answer.body) <= PICTURE_BYTES_MAX and sniff(answer.body) is not None
        return answer.body if is_picture else None

    async def _ask_asset(self, remote_id: str, key: SecretStr) -> Answer:
        """Send a GET with a body, as the document does (`/api/getAsset`); if need be, a query."""
        fields = {"api_key": READER.key_text(key), "job_uuid": remote_id}
        answer = await self._http.call("GET", ASSET, json=fields)
        if answer.status in _BODY_REFUSED and self._may_ask_by_query:
            answer = await self._http.call("GET", f"{ASSET}?{urlencode(fields)}")
        return answer


@asynccontextmanager
async def open_algovera(config: ProviderConfig) -> AsyncIterator[Algovera]:
    """Open the session for as long as the block runs; pictures come over it too."""
    headers = {"User-Agent": config.client_name}
    async with open_session(timeouts=config.timeouts, headers=headers) as session:
        yield Algovera(
            config,
            http=Http(session, url=config.url, provider=NAME, title=TITLE),
            downloads=Downloads(session, provider=NAME, hosts=(), allow_private_hosts=False),
        )

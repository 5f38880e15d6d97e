"""An AIME server behind the provider interface: short calls, everything else is a pure function.

The key goes along with each submit instead of a session: a restart loses sessions, and several
processes behind one address share none (server 0.9.6). Looking needs no key at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic import SecretStr

from bot.domain.capabilities import Ability, Capability, Sight, union
from bot.domain.errors import InvalidRequest, ProviderError
from bot.domain.jobs import Remote
from bot.domain.requests import Request
from bot.providers.aime import answers, parts
from bot.providers.aime.answers import Looked, Made, Open
from bot.providers.aime.endpoints import Endpoint, to_endpoint
from bot.providers.aime.errors import refusal
from bot.providers.aime.payload import to_payload
from bot.providers.aime.plan import to_plan
from bot.providers.aime.wire import (
    NAME,
    READER,
    TITLE,
    Details,
    Listed,
    Submitted,
    Validated,
)
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Holder,
    Inputs,
    Item,
    Model,
    Observation,
    Once,
    Plan,
)
from bot.providers.config import ProviderConfig
from bot.providers.defaults import Defaults, limits_of, pictures_only
from bot.providers.downloads import Downloads
from bot.providers.http import Answer, Http, open_session, segment
from bot.providers.reading import StrangeStates

ENDPOINTS, VALIDATE = "api/endpoints", "api/validate_key"
COLLECT_GAP_S = 3600.0  # nothing waits there to be collected: looking brings it along
ENDPOINTS_MAX = 100

UNKNOWN = Capability(
    abilities=frozenset({Ability.TEXT_TO_PICTURE, Ability.PICTURE_TO_PICTURE}),
    wishes=frozenset({"negative", "cfg", "seed"}),
    sights=frozenset({Sight.PLACE, Sight.ETA, Sight.PERCENT, Sight.PREVIEW}),
)
"""What may be asked for while no endpoint has been read; the submit plans once more."""

log = logging.getLogger(__name__)


class Aime(Defaults):
    """An AIME API server of version 0.9; endpoints are its models."""

    name = NAME
    title = TITLE
    unit = "jobs"

    def __init__(
        self,
        config: ProviderConfig,
        *,
        http: Http,
        downloads: Downloads,
        with_previews: bool,
        known: Sequence[Endpoint],
    ) -> None:
        self.limits = limits_of(config, collect_gap_s=COLLECT_GAP_S)
        self._http = http
        self._downloads = downloads
        self._with_previews = with_previews
        self._endpoints = {endpoint.name: endpoint for endpoint in known}
        self._strange_states = StrangeStates(provider=NAME)

    def capability(self, model: str | None = None) -> Capability:
        """Tell what an endpoint says of itself, or all of them; before any is known, the least."""
        named = self._endpoints.get(model or "")
        known = self._endpoints.values() if named is None else (named,)
        return union(one.capability for one in known) if known else UNKNOWN

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fit a request to an endpoint as it was last seen, for everybody alike."""
        return to_plan(
            pictures_only(request, title=TITLE), endpoints=tuple(self._endpoints.values())
        )

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send the next part of a request; complete when all pictures were asked for.

        Planned once more: after a restart no endpoint was known when it was.
        """
        text = READER.key_text(key)
        if not self._endpoints:
            await self.models()
        plan = self.plan(request, models=(), has_own_key=False)
        drawn = pictures_only(plan.request, title=TITLE)
        endpoint = self._endpoints.get(plan.request.model or "")
        if endpoint is None:
            raise READER.permanent(f"{TITLE} offers nothing that draws pictures.")
        part = parts.next_part(drawn, endpoint, inputs.so_far)
        body = to_payload(part, endpoint, inputs, key=text, with_previews=self._with_previews)
        answer = await self._http.call("POST", segment(endpoint.name), json=body, is_submit=True)
        if not answer.is_good:
            raise self._refused(answer, key)
        remote_id = READER.read(Submitted, answer, is_submit=True).job_id
        remote = parts.with_part(inputs.so_far, remote_id, part, total=plan.request.count, now=now)
        return Accepted(
            remote=remote,
            notes=() if inputs.so_far else plan.notes,
            is_complete=parts.is_complete(remote),
        )

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Look at every part that was not handed out yet; what is done is kept before it is read."""
        ids = parts.named(remote)
        had = set(await once.names()) & ids.keys()
        asked = [name for name in ids if name not in had]
        looks = (self._look(remote, name, key=key, once=once) for name in asked)
        seen = _settled(await asyncio.gather(*looks, return_exceptions=True))
        looked = dict.fromkeys(had, answers.HANDED_OUT) | dict(zip(asked, seen, strict=True))
        if not any(isinstance(one, Open) for one in seen):
            looked |= {name: await self._had(remote, name, key=key, once=once) for name in had}
        return answers.to_observation([looked[name] for name in ids], remote)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return nothing: whatever was there came with the look that found it."""
        return ()

    async def fetch(self, item: Item) -> bytes:
        """Return the bytes that came with a look; there are no links to follow."""
        if item.url is not None:
            return await self._downloads.fetch(item.url)  # refuses: no host is listed
        if item.data is None:
            raise READER.permanent(f"{TITLE} delivered a picture that cannot be decoded.")
        return self._downloads.checked(item.data)

    async def models(self) -> tuple[Model, ...]:
        """Read the endpoints' own descriptions and list those that draw."""
        names = READER.read(Listed, await self._read(ENDPOINTS)).endpoints[:ENDPOINTS_MAX]
        found = await asyncio.gather(*(self._endpoint(name) for name in names))
        self._endpoints = {one.name: one for one in found if one is not None and one.makes_pictures}
        return tuple(one.to_model() for one in self._endpoints.values())

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return how many jobs it takes; the server knows no prices."""
        endpoint = self._endpoints.get(request.model or "")
        at_once = 1 if endpoint is None else endpoint.pictures_at_once
        return float(-(-request.count // at_once))

    async def holder(self, key: SecretStr) -> Holder:
        """Try a key; the server does not tell whose it is."""
        query = urlencode({"key": READER.key_text(key)})
        answer = await self._read(f"{VALIDATE}?{query}", key)
        if not READER.read(Validated, answer).success:
            raise READER.unknown_key()
        return Holder(name=f"{TITLE} key")

    async def _look(self, remote: Remote, name: str, *, key: SecretStr, once: Once) -> Looked:
        job_id = parts.named(remote)[name]
        path = f"{segment(parts.endpoint_of(remote))}/progress"
        answer = await self._http.call("POST", path, json={"job_id": job_id})
        secrets = (key, SecretStr(job_id))
        looked = answers.to_looked(answer, secrets=secrets)
        if answers.is_said_once(looked):
            await once.keep(name, answer.body)
        if looked is None:
            raise refusal(answer, secrets=secrets)
        if isinstance(looked, Open) and looked.state not in answers.UNDERWAY:
            self._strange_states.note(looked.state)
        return looked

    async def _had(self, remote: Remote, name: str, *, key: SecretStr, once: Once) -> Looked:
        """Read what an earlier look was given; without its bytes there is nothing to be had."""
        body = await once.get(name)
        if body is None:
            return answers.HANDED_OUT
        secrets = (key, SecretStr(parts.named(remote)[name]))
        return answers.to_had(body, secrets=secrets)

    async def _endpoint(self, name: str) -> Endpoint | None:
        """Read one endpoint; one that cannot be read must not hide the others."""
        try:
            answer = await self._read(f"{ENDPOINTS}/{segment(name)}")
            return to_endpoint(READER.read(Details, answer))
        except ProviderError as error:
            log.warning("endpoint left out", extra={"provider": NAME, "why": str(error)})
            return None

    async def _read(self, path: str, key: SecretStr | None = None) -> Answer:
        answer = await self._http.call("GET", path)
        if not answer.is_good:
            raise refusal(answer, secrets=() if key is None else (key,))
        return answer

    def _refused(self, answer: Answer, key: SecretStr) -> Exception:
        """Return the error of a submit; when endpoints are not what they were, read them anew."""
        error = refusal(answer, secrets=(key,), is_submit=True)
        if isinstance(error, InvalidRequest) or answer.status == HTTPStatus.NOT_FOUND:
            self._endpoints = {}
        return error


def _settled(seen: Sequence[Looked | BaseException]) -> list[Looked]:
    """Return the looks; a failed one is raised, unless another brought what comes only once."""
    has_made = any(isinstance(one, Made) for one in seen)
    looked: list[Looked] = []
    for one in seen:
        if not isinstance(one, BaseException):
            looked.append(one)
        elif has_made and isinstance(one, ProviderError):
            looked.append(answers.UNSEEN)
        else:
            raise one
    return looked


@asynccontextmanager
async def open_aime(
    config: ProviderConfig, *, with_previews: bool = True, known: Sequence[Endpoint] = ()
) -> AsyncIterator[Aime]:
    """Open the session for as long as the block runs; pictures come over it too.

    `known` are endpoints that need not be asked for before the first submit.
    """
    headers = {"User-Agent": config.client_name}
    async with open_session(timeouts=config.timeouts, headers=headers) as session:
        yield Aime(
            config,
            http=Http(session, url=config.url, provider=NAME, title=TITLE),
            downloads=Downloads(session, provider=NAME, hosts=(), allow_private_hosts=False),
            with_previews=with_previews,
            known=known,
        )

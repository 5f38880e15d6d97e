"""An AIME server behind the provider interface: short calls, everything else is a pure function.

The key goes along with each submit, unless the operator wants sessions: a restart loses them, and
several processes behind one address share none (server 0.9.6). Looking needs no key at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from bot.domain.capabilities import Ability, Capability, Sight, union
from bot.domain.errors import InvalidRequest, ProviderError
from bot.domain.jobs import Remote
from bot.domain.keys import Holder
from bot.domain.requests import AlchemyRequest, PictureRequest, Request, TextRequest
from bot.providers.aime import answers, parts
from bot.providers.aime.answers import Looked, Made, Open
from bot.providers.aime.chat import to_chat_payload, to_chat_plan
from bot.providers.aime.endpoints import Endpoint, to_endpoint
from bot.providers.aime.errors import refusal
from bot.providers.aime.payload import to_payload
from bot.providers.aime.plan import to_plan
from bot.providers.aime.sessions import Credentials, KeyEachTime, Sessions
from bot.providers.aime.wire import (
    NAME,
    READER,
    TITLE,
    Details,
    Listed,
    LoggedIn,
    Submitted,
    Validated,
)
from bot.providers.base import UNKEPT, Accepted, Inputs, Makes, Model, Observation, Once, Plan
from bot.providers.config import ProviderConfig
from bot.providers.defaults import Defaults, limits_of
from bot.providers.downloads import Downloads
from bot.providers.http import Answer, Http, open_session, segment
from bot.providers.reading import StrangeStates

ENDPOINTS, VALIDATE = "api/endpoints", "api/validate_key"
COLLECT_GAP_S = 3600.0  # nothing waits there to be collected: looking brings it along
ENDPOINTS_MAX = 100
LOOKS_AT_ONCE_MAX = 100
"""At parts of all jobs together; a job may have ten, and submits need connections too."""

UNKNOWN = Capability(
    abilities=frozenset({Ability.TEXT_TO_PICTURE, Ability.PICTURE_TO_PICTURE, Ability.TEXT}),
    wishes=frozenset({"negative", "cfg", "seed"}),
    sights=frozenset({Sight.PLACE, Sight.ETA, Sight.PERCENT, Sight.PREVIEW, Sight.TEXT_SO_FAR}),
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
        self._client_name = config.client_name
        self._http = http
        self._downloads = downloads
        self._with_previews = with_previews
        self._endpoints = {endpoint.name: endpoint for endpoint in known}
        self._looking = asyncio.Semaphore(LOOKS_AT_ONCE_MAX)
        self._unread: set[str] = set()  # listed, and nothing is known of them yet
        self._has_sessions = config.has_sessions
        self._credentials: Credentials = (
            Sessions(self._log_in) if config.has_sessions else KeyEachTime()
        )
        self._strange_states = StrangeStates(provider=NAME)

    def capability(self, model: str | None = None) -> Capability:
        """Tell what an endpoint says of itself, or all of them; before any is known, the least."""
        named = self._endpoints.get(model or "")
        known = self._endpoints.values() if named is None else (named,)
        return union(one.capability for one in known) if known else UNKNOWN

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fit a request to an endpoint as it was last seen; an open choice is made among `models`."""
        open_to = () if request.model else models
        match request:
            case PictureRequest():
                return to_plan(request, endpoints=self._able(Makes.PICTURES, open_to))
            case TextRequest():
                return to_chat_plan(request, endpoints=self._able(Makes.TEXTS, open_to))
            case AlchemyRequest():
                raise InvalidRequest(f"{TITLE} draws and writes, and nothing else.")

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send the next part of a request; complete when all results were asked for.

        Planned once more: after a restart no endpoint was known when it was.
        """
        READER.key_text(key)
        if not self._endpoints:
            await self.models()
        if request.model in self._unread:
            await self._read_again(request.model)
        plan = self.plan(request, models=(), has_own_key=False)
        endpoint = self._endpoints.get(plan.request.model or "")
        if endpoint is None:
            raise READER.turned_away(f"{TITLE} offers nothing that draws or writes.")
        part, body = self._part(plan.request, endpoint, inputs)
        remote_id = await self._send(endpoint, body, key)
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
        looks = (self._looked(remote, name, key=key, once=once) for name in asked)
        seen = _settled(await asyncio.gather(*looks, return_exceptions=True))
        looked = dict.fromkeys(had, answers.HANDED_OUT) | dict(zip(asked, seen, strict=True))
        if not any(isinstance(one, Open) for one in seen):
            looked |= {name: await self._had(remote, name, key=key, once=once) for name in had}
        return answers.to_observation([looked[name] for name in ids], remote)

    async def models(self) -> tuple[Model, ...]:
        """Read the endpoints' own descriptions and list those that draw or answer in words."""
        names = READER.read(Listed, await self._read(ENDPOINTS)).endpoints[:ENDPOINTS_MAX]
        found = await asyncio.gather(*(self._endpoint(name) for name in names))
        self._endpoints = {one.name: one for one in found if one is not None and one.is_usable}
        self._unread.intersection_update(names)
        return tuple(one.to_model() for one in self._endpoints.values())

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return how many jobs it takes; the server knows no prices."""
        endpoint = self._endpoints.get(request.model or "")
        at_once = 1 if endpoint is None else endpoint.pictures_at_once
        return float(-(-request.count // at_once))

    async def holder(self, key: SecretStr) -> Holder:
        """Try a key; the server does not tell whose it is."""
        text, holder = READER.key_text(key), Holder(name=f"{TITLE} key")
        if self._has_sessions:  # an older server knows no other way
            await self._log_in(await self._some_endpoint(), key)
            return holder
        query = urlencode({"key": text})
        answer = await self._read(f"{VALIDATE}?{query}", key)
        if not READER.read(Validated, answer).success:
            raise READER.unknown_key()
        return holder

    def _able(self, makes: Makes, models: Sequence[Model]) -> tuple[Endpoint, ...]:
        """Return the endpoints that make what is wanted; none while nothing is known of any."""
        names = {model.name for model in models} or self._endpoints.keys()
        able = tuple(
            one for one in self._endpoints.values() if one.makes is makes and one.name in names
        )
        if self._endpoints and not able:
            raise InvalidRequest(f"{TITLE} has no endpoint for {makes}.")
        return able

    async def _some_endpoint(self) -> str:
        if not self._endpoints:
            await self.models()
        name = next(iter(self._endpoints), None)
        if name is None:
            raise READER.turned_away(f"{TITLE} offers nothing that draws or writes.")
        return name

    def _part(
        self, request: Request, endpoint: Endpoint, inputs: Inputs
    ) -> tuple[PictureRequest | TextRequest, dict[str, Any]]:
        """Return what to ask for next and how it is written."""
        if isinstance(request, TextRequest):
            return request, to_chat_payload(request, endpoint)
        assert isinstance(request, PictureRequest), "nothing else is planned"
        part = parts.next_part(request, endpoint, inputs.so_far)
        return part, to_payload(part, endpoint, inputs, with_previews=self._with_previews)

    async def _send(self, endpoint: Endpoint, body: dict[str, Any], key: SecretStr) -> str:
        """Submit once, and once more where the session was not known: then nothing was taken."""
        path = segment(endpoint.name)
        shown = await self._credentials.of(key, endpoint=endpoint.name)
        answer = await self._http.call("POST", path, json=body | shown, is_submit=True)
        if self._is_worth_another(answer, key, shown):
            shown = await self._credentials.of(key, endpoint=endpoint.name)
            answer = await self._http.call("POST", path, json=body | shown, is_submit=True)
        if not answer.is_good:
            raise self._refused(answer, key)
        return READER.read(Submitted, answer, is_submit=True).job_id

    def _is_worth_another(self, answer: Answer, key: SecretStr, shown: dict[str, str]) -> bool:
        """Tell whether a call was refused for its session alone."""
        is_unknown = answer.status == HTTPStatus.UNAUTHORIZED
        return is_unknown and self._credentials.forget(key, shown)

    async def _log_in(self, endpoint: str, key: SecretStr) -> SecretStr:
        """Open a session; the key has to stand in the query, a body is not read (server 0.9.6)."""
        query = urlencode({"key": READER.key_text(key), "version": self._client_name})
        answer = await self._read(f"{segment(endpoint)}/login?{query}", key)
        logged_in = READER.read(LoggedIn, answer)
        if not logged_in.success or logged_in.client_session_auth_key is None:
            raise READER.unknown_key()
        return logged_in.client_session_auth_key

    async def _looked(self, remote: Remote, name: str, *, key: SecretStr, once: Once) -> Looked:
        async with self._looking:
            return await self._look(remote, name, key=key, once=once)

    async def _look(self, remote: Remote, name: str, *, key: SecretStr, once: Once) -> Looked:
        job_id, endpoint = parts.named(remote)[name], parts.endpoint_of(remote)
        path, body = f"{segment(endpoint)}/progress", {"job_id": job_id}
        shown = self._credentials.at_hand(key)
        answer = await self._http.call("POST", path, json=body | shown)
        if self._is_worth_another(answer, key, shown):
            shown = await self._credentials.of(key, endpoint=endpoint)
            answer = await self._http.call("POST", path, json=body | shown)
        secrets = (*self._credentials.secrets(key), SecretStr(job_id))
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
        secrets = (*self._credentials.secrets(key), SecretStr(parts.named(remote)[name]))
        return answers.to_had(body, secrets=secrets)

    async def _endpoint(self, name: str) -> Endpoint | None:
        """Read one endpoint; one that cannot be read now is as it was, and hides no others."""
        try:
            endpoint = await self._described(name)
        except ProviderError as error:
            log.warning("endpoint not read", extra={"provider": NAME, "why": str(error)})
            if name not in self._endpoints:
                self._unread.add(name)
            return self._endpoints.get(name)
        self._unread.discard(name)
        return endpoint

    async def _read_again(self, name: str) -> None:
        """Read what a request is for, or say why that has to wait."""
        endpoint = await self._described(name)
        self._unread.discard(name)
        if endpoint.is_usable:
            self._endpoints[name] = endpoint

    async def _described(self, name: str) -> Endpoint:
        return to_endpoint(READER.read(Details, await self._read(f"{ENDPOINTS}/{segment(name)}")))

    async def _read(self, path: str, key: SecretStr | None = None) -> Answer:
        answer = await self._http.call("GET", path)
        if not answer.is_good:
            raise refusal(answer, secrets=() if key is None else (key,))
        return answer

    def _refused(self, answer: Answer, key: SecretStr) -> Exception:
        """Return the error of a submit; when endpoints are not what they were, read them anew."""
        error = refusal(answer, secrets=self._credentials.secrets(key), is_submit=True)
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

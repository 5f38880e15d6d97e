"""The Horde behind the provider interface: short calls, everything else is a pure function."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.domain.capabilities import Capability
from bot.domain.errors import Permanent
from bot.domain.jobs import Remote
from bot.domain.requests import Request
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Callback,
    CallbackNews,
    Ended,
    Ending,
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
from bot.providers.downloads import Downloads, open_downloads
from bot.providers.horde import answers, wire
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.providers.horde.errors import is_gone, refusal
from bot.providers.horde.payload import to_payload
from bot.providers.horde.plan import CAPABILITY, to_plan
from bot.providers.http import Answer, Http, open_session, segment

T = TypeVar("T")

SUBMIT, CHECK, STATUS = "generate/async", "generate/check", "generate/status"
FIND_LAG_S = 35.0  # the list of active requests may be 30 s old (Horde API, /find_user)
COLLECT_GAP_S = 10.0  # the status may be asked ten times a minute for one request
CANDIDATES_MAX = 30  # an account's concurrency, and so the longest list of running requests

_EXPIRED = Ended(
    how=Ending.EXPIRED,
    reason=f"{wire.TITLE} no longer has this request: no worker took it in time.",
)


class Horde(Defaults):
    """AI Horde, API 2.5.

    Remote ids are capabilities: reading and cancelling need no key, so it stays at home.
    """

    name = wire.NAME
    title = wire.TITLE
    unit = "kudos"
    calls_back = True

    def __init__(self, config: ProviderConfig, *, http: Http, downloads: Downloads) -> None:
        self.limits = limits_of(config, collect_gap_s=COLLECT_GAP_S)
        self._has_house_account = config.has_house_account
        self._http = http
        self._downloads = downloads

    def capability(self, model: str | None = None) -> Capability:
        """Tell what can be done; which families take a control type is said when one is planned."""
        return CAPABILITY

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fill in what was left open and lower what the anonymous account may not ask for."""
        is_anonymous = not (has_own_key or self._has_house_account)
        return to_plan(
            pictures_only(request, title=wire.TITLE), models=models, is_anonymous=is_anonymous
        )

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request once (`POST /generate/async`)."""
        drawn = pictures_only(request, title=wire.TITLE)
        answer = await self._post(
            to_payload(drawn, inputs), key=key, is_submit=True, also_secret=inputs.callback_url
        )
        submitted = wire.READER.read(wire.Submitted, answer, is_submit=True)
        remote = Remote(id=submitted.id, total=request.count, submitted_at=now, seed=request.seed)
        return answers.to_accepted(submitted, remote)

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Ask `/generate/check`, and `/generate/status` once that says it is over.

        Whoever expects the end asks the status at once: the check may be a second old.
        """
        if not expects_end:
            check = await self._read(wire.Check, CHECK, remote.id, key)
            if check is None:
                return _EXPIRED
            if not answers.is_over(check):
                return answers.to_progress(check, total=remote.total)
        status = await self._read(wire.Status, STATUS, remote.id, key)
        return _EXPIRED if status is None else answers.to_observation(status, remote)

    def read_callback(self, callback: Callback) -> CallbackNews | None:
        """Read a webhook; the Horde signs nothing, so only its address can be genuine."""
        announced = wire.parse_announcement(callback.body)
        return None if announced is None else answers.to_news(announced)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the pictures that are there already; none of a request that is not ours."""
        status = await self._read(wire.Status, STATUS, remote.id, key)
        items = () if status is None else answers.to_items(status)
        return () if answers.is_foreign(items, remote) else items

    async def fetch(self, item: Item) -> bytes:
        """Return a picture's bytes; links live for half an hour."""
        if item.url is not None:
            return await self._downloads.fetch(item.url)
        if item.data is not None:
            return self._downloads.checked(item.data)
        raise Permanent(f"{self.title} delivered a picture without content.", provider=self.name)

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Drop what waits; what is running already finishes and is charged."""
        answer = await self._http.call("DELETE", f"{STATUS}/{segment(remote.id)}")
        if not is_gone(answer):
            _good(answer, SecretStr(remote.id), key)

    async def find(
        self,
        request: Request,
        *,
        key: SecretStr,
        known: Collection[str],
        now: datetime,
        so_far: Remote | None = None,
    ) -> Remote | None:
        """Look for a lost submit among the account's running requests.

        None before `find_lag_s` proves nothing. The anonymous account belongs to everybody and
        shows none.
        """
        if _is_anonymous(key):
            return None
        account = await self._account(key)
        strangers = [id_ for id_ in account.active_generations.image if id_ not in known]
        fitting = [
            id_ for id_ in strangers[:CANDIDATES_MAX] if await self._size(id_, key) == request.count
        ]
        if len(fitting) != 1:
            return None
        return Remote(
            id=fitting[0],
            total=request.count,
            submitted_at=now,
            seed=request.seed,
            extras={answers.ADOPTED: "by size"},
        )

    def find_lag_s(self, key: SecretStr) -> float:
        """Tell how long the account's list may lag behind."""
        return 0.0 if _is_anonymous(key) else FIND_LAG_S

    async def models(self) -> tuple[Model, ...]:
        """List the picture models; empty while the server's cache is cold."""
        answer = await self._http.call("GET", "status/models?type=image")
        return answers.to_models(wire.READER.read(wire.MODEL_ROWS, _good(answer)))

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return the kudos for the whole request by a dry run, which counts as a submit."""
        body = to_payload(pictures_only(request, title=wire.TITLE), inputs, is_dry_run=True)
        answer = await self._post(body, key=key, is_submit=False)
        return wire.READER.read(wire.Priced, answer).kudos

    async def holder(self, key: SecretStr) -> Holder:
        """Tell whose key it is (`/find_user`)."""
        account = await self._account(key)
        return Holder(name=account.username, balance=account.kudos, unit=self.unit)

    async def _post(
        self,
        body: dict[str, Any],
        *,
        key: SecretStr,
        is_submit: bool,
        also_secret: str | None = None,
    ) -> Answer:
        answer = await self._http.call(
            "POST", SUBMIT, headers=_key_header(key), json=body, is_submit=is_submit
        )
        return _good(answer, key, SecretStr(also_secret or ""), is_submit=is_submit)

    async def _read(self, shape: type[T], path: str, remote_id: str, key: SecretStr) -> T | None:
        """Read something about a request; None when the Horde no longer knows it."""
        answer = await self._http.call("GET", f"{path}/{segment(remote_id)}")
        if is_gone(answer):
            return None
        return wire.READER.read(shape, _good(answer, SecretStr(remote_id), key))

    async def _account(self, key: SecretStr) -> wire.Account:
        answer = await self._http.call("GET", "find_user", headers=_key_header(key))
        return wire.READER.read(wire.Account, _good(answer, key))

    async def _size(self, remote_id: str, key: SecretStr) -> int | None:
        """Return how many pictures a running request is for; None when it is gone."""
        check = await self._read(wire.Check, CHECK, remote_id, key)
        return None if check is None else check.waiting + check.processing + check.finished


def _good(answer: Answer, *secrets: SecretStr, is_submit: bool = False) -> Answer:
    """Return a good answer; raise what another stands for, without these secrets in its words."""
    if not answer.is_good:
        raise refusal(answer, is_submit=is_submit, secrets=secrets)
    return answer


def _is_anonymous(key: SecretStr) -> bool:
    return key.get_secret_value() == ANONYMOUS_KEY


def _key_header(key: SecretStr) -> dict[str, str]:
    return {"apikey": wire.READER.key_text(key)}


@asynccontextmanager
async def open_horde(config: ProviderConfig) -> AsyncIterator[Horde]:
    """Open the Horde's sessions for as long as the block runs."""
    headers = {"Client-Agent": config.client_name, "Accept": "application/json"}
    async with (
        open_session(timeouts=config.timeouts, headers=headers) as session,
        open_downloads(config, provider=wire.NAME) as downloads,
    ):
        http = Http(session, url=config.url, provider=wire.NAME, title=wire.TITLE)
        yield Horde(config, http=http, downloads=downloads)

"""AI Client behind the provider interface: a thread first, then the one request in it.

A thread costs nothing, so it may be made again; the request may not be sent again before a look
into its thread.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus

from pydantic import SecretStr

from bot.domain.capabilities import Capability
from bot.domain.jobs import Remote
from bot.domain.keys import Holder
from bot.domain.requests import Request
from bot.domain.styles import Style
from bot.providers.ai_client import answers
from bot.providers.ai_client.errors import refusal
from bot.providers.ai_client.plan import CAPABILITY, STYLES, to_form, to_plan
from bot.providers.ai_client.wire import NAME, READER, TITLE, Entries, OpenedThread, SentEntry
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Ended,
    Ending,
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
from bot.providers.downloads import Downloads, open_downloads
from bot.providers.http import Answer, Http, open_session, segment

ENGINES = ("stable-diffusion-xl-1024-v0-9",)  # the one in the document; no route lists them
VERSION = "stablediffusion_text2img"
COLLECT_GAP_S = 10.0
POLL_GAP_MAX_S, PATIENCE_S = 10.0, 300.0  # its example takes 44 seconds
FIND_LAG_S = 10.0  # three looks' time for a request to show up in its thread
NOBODYS_THREAD = "00000000-0000-0000-0000-000000000000"

_LOST = Ended(how=Ending.LOST, reason=f"{TITLE} no longer knows this request.")


class AiClient(Defaults):
    """ai-client.com, threads API v1, Stable Diffusion."""

    name = NAME
    title = TITLE
    unit = "credits"

    def __init__(self, config: ProviderConfig, *, http: Http, downloads: Downloads) -> None:
        self.limits = limits_of(
            config,
            collect_gap_s=COLLECT_GAP_S,
            by_key=True,
            poll_gap_max_s=POLL_GAP_MAX_S,
            patience_s=PATIENCE_S,
        )
        self._http = http
        self._downloads = downloads
        self._models = tuple(Model(name=engine) for engine in config.models or ENGINES)

    def capability(self, model: str | None = None) -> Capability:
        """Tell what every engine can do."""
        return CAPABILITY

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fill in what was left open; AI Client does the same for everybody."""
        return to_plan(
            pictures_only(request, title=TITLE),
            models=models or self._models,
            usual=self._models[0].name,
        )

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Open a thread (`POST /threads`), or send the request into the one that is there."""
        if inputs.so_far is None:
            thread = await self._open_thread(request, key=key, now=now)
            return Accepted(remote=thread, is_complete=False)
        return await self._send(request, inputs.so_far, key=key)

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Read the thread (`GET /threads/{guid}/entries`)."""
        entries = await self._entries(remote, key)
        if entries is None:
            return _LOST
        return answers.to_observation(entries.data, remote, secrets=_secrets(remote, key))

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the pictures; they come all at once, so there are none before the end."""
        seen = await self.poll(remote, key=key)
        return seen.items if isinstance(seen, Finished) else ()

    async def find(
        self,
        request: Request,
        *,
        key: SecretStr,
        known: Collection[str],
        now: datetime,
        so_far: Remote | None = None,
    ) -> Remote | None:
        """Look into the thread whether the request has arrived."""
        if so_far is None:
            return None
        entries = await self._entries(so_far, key)
        sent = None if entries is None else answers.request_in(entries.data)
        return None if sent is None else answers.with_entry(so_far, sent)

    def find_lag_s(self, request: Request, *, key: SecretStr) -> float:
        """Tell how long a request may take to show up in its thread."""
        return FIND_LAG_S

    async def models(self) -> tuple[Model, ...]:
        """List the engines of the settings; the service has no list."""
        return self._models

    async def styles(self, *, page: int) -> tuple[Style, ...]:
        """List the styles of the service behind it; all are on the first page."""
        return tuple(Style(name=name, title=name) for name in STYLES) if page == 1 else ()

    async def style(self, name: str) -> Style | None:
        """Look a style up among them."""
        found = name.lower().replace("_", "-")
        return Style(name=found, title=found) if found in STYLES else None

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Refuse: what pictures cost stands in their response only."""
        raise READER.permanent(f"{TITLE} tells prices only afterwards.")

    async def holder(self, key: SecretStr) -> Holder:
        """Try a key on a thread that nobody has: only the key can be refused, names are not told."""
        answer = await self._read(f"threads/{NOBODYS_THREAD}/entries", key)
        if not answer.is_good and answer.status != HTTPStatus.NOT_FOUND:
            raise refusal(answer, secrets=(key,))
        return Holder(name=f"{TITLE} account")

    async def _open_thread(self, request: Request, *, key: SecretStr, now: datetime) -> Remote:
        form = [("ai_version_code", VERSION)]
        answer = await self._http.call("POST", "threads", headers=_bearer(key), form=form)
        if not answer.is_good:
            raise refusal(answer, secrets=(key,))
        thread = READER.read(OpenedThread, answer).data
        return Remote(id=thread.guid, total=request.count, submitted_at=now, is_empty=True)

    async def _send(self, request: Request, thread: Remote, *, key: SecretStr) -> Accepted:
        answer = await self._http.call(
            "POST",
            f"threads/{segment(thread.id)}/entry",
            headers=_bearer(key),
            form=to_form(pictures_only(request, title=TITLE)),
            is_submit=True,
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise READER.permanent(_LOST.reason)  # the thread is gone, and nothing was taken
        if not answer.is_good:
            raise refusal(answer, secrets=_secrets(thread, key), is_submit=True)
        entry = READER.read(SentEntry, answer, is_submit=True).data
        return Accepted(remote=answers.with_entry(thread, entry))

    async def _entries(self, remote: Remote, key: SecretStr) -> Entries | None:
        """Read a thread; None when the service does not know it."""
        answer = await self._read(f"threads/{segment(remote.id)}/entries", key)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_good:
            raise refusal(answer, secrets=_secrets(remote, key))
        return READER.read(Entries, answer)

    async def _read(self, path: str, key: SecretStr) -> Answer:
        return await self._http.call("GET", path, headers=_bearer(key))


def _bearer(key: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {READER.key_text(key)}"}


def _secrets(remote: Remote, key: SecretStr) -> tuple[SecretStr, ...]:
    return (key, SecretStr(remote.id))


@asynccontextmanager
async def open_ai_client(config: ProviderConfig) -> AsyncIterator[AiClient]:
    """Open the sessions for as long as the block runs.

    Without the `Accept` header the service answers with the page of its login.
    """
    headers = {"Accept": "application/json", "User-Agent": config.client_name}
    async with (
        open_session(timeouts=config.timeouts, headers=headers) as session,
        open_downloads(config, provider=NAME) as downloads,
    ):
        http = Http(session, url=config.url, provider=NAME, title=TITLE)
        yield AiClient(config, http=http, downloads=downloads)

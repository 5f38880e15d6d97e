"""The Horde behind the provider interface: one door, and behind it a room for each kind of request."""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import assert_never

from pydantic import SecretStr

from bot.domain.capabilities import Capability
from bot.domain.errors import Permanent, ProviderError
from bot.domain.jobs import Remote
from bot.domain.keys import Holder
from bot.domain.kudos import AccountInfo
from bot.domain.requests import AlchemyRequest, PictureRequest, Request, TextRequest
from bot.domain.styles import Style
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Callback,
    CallbackNews,
    Inputs,
    Item,
    Makes,
    Model,
    Observation,
    Once,
    Plan,
)
from bot.providers.config import ProviderConfig
from bot.providers.defaults import Defaults, limits_of
from bot.providers.downloads import Downloads, open_downloads
from bot.providers.horde import alchemy, answers, kinds, plan, styles, texts, wire
from bot.providers.horde.accounts import to_account
from bot.providers.horde.alchemy import Alchemy
from bot.providers.horde.calls import Calls, is_anonymous
from bot.providers.horde.errors import NotAService
from bot.providers.horde.news import read_news
from bot.providers.horde.pictures import Pictures
from bot.providers.horde.proxies import Proxies
from bot.providers.horde.texts import Texts
from bot.providers.http import Http, open_session, segment

FIND_LAG_S = 35.0  # the list of active requests may be 30 s old (Horde API, /find_user)
COLLECT_GAP_S = 10.0  # the status may be asked ten times a minute for one request
NO_ESTIMATE = f"{wire.TITLE} does not say beforehand what alchemy costs."

log = logging.getLogger(__name__)


class Horde(Defaults):
    """AI Horde, API 2.5."""

    name = wire.NAME
    title = wire.TITLE
    unit = "kudos"
    calls_back = True

    def __init__(self, config: ProviderConfig, *, http: Http, downloads: Downloads) -> None:
        self.limits = limits_of(config, collect_gap_s=COLLECT_GAP_S, looks_by_job=True)
        self._has_house_account = config.has_house_account
        self._calls = Calls(http)
        self._downloads = downloads
        self._pictures = Pictures(self._calls)
        self._texts = Texts(self._calls)
        self._alchemy = Alchemy(self._calls)
        self._styles = styles.StyleBook()
        self._proxies = Proxies(self._calls)

    def capability(self, model: str | None = None) -> Capability:
        """Tell what can be done; what a single model cannot is said when it is planned."""
        return plan.CAPABILITY

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fill in what was left open and lower what the anonymous account may not ask for."""
        is_nobodys = not (has_own_key or self._has_house_account)
        match request:
            case PictureRequest():
                return self._drawn(request, models=models, is_anonymous=is_nobodys)
            case TextRequest():
                return texts.to_plan(request, models=models, is_anonymous=is_nobodys)
            case AlchemyRequest():
                return alchemy.to_plan(request)
            case _:
                assert_never(request)

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request once; a service account tells for whom."""
        inputs = await self._proxies.told(inputs, key=key, now=now)
        try:
            return await self._sent(request, key=key, inputs=inputs, now=now)
        except NotAService:
            self._proxies.forget(key)
            raise

    async def _sent(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        match request:
            case PictureRequest():
                return await self._pictures.submit(request, key=key, inputs=inputs, now=now)
            case TextRequest():
                return await self._texts.submit(request, key=key, inputs=inputs, now=now)
            case AlchemyRequest():
                return await self._alchemy.submit(request, key=key, inputs=inputs, now=now)
            case _:
                assert_never(request)

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Ask how far a request is."""
        return await self._room(remote).poll(remote, key=key, expects_end=expects_end)

    def read_callback(self, callback: Callback) -> CallbackNews | None:
        """Read a webhook; the Horde signs nothing, so only its address can be genuine."""
        return read_news(callback.body)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the results that are there already."""
        return await self._room(remote).collect(remote, key=key)

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Drop what waits; what is being worked on already finishes and is charged."""
        await self._room(remote).cancel(remote, key=key)

    async def find(
        self,
        request: Request,
        *,
        key: SecretStr,
        known: Collection[str],
        now: datetime,
        so_far: Remote | None = None,
    ) -> Remote | None:
        """Look for a lost submit among the account's running requests; for pictures only.

        Of a text nothing proves whose it is, and somebody else's words must not be posted. Alchemy
        is not listed.
        """
        if not isinstance(request, PictureRequest):
            return None
        return await self._pictures.find(request, key=key, known=known, now=now)

    def find_lag_s(self, request: Request, *, key: SecretStr) -> float:
        """Tell how long the account's list may lag behind."""
        is_listed = isinstance(request, PictureRequest) and not is_anonymous(key)
        return FIND_LAG_S if is_listed else 0.0

    async def models(self) -> tuple[Model, ...]:
        """List the models of pictures and of texts, and the tools of alchemy.

        Empty while the server's cache is cold.
        """
        pictures = await self._model_rows("image")
        try:
            written = await self._model_rows("text")
        except ProviderError as error:  # a server of its kind may know pictures alone
            log.info("text models not listed", extra={"provider": self.name, "why": str(error)})
            written = ()
        if not pictures:
            return ()
        return answers.to_models(pictures) + texts.to_models(written) + alchemy.MODELS

    async def styles(self, *, page: int) -> tuple[Style, ...]:
        """List a page of public styles; what was listed can be used from now on."""
        answer = await self._calls.get(f"styles/image?sort=popular&page={page}")
        rows = wire.READER.read(wire.STYLE_ROWS, answer)
        self._styles.learn(rows)
        return tuple(map(styles.to_style, rows))

    async def style(self, name: str) -> Style | None:
        """Look a style up by its plain or unique name; it can be used from now on."""
        row = await self._calls.find(wire.StyleRow, f"styles/image_by_name/{segment(name)}")
        if row is None:
            return None
        self._styles.learn([row])
        return styles.to_style(row)

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return the kudos for the whole request by a dry run, which counts as a submit."""
        match request:
            case PictureRequest():
                return await self._pictures.estimate(request, key=key, inputs=inputs)
            case TextRequest():
                return await self._texts.estimate(request, key=key, inputs=inputs)
            case AlchemyRequest():
                raise Permanent(NO_ESTIMATE, provider=self.name)
            case _:
                assert_never(request)

    async def holder(self, key: SecretStr) -> Holder:
        """Tell whose key it is (`/find_user`)."""
        account = await self._calls.account(key)
        return Holder(name=account.username, balance=account.kudos, unit=self.unit)

    async def account(self, key: SecretStr) -> AccountInfo:
        """Tell what an account has and may do (`/find_user`, up to half a minute old)."""
        return to_account(await self._calls.account(key))

    async def give(self, key: SecretStr, *, to: str, amount: int, once: str) -> None:
        """Give kudos to another account (`/kudos/transfer`)."""
        await self._calls.give(key, to=to, amount=amount, once=once)

    async def _model_rows(self, kind: str) -> tuple[wire.ModelRow, ...]:
        answer = await self._calls.get(f"status/models?type={kind}")
        return wire.READER.read(wire.MODEL_ROWS, answer)

    def _drawn(
        self, request: PictureRequest, *, models: Sequence[Model], is_anonymous: bool
    ) -> Plan:
        painters = [model for model in models if model.makes is Makes.PICTURES]
        if request.style is None:
            return plan.to_plan(request, models=painters, is_anonymous=is_anonymous)
        row = self._styles.find(request.style)
        return styles.to_styled_plan(request, row, models=painters, is_anonymous=is_anonymous)

    def _room(self, remote: Remote) -> Pictures | Texts | Alchemy:
        """Return who knows a remote id: each kind has routes of its own."""
        rooms: dict[str, Texts | Alchemy] = {kinds.TEXT: self._texts, kinds.ALCHEMY: self._alchemy}
        return rooms.get(kinds.kind_of(remote), self._pictures)


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

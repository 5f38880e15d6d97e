"""Nebula Block behind the provider interface: the answer to a call is the picture itself.

There is nothing to poll, find or cancel, and one picture per call: a request for several is as many
calls, and each answer has to be kept before the next one is sent (`Accepted.finished`).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from pydantic import SecretStr

from bot.domain.capabilities import Capability, union
from bot.domain.errors import RateLimited
from bot.domain.jobs import Remote
from bot.domain.keys import Holder
from bot.domain.requests import Request
from bot.providers.base import UNKEPT, Accepted, Finished, Inputs, Model, Observation, Once, Plan
from bot.providers.config import ProviderConfig
from bot.providers.defaults import Defaults, limits_of, pictures_only
from bot.providers.downloads import Downloads
from bot.providers.http import Answer, Http, open_session
from bot.providers.nebula import answers
from bot.providers.nebula.catalog import DOCUMENTED, row_of
from bot.providers.nebula.errors import refusal, said_by
from bot.providers.nebula.payload import to_payload
from bot.providers.nebula.plan import capability_of, to_plan
from bot.providers.nebula.tally import Tally
from bot.providers.nebula.wire import NAME, READER, TITLE, Credits, Models, to_dollars

DRAW, MODELS, CREDITS = "images/generation", "serverless/models", "users/credits"
COLLECT_GAP_S = 10.0


class Nebula(Defaults):
    """Nebula Block; `patient` is the session of calls that last until something is drawn."""

    name = NAME
    title = TITLE
    unit = "USD"
    draws_in_call = True

    def __init__(
        self, config: ProviderConfig, *, http: Http, patient: Http, downloads: Downloads
    ) -> None:
        self.limits = limits_of(config, collect_gap_s=COLLECT_GAP_S, by_key=True)
        self.repaints_black = config.repaints_black
        self._list_key = config.list_key
        self._http = http
        self._patient = patient
        self._downloads = downloads
        self._tally = Tally()
        self._names: tuple[str, ...] = DOCUMENTED
        self._prices: dict[str, float] = {}

    def capability(self, model: str | None = None) -> Capability:
        """Tell what a model's row says, or what the models of the list can do together."""
        names = self._names if model is None else (model,)
        return union(capability_of(row_of(name)) for name in names)

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Fill in what was left open; Nebula Block does the same for everybody."""
        return to_plan(pictures_only(request, title=TITLE), models=models)

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Have the next picture drawn; complete with the last one."""
        wanted, so_far = pictures_only(request, title=TITLE), inputs.so_far
        headers = _authorization(key)
        self._tally.check(key, now=now)
        call = answers.calls_of(so_far)
        body = to_payload(wanted, inputs, call=call)
        answer = await self._patient.call("POST", DRAW, headers=headers, json=body, is_submit=True)
        if not answer.is_good:
            raise self._refused(answer, key=key, now=now)
        self._tally.note(key, now=now)
        items = answers.to_items(answer, wanted, call=call, key=key)
        remote = answers.after_call(so_far, wanted, came=len(items), now=now)
        return Accepted(
            remote=remote,
            is_complete=answers.is_complete(remote),
            finished=Finished(items=items),
        )

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Say that nothing more will come: every answer brought its picture along."""
        return Finished(items=(), notes=answers.shortfall(remote))

    async def models(self) -> tuple[Model, ...]:
        """List the models that draw, with the key that was given for that."""
        return await self._listed(self._list_key)

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return what the list asks for the pictures; answers never tell what was charged."""
        if not self._prices:
            await self._listed(key)
        price = self._prices.get(request.model or "")
        if price is None:
            raise READER.permanent(f"{TITLE} tells no price of this model.")
        return price * request.count

    async def holder(self, key: SecretStr) -> Holder:
        """Ask what is left on a key; the service does not tell whose it is."""
        answer = await self._http.call("GET", CREDITS, headers=_authorization(key))
        if not answer.is_good:
            raise refusal(answer, key=key)
        balance = to_dollars(READER.read(Credits, answer).data.available_balance)
        return Holder(name=f"{TITLE} account", balance=balance, unit=self.unit)

    async def _listed(self, key: SecretStr | None) -> tuple[Model, ...]:
        """Read the list, and learn what each model costs."""
        headers = {} if key is None else _authorization(key)
        answer = await self._http.call("GET", MODELS, headers=headers)
        if not answer.is_good:
            raise refusal(answer, key=key)
        listed = [one for one in READER.read(Models, answer).data.models if one.draws]
        priced = ((one.model_name, to_dollars(one.price)) for one in listed)
        self._prices = {name: price for name, price in priced if price is not None}
        self._names = tuple(one.model_name for one in listed) or self._names
        return tuple(Model(name=one.model_name) for one in listed)

    def _refused(self, answer: Answer, *, key: SecretStr, now: datetime) -> Exception:
        error = refusal(answer, key=key, is_submit=True)
        if isinstance(error, RateLimited):
            return self._tally.refused(said_by(answer, key=key), key=key, now=now)
        return error


def _authorization(key: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {READER.key_text(key)}"}


@asynccontextmanager
async def open_nebula(config: ProviderConfig) -> AsyncIterator[Nebula]:
    """Open both sessions for as long as the block runs: one for questions, one for drawing."""
    headers = {"User-Agent": config.client_name}
    patience = config.submit_timeouts or config.timeouts
    async with (
        open_session(timeouts=config.timeouts, headers=headers) as quick,
        open_session(timeouts=patience, headers=headers) as patient,
    ):
        yield Nebula(
            config,
            http=Http(quick, url=config.url, provider=NAME, title=TITLE),
            patient=Http(patient, url=config.url, provider=NAME, title=TITLE),
            downloads=Downloads(quick, provider=NAME, hosts=(), allow_private_hosts=False),
        )

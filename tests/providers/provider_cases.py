"""What the contract suite has to know about each provider: how its good answers look.

A new provider joins with one line in `CASES`.
"""

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.aime import open_aime
from bot.providers.base import Inputs, Item, Provider
from bot.providers.config import ProviderConfig, Timeouts
from bot.providers.registry import FACTORIES, Factory
from tests.providers.aime_endpoints import flux
from tests.providers.recorded_answers import exchange
from tests.providers.scripted_host import Reply, ScriptedHost, as_json

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = SecretStr("MARKED-key-4f1d9a")
REMOTE_ID = "deadbeef-77c2-4e0a-8bad-5eed5eed5eed"
IMPATIENT_S, PATIENT_S = 0.2, 30.0
ENOUGH_S = 0.6  # of a whole call to a host that never comes to an end
SIGNATURE = "MARKED%2Fsignature%3D"
WEBP = bytes.fromhex("524946461a000000574542505650384c0d0000002f0000001007101111888808")


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    accepted: Reply
    working: tuple[Reply, ...]
    over: Callable[[str], tuple[Reply, ...]]  # one poll's answers, with one picture at a link
    unknown_key: Reply
    slow_down: Reply
    broke: Reply | None  # the account cannot pay; None where nothing is paid for
    invalid: Reply  # a parameter that it does not take
    strange: Reply | None  # a state that nobody knows; None where there are no names for states
    planned: Mapping[str, Any] = field(default_factory=dict)  # where a submit needs more
    extras: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = 7  # None: the provider takes none
    is_in_parts: bool = False  # the submit that spends comes after another call
    has_links: bool = True  # or its pictures come over the API itself
    has_cancel: bool = True
    polls: bool = True  # or the answer to the submit is the result
    remote_id: str = REMOTE_ID
    factory: Factory | None = None  # where more than the registry gives has to be known

    @property
    def request(self) -> PictureRequest:
        return PictureRequest(prompt="a lighthouse", seed=7, **self.planned)

    @property
    def remote(self) -> Remote:
        return Remote(
            id=self.remote_id, total=1, submitted_at=NOW, seed=self.seed, extras=self.extras
        )

    @property
    def inputs(self) -> Inputs:
        so_far = Remote(id=REMOTE_ID, total=1, submitted_at=NOW, seed=self.seed)
        return Inputs(so_far=so_far if self.is_in_parts else None)

    async def reads(self, provider: Provider) -> object:
        """Make a call that changes nothing: a look at the request, or at the key."""
        if self.polls:
            return await provider.poll(self.remote, key=KEY)
        return await provider.holder(KEY)

    @asynccontextmanager
    async def open(
        self,
        host: ScriptedHost,
        *,
        hosts: tuple[str, ...] = ("127.0.0.1",),
        reply: Reply | None = None,
        allow_private: bool = True,
    ) -> AsyncIterator[Provider]:
        """Open the provider at a host; it is impatient only with a reply that never comes."""
        timeouts = Timeouts(connect_s=30, read_s=PATIENT_S, total_s=60)
        if reply is not None and reply.is_endless:
            timeouts = Timeouts(connect_s=30, read_s=IMPATIENT_S, total_s=ENOUGH_S)
        settings = config(host.origin, hosts=hosts, timeouts=timeouts, allow_private=allow_private)
        factory = self.factory or FACTORIES[self.name]
        async with factory(settings) as provider:
            yield provider


class Kept:
    """Keeps answers as a store would; what is in it outlives an adapter."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | None] = {}

    async def names(self) -> list[str]:
        return list(self.answers)

    async def get(self, name: str) -> bytes | None:
        return self.answers.get(name)

    async def keep(self, name: str, answer: bytes) -> None:
        self.answers[name] = answer

    def lose(self, name: str) -> None:
        """Lose an answer's bytes, as a folder that was restored from a backup has."""
        self.answers[name] = None


def config(
    url: str,
    *,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    timeouts: Timeouts | None = None,
    allow_private: bool = True,
) -> ProviderConfig:
    return ProviderConfig(
        url=f"{url}/api/v2",
        client_name="easel:test:tests@example.invalid",
        download_hosts=hosts,
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
        allow_private_hosts=allow_private,
        timeouts=timeouts or Timeouts(connect_s=30, read_s=PATIENT_S, total_s=60),
    )


def link(host: ScriptedHost) -> str:
    return f"{host.origin}/bucket/picture.webp?Signature={SIGNATURE}"


def item(url: str) -> Item:
    return Item(id="1", url=url)


def _horde_over(url: str) -> tuple[Reply, ...]:
    status = exchange("status_done_two_images")["response"]["json"]
    picture = {**status["generations"][0], "img": url, "seed": "7"}
    one = {**status, "finished": 1, "generations": [picture]}
    check = {name: value for name, value in one.items() if name != "generations"}
    return (as_json(check), as_json(one))


def _replayed(name: str) -> Reply:
    response = exchange(name)["response"]
    return as_json(response["json"], status=response["status"], **_headers(response))


def _headers(response: dict[str, dict[str, str]]) -> dict[str, str]:
    unwanted = ("content-type", "content-length", "content-encoding", "transfer-encoding")
    headers = response.get("headers", {})
    return {name: value for name, value in headers.items() if name.lower() not in unwanted}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _algovera_over(_: str) -> tuple[Reply, ...]:
    return (as_json({"job_status": "done"}), Reply(body=WEBP))


def _aime_over(_: str) -> tuple[Reply, ...]:
    picture = f"data:image/WEBP;base64,{_base64(WEBP)}"
    return (as_json({"job_state": "done", "job_result": {"images": [picture], "seed": 7}}),)


def _aime_said(name: str) -> Reply:
    response = exchange(name, of="aime")["response"]
    return as_json(response["json"], status=response["status"])


AI_CLIENT_REQUEST = {"guid": "c7c088d3", "type": "request", "waiting_response": True}


def _ai_client_over(url: str) -> tuple[Reply, ...]:
    response = {"guid": "a9e17dcc", "type": "response", "content": [{"url": url}], "credits": 5}
    return (as_json({"data": [AI_CLIENT_REQUEST, response]}),)


NEBULA_DRAWN = as_json(
    {
        "model": "black-forest-labs/FLUX.1-schnell",
        "object": "list",
        "data": [{"timings": {"inference": 13.4}, "index": 0, "b64_json": _base64(WEBP)}],
        "message": "Image generated successfully",
        "status": "success",
    }
)

CASES = {
    "ai_client": Case(
        name="ai_client",
        accepted=as_json({"data": AI_CLIENT_REQUEST}, status=201),
        working=(as_json({"data": [AI_CLIENT_REQUEST]}),),
        over=_ai_client_over,
        unknown_key=as_json({"message": "Unauthenticated."}, status=401),
        slow_down=as_json({"message": "Too Many Attempts."}, status=429, Retry_After="37"),
        broke=as_json({"message": "Not enough credits."}, status=402),
        invalid=as_json(
            {"message": "The given data was invalid.", "errors": {"steps": ["Too many steps."]}},
            status=422,
        ),
        strange=None,
        extras={"entry": "c7c088d3"},
        seed=None,
        is_in_parts=True,
        has_cancel=False,
    ),
    "aime": Case(
        name="aime",
        accepted=as_json({"success": True, "job_id": REMOTE_ID, "ep_version": 0}),
        working=(_aime_said("queue_progress_b_position_1"),),
        over=_aime_over,
        unknown_key=_aime_said("error_401_bad_key"),
        slow_down=Reply(status=429, headers={"Retry-After": "3"}),  # of a proxy in front
        broke=None,
        invalid=_aime_said("error_400_unknown_parameters"),
        strange=as_json({"success": True, "job_id": REMOTE_ID, "job_state": "simmering"}),
        extras={"endpoint": "flux-dev", "ids": REMOTE_ID, "counts": "1"},
        has_links=False,
        has_cancel=False,
        factory=partial(open_aime, known=(flux(),)),
    ),
    "algovera": Case(
        name="algovera",
        accepted=as_json({"job_uuid": REMOTE_ID}),
        working=(as_json({"job_status": "created"}),),
        over=_algovera_over,
        unknown_key=as_json({"detail": "Invalid API key"}, status=403),
        slow_down=as_json({"detail": "Too many requests"}, status=429, Retry_After="3"),
        broke=as_json({"detail": "Not enough credits"}, status=403),
        invalid=as_json(
            {"detail": [{"loc": ["body", "height"], "msg": "ensure this value is less than 1025"}]},
            status=422,
        ),
        strange=as_json({"job_status": "simmering"}),
        extras={"ids": REMOTE_ID, "model": "stable"},
        has_links=False,
        has_cancel=False,
    ),
    "horde": Case(
        name="horde",
        accepted=as_json({"id": REMOTE_ID, "kudos": 3.0}, status=202),
        working=(_replayed("check_queued"),),
        over=_horde_over,
        unknown_key=_replayed("error_401_unknown_key"),
        slow_down=_replayed("error_429_limiter"),
        broke=_replayed("error_403_kudos_upfront"),
        invalid=_replayed("error_400_steps_too_many"),
        strange=None,
    ),
    "nebula": Case(
        name="nebula",
        accepted=NEBULA_DRAWN,
        working=(as_json({"data": {"available_balance": "12.50"}, "status": "success"}),),
        over=lambda _: (),  # it was over with the submit
        unknown_key=as_json({"detail": "Invalid authentication credentials."}, status=401),
        slow_down=as_json(
            {"status": "failed", "message": "Limit of 60 requests per minute exceeded."}, status=429
        ),
        broke=as_json(
            {"status": "error", "error": {"code": "insufficient_quota", "message": "Top up."}},
            status=402,
        ),
        invalid=as_json({"status": "failed", "message": "num_steps is out of range"}, status=400),
        strange=None,
        planned={"model": "black-forest-labs/FLUX.1-schnell", "width": 64, "height": 64},
        extras={"calls": "1", "came": "1"},
        has_links=False,
        has_cancel=False,
        polls=False,
        remote_id="-",
    ),
}

"""AIME in a chaos run: results that are handed out once, and a server that never has a memory."""

import asyncio
import json
from collections.abc import Collection, Sequence
from typing import Unpack

from bot.bench.risks.base import ASK, DRAW, Lives, Made, Risks, common, picture, text
from bot.sandbox.providers.aime import SandboxAime
from bot.sandbox.providers.aime.aime import EndpointWishes
from bot.sandbox.providers.aime.endpoints import Kind
from bot.sandbox.providers.aime.jobs import Job
from bot.sandbox.providers.aime.scripts import Outcome
from bot.sandbox.providers.hosts import HOUSE_KEY

WORKERS = 8
IN_QUEUE_MAX_S = 100.0  # of the sandbox's clock


async def _forgets(server: SandboxAime, _: float) -> None:
    await server.restart(with_memory=False)


async def _refuses_key(server: SandboxAime, for_s: float) -> None:
    server.revoke_key(HOUSE_KEY)
    await asyncio.sleep(for_s)
    server.add_key(HOUSE_KEY)


async def _workers_go_home(server: SandboxAime, for_s: float) -> None:
    _everywhere(server, workers=0)
    await asyncio.sleep(for_s)
    _everywhere(server, workers=WORKERS)


def prepare(server: SandboxAime) -> None:
    """Have enough workers for everybody, and queues that do not last for an hour."""
    _everywhere(server, workers=WORKERS, max_time_in_queue=IN_QUEUE_MAX_S)


def _everywhere(server: SandboxAime, **wishes: Unpack[EndpointWishes]) -> None:
    for endpoint in server.rules.endpoints:
        server.endpoint(endpoint.name, **wishes)


async def made(server: SandboxAime, wanted: Collection[str]) -> Sequence[Made]:
    """Return everything that went into an answer, whoever got it."""
    handed_out = [job for job in server.truth.jobs if job.handed_out_at_s is not None]
    found: list[Made] = []
    for job in handed_out:
        if job.script.outcome is Outcome.OK and _words(job) in wanted:
            found += await _results(server, job)
    return found


async def _results(server: SandboxAime, job: Job) -> list[Made]:
    if job.endpoint.kind is Kind.CHAT:
        return [text(server.said(job.remote_id), _words(job))]
    return [picture(data, _words(job)) for data in await server.pictures(job.remote_id)]


def taken(server: SandboxAime) -> list[str]:
    """Return what each accepted request was about."""
    return [_words(job) for job in server.truth.jobs]


def _words(job: Job) -> str:
    """Return the prompt, or the newest turn of a conversation."""
    if job.endpoint.kind is Kind.CHAT:
        return str(json.loads(str(job.values["chat_context"]))[-1]["content"])
    return job.prompt


AIME = Risks(
    name="aime",
    commands=frozenset({DRAW, ASK}),
    routes=(
        ("POST", "/{endpoint}"),
        ("POST", "/{endpoint}"),
        ("POST", "/{endpoint}/progress"),
        ("POST", "/{endpoint}/progress"),
        ("GET", "/api/endpoints/*"),
    ),
    lives=(
        Lives(
            desk="script",
            ends=(*("ok",) * 14, "error", "error_and_picture", "empty", "never", "lost"),
            slow=("stuck",),
            spans={"queue_s": (0.0, 20.0), "seconds": (2.0, 20.0)},
            quirks=(
                *({},) * 6,
                {"updates": 0},
                {"percents": (40, 20, 90)},
                {"dress": "wrong_mime"},
                {"dress": "bare"},
                {"dress": "broken"},
                {"preview_dress": "broken"},
            ),
        ),
    ),
    troubles={
        **dict(common(forgets=False)),
        "restarts without its memory": _forgets,
        "refuses our key": _refuses_key,
        "has no workers": _workers_go_home,
    },
    made=made,
    taken=taken,
    prepare=prepare,
)

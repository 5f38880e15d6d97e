"""Nebula Block in a chaos run: the answer to a call is the picture, and a cut call is lost money."""

from collections.abc import Collection, Sequence

from bot.bench.risks.base import DRAW, Lives, Made, Risks, Server, common, picture, switched
from bot.sandbox.providers.hosts import HOUSE_KEY
from bot.sandbox.providers.nebula import SandboxNebula
from bot.sandbox.providers.nebula.jobs import Job
from bot.sandbox.providers.nebula.scripts import Outcome
from bot.sandbox.providers.nebula.world import UNCHARGED


async def _restarts(server: Server, _: float) -> None:
    await server.restart()


def prepare(server: Server) -> None:
    """Let a day be long enough: a limit on it would end the run for everybody."""
    server.switch(requests_per_day=None)


async def made(server: SandboxNebula, wanted: Collection[str]) -> Sequence[Made]:
    """Return the pictures of every call that was answered with them."""
    return [
        picture(data, _words(job))
        for job in server.truth.jobs
        if job.answered and job.script.outcome == Outcome.DONE and _words(job) in wanted
        for data in await server.pictures(job)
    ]


def taken(server: SandboxNebula) -> list[str]:
    """Return the prompts of all calls that were paid for."""
    return [_words(job) for job in server.truth.jobs if job.script.outcome not in UNCHARGED]


def _words(job: Job) -> str:
    return str(job.payload["prompt"])


NEBULA = Risks(
    name="nebula",
    commands=frozenset({DRAW}),
    routes=(
        ("POST", "/images/generation"),
        ("POST", "/images/generation"),
        ("GET", "/serverless/models"),
    ),
    lives=(
        Lives(
            desk="script",
            ends=(*("done",) * 14, "failed", "empty", "missing", "broken", "no_picture", "refused"),
            spans={"seconds": (2.0, 30.0)},
            quirks=(
                *({},) * 6,
                {"pictures": 2, "shuffled": True},
                {"coding": "data_uri"},
                {"coding": "unpadded"},
                {"coding": "wrapped"},
                {"code": "content_policy_violation"},
                {"code": "rate_limit_exceeded"},
                {"code": "service_unavailable"},
            ),
        ),
    ),
    troubles={
        **dict(common(forgets=False, key=HOUSE_KEY)),
        "restarts": _restarts,
        "lets nobody ask often": switched(requests_per_min=1),
        "tells errors in other words": switched(error_shape="nested"),
    },
    made=made,
    taken=taken,
    submits_max=1,
    prepare=prepare,
)

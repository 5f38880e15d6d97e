"""Algovera in a chaos run: one job for each picture, and pictures that are done and not there."""

from collections.abc import Collection, Sequence

from bot.bench.risks.base import DRAW, Lives, Made, Risks, common, picture, switched
from bot.sandbox.providers.algovera import SandboxAlgovera
from bot.sandbox.providers.hosts import HOUSE_KEY


async def made(server: SandboxAlgovera, wanted: Collection[str]) -> Sequence[Made]:
    """Return every picture that was handed out."""
    return [
        picture(await server.picture(job.remote_id), job.wish.prompt)
        for job in server.truth.jobs
        if job.delivered and job.wish.prompt in wanted
    ]


def taken(server: SandboxAlgovera) -> list[str]:
    """Return the prompts of all accepted jobs: each was paid for."""
    return [job.wish.prompt for job in server.truth.jobs]


ALGOVERA = Risks(
    name="algovera",
    commands=frozenset({DRAW}),
    routes=(
        ("POST", "/api/txt2img"),
        ("POST", "/api/txt2img"),
        ("GET", "/api/status"),
        ("GET", "/api/getAsset"),
    ),
    lives=(
        Lives(
            desk="script",
            ends=(*("done",) * 7, "failed"),
            slow=("never",),
            spans={"seconds": (2.0, 40.0)},
            quirks=(
                *({},) * 5,
                {"asset_faults": 2},
                {"asset_faults": 2, "asset_fault": "broken"},
                {"asset_faults": 1, "asset_fault": "json"},
                {"asset_faults": 1, "asset_fault": "empty"},
                {"status_texts": ("simmering", "created")},
            ),
        ),
    ),
    troubles={
        **dict(common(key=HOUSE_KEY)),
        "stands behind a proxy that drops bodies": switched(strips_get_bodies=True),
    },
    made=made,
    taken=taken,
)

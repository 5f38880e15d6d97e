"""The AI Horde in a chaos run: three kinds of requests, and webhooks that are lost, doubled and late."""

import hashlib
from collections.abc import Collection, Sequence

from bot.bench.risks.base import (
    ASK,
    DESCRIBE,
    DRAW,
    UPSCALE,
    Facts,
    Lives,
    Made,
    Risks,
    Server,
    common,
    picture,
    pictures_away,
    switched,
    text,
)
from bot.sandbox.providers.horde import SandboxHorde
from bot.sandbox.providers.horde.alchemy.jobs import AlchemyJob, FormPart
from bot.sandbox.providers.horde.pictures.jobs import PictureJob
from bot.sandbox.providers.horde.texts.jobs import TextJob
from bot.sandbox.providers.horde.texts.writing import words_of

TIMES = {"queue_s": (0.0, 30.0), "seconds_per_picture": (2.0, 20.0)}
ANNOUNCED: tuple[Facts, ...] = (
    *({},) * 4,
    {"webhooks": "never"},
    {"webhooks": "twice"},
    {"webhooks": "stray"},
    {"webhooks": "early"},
    {"webhooks": "reversed"},
    {"webhook_delay_s": 30.0},
)
"""How the ends of requests are called back, where anybody listens."""


async def _timed_out(server: Server, for_s: float) -> None:
    server.time_out(for_s * server.clock.speed)


async def made(server: SandboxHorde, wanted: Collection[str]) -> Sequence[Made]:
    """Return every picture and text that exists, placeholders of withheld pictures left out."""
    pictures = [
        picture(await server.picture(one.picture_id), _prompt(job))
        for job in server.truth.jobs
        if _prompt(job) in wanted
        for one in job.delivered
        if not one.censored
    ]
    texts = [
        text(words_of(job, one), _question(job))
        for job in server.truth.texts
        if _question(job) in wanted
        for one in job.delivered
        if not one.censored
    ]
    forms = [
        await _form(server, one, _source(job))
        for job in server.truth.alchemy
        if _source(job) in wanted
        for one in job.forms
        if one.result is not None
    ]
    return pictures + texts + forms


async def _form(server: SandboxHorde, form: FormPart, source: str) -> Made:
    if form.gives_picture:
        return picture(await server.picture(form.part_id), source)
    return text(str(form.words[form.name]), source)


def taken(server: SandboxHorde) -> list[str]:
    """Return the prompts of all accepted requests for pictures and texts."""
    return [*map(_prompt, server.truth.jobs), *map(_question, server.truth.texts)]


def _prompt(job: PictureJob) -> str:
    """Return what was to be drawn, without what was not to be in it."""
    return job.wish.prompt.partition("###")[0].strip()


def _question(job: TextJob) -> str:
    """Return what was asked, without the template around it."""
    return job.wish.prompt.partition("### Instruction:\n")[2].partition("\n\n###")[0]


def _source(job: AlchemyJob) -> str:
    """Name the picture that something was to be made of, as a blob store does."""
    return hashlib.sha256(job.source).hexdigest()


HORDE = Risks(
    name="horde",
    commands=frozenset({DRAW, ASK, DESCRIBE, UPSCALE}),
    routes=(
        ("POST", "/generate/async"),
        ("GET", "/generate/check/*"),
        ("GET", "/generate/status/*"),
        ("DELETE", "/generate/status/*"),
        ("GET", "/images/*"),
        ("POST", "/generate/text/async"),
        ("GET", "/generate/text/status/*"),
        ("POST", "/interrogate/async"),
        ("GET", "/interrogate/status/*"),
    ),
    lives=(
        Lives(
            desk="script",
            ends=(
                *("ok",) * 12,
                *("faulted", "empty", "partial", "restarted", "censored", "partly_censored"),
                *("never", "expired"),
            ),
            spans=TIMES,
            quirks=ANNOUNCED,
        ),
        Lives(
            desk="text_script",
            ends=(*("ok",) * 4, "faulted", "restarted", "censored", "never"),
            spans=TIMES,
            quirks=ANNOUNCED,
        ),
        Lives(
            desk="alchemy_script",
            ends=(*("ok",) * 4, "faulted", "partial", "restarted", "never"),
            spans=TIMES,
            quirks=ANNOUNCED,
        ),
    ),
    troubles={
        **dict(common()),
        "has pictures that cannot be reached": pictures_away,
        "is closed for maintenance": switched(maintenance=True),
        "puts our address into timeout": _timed_out,
    },
    made=made,
    taken=taken,
    is_in_parts=False,
)

"""Algovera's words: what is sent, and what comes back.

Source: the service's own document, four routes; bodies of errors are inferred (FastAPI).
"""

from typing import Annotated, Any

from pydantic import Field

from bot.domain.requests import PictureRequest
from bot.providers.reading import Reader, Wire, words_in

NAME = "algovera"
TITLE = "Algovera"
READER = Reader(provider=NAME, title=TITLE)

# No comma may be in it: the ids of a job's parts are kept joined.
RemoteId = Annotated[str, Field(pattern=r"^[!-+\--~]{1,200}$")]


class BaseModels(Wire):
    """`GET /api/basemodels`."""

    base_models: tuple[str, ...]


class Submitted(Wire):
    """`POST /api/txt2img`."""

    job_uuid: RemoteId


class Status(Wire):
    """`GET /api/status`: created, done, failed."""

    job_status: str


class Refused(Wire):
    """Any error: a sentence, or a list of faults."""

    detail: Any = None

    @property
    def explanation(self) -> str:
        """What it says, on one line."""
        if isinstance(self.detail, list):
            return "; ".join(filter(None, map(_fault, self.detail)))
        return words_in(self.detail)


def _fault(told: object) -> str:
    """Return what one entry of a validation error says; the end of `loc` is the field."""
    match told:
        case {"msg": msg, "loc": [*_, field]}:
            return f"{str(field).replace('_', ' ')}: {words_in(msg)}"
        case {"msg": msg}:
            return words_in(msg)
        case _:
            return words_in(told)


def to_payload(request: PictureRequest, *, seed: int, key: str) -> dict[str, Any]:
    """Return the body of one submit: one picture, every field, the key among them."""
    return {
        "prompt": request.prompt,
        "height": request.height,
        "width": request.width,
        "inf_steps": request.steps,
        "guidance_scale": request.cfg,
        "seed": seed,  # without one the server draws the same picture for everybody
        "base_model": request.model,
        "api_key": key,
    }

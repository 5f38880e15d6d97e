"""The Horde's answers as values: strict in what is needed, deaf to everything else.

Source: server 5.1.5, API 2.5. Numbers may come as int, float, text or null.
"""

import logging
import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError

from bot.providers.reading import Reader, Wire, faults_of

NAME = "horde"
TITLE = "AI Horde"
READER = Reader(provider=NAME, title=TITLE)

log = logging.getLogger(__name__)


def _number(value: object) -> float:
    """Read the Horde's loose numbers; null is 0."""
    if value is None:
        return 0.0
    if not isinstance(value, int | float | str):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic listens to ValueError
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("not a number of this world") from None
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _guess(value: object) -> int:
    try:
        return max(0, int(_number(value)))
    except ValueError:
        return 0


Number = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(lambda value: max(0, int(_number(value))))]
Guess = Annotated[int, BeforeValidator(_guess)]
"""Told by the way: nonsense is as good as nothing, and no reason not to read the rest."""

RemoteId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Warned(Wire):
    """A warning beside an accepted request."""

    code: str = ""
    message: str = ""


class Submitted(Wire):
    """The 202 of `POST /generate/async`; its `kudos` is no total, so it is not read."""

    id: RemoteId
    warnings: tuple[Warned, ...] = ()


class Priced(Wire):
    """The 200 of a dry run: an estimate for the whole request."""

    kudos: Number


class Check(Wire):
    """`GET /generate/check/{id}`: how far a request is."""

    waiting: Count
    processing: Count
    finished: Count
    done: bool
    faulted: bool = False
    restarted: Guess = 0
    queue_position: Guess = 0  # 0 = unknown or not queued
    wait_time: Guess = 0  # seconds, rough, for the whole request
    kudos: Number = 0.0  # what the account has paid so far
    is_possible: bool = True


class Remark(Wire):
    """One entry of a picture's `gen_metadata`."""

    type: str = ""
    value: str = ""


class Delivered(Wire):
    """One delivered picture: `img` is a presigned address or raw base64."""

    id: Annotated[str, Field(min_length=1, max_length=128)]
    img: str | None = Field(default=None, repr=False)
    seed: str | None = None
    model: str | None = None
    censored: bool = False
    gen_metadata: tuple[Remark, ...] = ()


class Announced(Delivered):
    """The webhook of one delivered picture; its `kudos` is the worker's reward, so it is not read."""

    request: RemoteId


class Status(Check):
    """`GET /generate/status/{id}`: the check and what was delivered so far, in any order."""

    generations: tuple[Delivered, ...] = ()


class Written(Wire):
    """One text; unlike a picture it has no id. A censored one holds a notice instead."""

    text: str = Field(default="", repr=False)
    model: str | None = None
    state: str = "ok"
    gen_metadata: tuple[Remark, ...] = ()


class TextStatus(Check):
    """`GET /generate/text/status/{id}`: the check and what was written so far."""

    generations: tuple[Written, ...] = ()


class AnnouncedText(Written):
    """The webhook of one text."""

    id: Annotated[str, Field(min_length=1, max_length=128)]
    request: RemoteId


class FormState(Wire):
    """How one form of alchemy stands; its result is there once it is done."""

    form: Annotated[str, Field(min_length=1, max_length=128)]
    state: str = ""
    result: dict[str, Any] | None = Field(default=None, repr=False)


class AlchemyStatus(Wire):
    """`GET /interrogate/status/{id}`; the order of the forms may change between two answers."""

    state: str = ""
    forms: tuple[FormState, ...]


class AnnouncedForm(FormState):
    """The webhook of one form."""

    request: RemoteId


class ModelRow(Wire):
    """One row of `GET /status/models`; `jobs` counts requests, `queued` megapixelsteps."""

    name: str
    count: Count = 0
    jobs: Count = 0
    eta: Number = 0.0
    type: str = "image"


MODEL_ROWS = TypeAdapter(tuple[ModelRow, ...])


class StyleRow(Wire):
    """One style, from a page or alone."""

    id: RemoteId
    name: Annotated[str, Field(min_length=1, max_length=256)]
    creator: str = ""
    info: str = ""
    prompt: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    nsfw: bool = False
    use_count: Count = 0


STYLE_ROWS = TypeAdapter(tuple[StyleRow, ...])


class Active(Wire):
    """The ids of an account's running requests; texts are not looked for, so not read."""

    image: tuple[RemoteId, ...] = ()


class Counts(Wire):
    """How many of each kind."""

    image: Count = 0
    text: Count = 0
    interrogation: Count = 0


class Records(Wire):
    """What an account has asked for, and done for others."""

    request: Counts = Field(default_factory=Counts)
    fulfillment: Counts = Field(default_factory=Counts)


class KudosDetails(Wire):
    """Where kudos came from and went."""

    gifted: Number = 0.0
    received: Number = 0.0


class Account(Wire):
    """`GET /find_user`; without anything running, the last field is missing."""

    username: str
    kudos: Number = 0.0
    concurrency: Count = 0
    trusted: bool = False
    flagged: bool = False
    service: bool = False
    worker_count: Count = 0
    kudos_details: KudosDetails = Field(default_factory=KudosDetails)
    records: Records = Field(default_factory=Records)
    active_generations: Active = Field(default_factory=Active, repr=False)


class Refused(Wire):
    """Any error: `{message, rc}`, `{message, errors}` or a bare `{message}`."""

    message: str = ""
    rc: str = ""
    errors: dict[str, Any] = Field(default_factory=dict)


AnyAnnounced = Announced | AnnouncedText | AnnouncedForm


def _announced_kind(body: Any) -> str:
    """Tell by what only one of them has: nothing in a webhook names its kind."""
    if not isinstance(body, dict):
        return "picture"
    return "form" if "form" in body else "text" if "text" in body else "picture"


ANNOUNCEMENT: TypeAdapter[AnyAnnounced] = TypeAdapter(
    Annotated[
        Annotated[Announced, Tag("picture")]
        | Annotated[AnnouncedText, Tag("text")]
        | Annotated[AnnouncedForm, Tag("form")],
        Discriminator(_announced_kind),
    ]
)


def parse_announcement(body: bytes) -> AnyAnnounced | None:
    """Read a webhook's body, whatever its content type says; None for what is none."""
    try:
        return ANNOUNCEMENT.validate_json(body)
    except ValidationError as error:
        log.info("callback cannot be read", extra={"provider": NAME, "faults": faults_of(error)})
        return None

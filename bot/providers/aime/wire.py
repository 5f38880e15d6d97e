"""The server's answers as values: strict in what is needed, deaf to everything else.

Source: server 0.9.6, recorded answers; names of the older document are read too. Progress answers
carry a worker's secret and a login echoes the key, so only the fields below are ever kept.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from bot.providers.reading import Reader, Wire

NAME = "aime"
TITLE = "AIME"
READER = Reader(provider=NAME, title=TITLE)


def _number(value: object) -> float | None:
    """Read a number that may come as text or not at all; nonsense is as good as nothing."""
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def first_lines(said: Iterable[object]) -> tuple[str, ...]:
    """Return what is meant for people: texts go on with hints about a configuration file."""
    return tuple(str(one).strip().split("\n")[0].strip() for one in said if one)


def _sentences(value: object) -> tuple[str, ...]:
    """Read an error, which is a list or one text."""
    return first_lines(value if isinstance(value, list) else [value])


def _texts(value: object) -> object:
    """Read a list that may be one text, or nothing."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


Number = Annotated[float | None, BeforeValidator(_number)]
Sentences = Annotated[tuple[str, ...], BeforeValidator(_sentences)]
Pictures = Annotated[tuple[str, ...], BeforeValidator(_texts), Field(repr=False)]
# No space may be in it: the ids of a job's parts are kept joined.
JobId = Annotated[str, Field(pattern=r"^[A-Za-z0-9#_.:-]{1,128}$")]


class Submitted(Wire):
    """A request that was taken."""

    job_id: JobId


class LoggedIn(Wire):
    """`/{endpoint}/login`, which answers 200 to a bad key too and echoes a good one."""

    success: bool = True  # the older server does not say it
    client_session_auth_key: SecretStr | None = None


class Data(Wire):
    """What a worker sent so far; the older server says `images`. Text is cumulative."""

    progress_images: Pictures = ()
    images: Pictures = ()
    text: str | None = Field(default=None, repr=False)


class Progress(Wire):
    """How far an unfinished job is; of a chat, `progress` counts tokens."""

    queue_position: Number = None
    estimate: Number = None  # seconds; -1 is unknown
    num_workers_online: Number = None
    progress: Number = None
    progress_data: Data | None = None


class Result(Wire):
    """What a worker made, or why it could not; some send an error beside a picture."""

    images: Pictures = ()
    image: Pictures = ()
    text: str | None = Field(default=None, repr=False)
    seed: str | None = None
    error: Sentences = ()
    num_generated_tokens: Number = None


class Polled(Wire):
    """`/{endpoint}/progress`; the result is there in one answer only, the first that says done."""

    job_state: str
    progress: Progress | None = None
    job_result: Result | None = None


class Listed(Wire):
    """`/api/endpoints`."""

    endpoints: tuple[str, ...]


class Input(Wire):
    """One input of an endpoint, as its discovery document describes it."""

    type: str = "string"
    default: Any = None
    required: bool = False
    minimum: Any = None  # a number, or a pair for pictures
    maximum: Any = None
    align: Any = None
    supported: tuple[Any, ...] = ()


class Parameters(Wire):
    """What an endpoint takes and gives."""

    input: Mapping[str, Input] = Field(default_factory=dict)
    output: Mapping[str, Any] = Field(default_factory=dict)


class Details(Wire):
    """`/api/endpoints/{name}`: the discovery document."""

    name: str
    title: str = ""
    max_queue_length: Number = None
    free_queue_slots: Number = None
    num_active_workers: Number = None
    parameter_description: Parameters


class Validated(Wire):
    """`/api/validate_key`, which answers 200 to a bad key too."""

    success: bool


class Refused(Wire):
    """Any error: a list, one text, or the framework's own `message`."""

    error: str | tuple[Any, ...] | None = None
    message: str = ""
    job_state: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether the server takes nothing now: only then, and of a lapse, it says one text."""
        return isinstance(self.error, str)

    @property
    def explanation(self) -> str:
        """What it says, on one line."""
        said = self.error if isinstance(self.error, tuple) else (self.error,)
        return "; ".join(first_lines(said)) or self.message

"""AI Client's answers as values: strict in what is needed, deaf to everything else.

Source: the service's own document (threads API, `stablediffusion_text2img`); errors are inferred
from its framework.
"""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from bot.providers.reading import Reader, Wire, words_in

NAME = "ai_client"
TITLE = "AI Client"
READER = Reader(provider=NAME, title=TITLE)

# The document prints a missing error as a word, an artefact of the language of its examples.
_NO_ERROR = ("", "None", "null")
NO_REASON = "it does not say why"
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


def _error_text(value: object) -> str:
    """Return what went wrong; an error that says nothing is one all the same."""
    if not value or (isinstance(value, str) and value.strip() in _NO_ERROR):
        return ""
    return words_in(value) or NO_REASON


def _figure(value: object) -> float | None:
    """Read what something cost; a figure that cannot be read must not keep the pictures."""
    try:
        amount = float(str(value))
    except ValueError:
        return None
    return amount if math.isfinite(amount) else None


def _size(value: object) -> tuple[int, int] | None:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else (int(found[1]), int(found[2]))


Guid = Annotated[str, Field(pattern=r"^[!-~]{1,200}$", repr=False)]  # opaque: quoted in addresses


class Thread(Wire):
    """A thread."""

    guid: Guid


class OpenedThread(Wire):
    """`POST /threads`."""

    data: Thread


class Image(Wire):
    """One picture of a response; what is behind `thumbnail_url` is never posted."""

    url: Annotated[str, Field(min_length=1, repr=False)]
    dimensions: Annotated[tuple[int, int] | None, BeforeValidator(_size)] = None


class Entry(Wire):
    """A request or a response; nothing tells which response belongs to which request."""

    guid: Guid
    type: str = ""
    error: Annotated[str, BeforeValidator(_error_text), Field(repr=False)] = ""
    content: Any = Field(default=None, repr=False)
    waiting_response: Any = None
    credits: Annotated[float | None, BeforeValidator(_figure)] = None

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures, whether they are listed or in an object; none for anything else."""
        listed = self.content.get("images") if isinstance(self.content, dict) else self.content
        if not isinstance(listed, list):
            return ()
        return tuple(image for one in listed if (image := _image(one)) is not None)


class SentEntry(Wire):
    """`POST /threads/{guid}/entry`."""

    data: Entry


class Entries(Wire):
    """`GET /threads/{guid}/entries`."""

    data: tuple[Entry, ...]


class Refused(Wire):
    """Any error: a message, and texts per field where fields are wrong."""

    message: Any = None
    errors: Any = None

    @property
    def explanation(self) -> str:
        """What it says; the texts of the fields say more than the message."""
        return words_in(self.errors) or words_in(self.message)


def _image(value: object) -> Image | None:
    try:
        return Image.model_validate(value)
    except ValidationError:
        return None

"""AI Client's answers as values: strict in what is needed, deaf to everything else.

Source: the service's own document (threads API, `stablediffusion_text2img`); errors are inferred
from its framework.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from bot.providers.reading import Reader, Wire

NAME = "ai_client"
TITLE = "AI Client"
READER = Reader(provider=NAME, title=TITLE)

# The document prints a missing error as a word, an artefact of the language of its examples.
_NO_ERROR = ("", "None", "null")


def _error_text(value: object) -> str:
    if value is None or value in _NO_ERROR:
        return ""
    return str(value)


Guid = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$", repr=False)]


class Thread(Wire):
    """A thread."""

    guid: Guid


class OpenedThread(Wire):
    """`POST /threads`."""

    data: Thread


class Image(Wire):
    """One picture of a response; what is behind `thumbnail_url` is never posted."""

    url: Annotated[str, Field(min_length=1, repr=False)]


class Entry(Wire):
    """A request or a response; nothing tells which response belongs to which request."""

    guid: Guid
    type: str = ""
    error: Annotated[str, BeforeValidator(_error_text), Field(repr=False)] = ""
    content: Any = Field(default=None, repr=False)
    credits: float | None = None

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

    message: str = ""
    errors: dict[str, list[str]] = Field(default_factory=dict)

    @property
    def explanation(self) -> str:
        """What it says; the texts of the fields say more than the message."""
        texts = [text for field in self.errors.values() for text in field]
        return " ".join(texts) or self.message


def _image(value: object) -> Image | None:
    try:
        return Image.model_validate(value)
    except ValidationError:
        return None

"""Answers as values, and refusals as errors: what is the same for every provider."""

import base64
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar, overload

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError

from bot.domain.errors import (
    Ambiguous,
    BotError,
    KeyEmpty,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    RateLimited,
    Transient,
    TurnedAway,
)
from bot.domain.plain_text import ELLIPSIS, clipped
from bot.providers.http import Answer

FAULTS_LOGGED_MAX = 5
EXPLANATION_CHARS_MAX = 400
STRANGE_STATES_MAX = 20
SLOW_DOWN_S = 10.0  # after a limit that does not say how long it lasts

_SECRET_SHAPES = re.compile(
    r"https?://\S+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{32,}\b|[A-Za-z0-9+/=]{60,}"
)

_HARMLESS = re.compile(r"[a-z_ ]{1,24}")  # no id and no key looks like that
_DATA_URI = re.compile(r"^data:[\w/+.;=-]*,", re.ASCII)
_BASE64_QUANTUM = 4
_ABOUT_THE_REQUEST = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,  # of a model that is gone, among others
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""Statuses that may be the fault of what one member asked; every other one would meet everybody."""

log = logging.getLogger(__name__)
T = TypeVar("T")
W = TypeVar("W", bound="Wire")


class Wire(BaseModel):
    """The base of everything read from a wire: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads one provider's answers; `title` is what members call it."""

    provider: str
    title: str

    @overload
    def read(self, shape: type[W], answer: Answer, *, is_submit: bool = False) -> W: ...

    @overload
    def read(self, shape: TypeAdapter[T], answer: Answer, *, is_submit: bool = False) -> T: ...

    def read(
        self, shape: type[W] | TypeAdapter[T], answer: Answer, *, is_submit: bool = False
    ) -> W | T:
        """Read a good answer.

        Raises:
            Ambiguous: a submit was taken, but its answer cannot be read, so its id is unknown.
            ProtocolBroken: anything else that cannot be read.
        """
        try:
            if isinstance(shape, TypeAdapter):
                return shape.validate_json(answer.body)
            return shape.model_validate_json(answer.body)
        except ValidationError as error:
            self._log_faults(error)
        # Outside the handler: pydantic's error quotes what it read, ids and links included.
        kind = Ambiguous if is_submit else ProtocolBroken
        raise kind(f"{self.title} sent an answer that cannot be read.", provider=self.provider)

    def refusal(self, answer: Answer, *, why: str = "", is_submit: bool = False) -> BotError:
        """Return the error that a status stands for; `why` is clean already.

        A server error on a submit is `Ambiguous`: it may have happened after the work was taken.
        """
        log.info(
            "provider refused a call", extra={"provider": self.provider, "status": answer.status}
        )
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.unavailable(answer, is_submit=is_submit)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return self.unknown_key()
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(
                f"{self.title} asks to slow down.",
                provider=self.provider,
                retry_after_s=answer.retry_after_s or SLOW_DOWN_S,
            )
        return self.refused(answer.status, why)

    def unavailable(self, answer: Answer, *, is_submit: bool) -> BotError:
        """Return the error for a server that broke; the work may have been taken before it did."""
        if is_submit:
            return Ambiguous(
                f"{self.title} broke while it took the request.", provider=self.provider
            )
        return Transient(
            f"{self.title} has trouble at the moment.",
            provider=self.provider,
            retry_after_s=answer.retry_after_s,
        )

    def unknown_key(self) -> KeyRejected:
        """Return the error for a key that the provider does not take."""
        return KeyRejected(f"{self.title} does not know this key.", provider=self.provider)

    def refused(self, status: int, why: str) -> Permanent:
        """Return the error for a refusal whose reason is in no table."""
        kind = Permanent if status in _ABOUT_THE_REQUEST else TurnedAway
        reason = why or "no reason given"
        return kind(
            f"{self.title} refused the call (status {status}): {reason}", provider=self.provider
        )

    def permanent(self, sentence: str) -> Permanent:
        """Return the error for what would fail again, and says nothing of other requests."""
        return Permanent(sentence, provider=self.provider)

    def turned_away(self, sentence: str) -> TurnedAway:
        """Return the error for what keeps every request of this bot out."""
        return TurnedAway(sentence, provider=self.provider)

    def empty_key(self, *, of: str = "credits") -> KeyEmpty:
        """Return the error for a key whose account cannot pay."""
        return KeyEmpty(f"{self.title} has no {of} left for this key.", provider=self.provider)

    def key_text(self, key: SecretStr) -> str:
        """Return a key as it is sent; one that no header can carry is known to be wrong."""
        text = key.get_secret_value()
        if not text or not text.isascii() or not text.isprintable():
            raise KeyRejected(f"This cannot be a key of {self.title}.", provider=self.provider)
        return text

    def _log_faults(self, error: ValidationError) -> None:
        log.error(
            "answer cannot be read", extra={"provider": self.provider, "faults": faults_of(error)}
        )


class StrangeStates:
    """States that a provider names and nobody here knows: each is logged once."""

    def __init__(self, *, provider: str) -> None:
        self._provider = provider
        self._noted: set[str] = set()

    def note(self, state: str) -> None:
        """Log a state, unless it was before; one that may hold a secret, not by its name."""
        if state in self._noted or len(self._noted) >= STRANGE_STATES_MAX:
            return
        self._noted.add(state)
        shown = state if _HARMLESS.fullmatch(state) else ELLIPSIS
        log.warning("unknown state", extra={"provider": self._provider, "state": shown})


def read_refused(shape: type[W], answer: Answer) -> W:
    """Read an error body; one of another shape, such as a proxy's page, says nothing."""
    try:
        return shape.model_validate_json(answer.body)
    except ValidationError:
        return shape()


def faults_of(error: ValidationError) -> list[str]:
    """Return which fields were wrong, never what they held."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['type']}"
        for fault in error.errors(include_input=False, include_context=False, include_url=False)
    ]
    return faults[:FAULTS_LOGGED_MAX]


def words_in(told: object) -> str:
    """Return what an error says, whatever its shape: a text, or texts in lists and objects."""
    match told:
        case str():
            return told
        case list() | tuple():
            return " ".join(filter(None, map(words_in, told)))
        case dict():
            return words_in(list(told.values()))
        case _:
            return ""


def decoded(text: str) -> bytes | None:
    """Decode base64 with or without data-URI prefix, line breaks and padding; None when broken."""
    bare = "".join(_DATA_URI.sub("", text, count=1).split()).rstrip("=")
    padding = "=" * (-len(bare) % _BASE64_QUANTUM)
    try:
        return base64.b64decode(bare + padding, validate=True) or None
    except ValueError:
        return None


def explained(text: str, *, secrets: Iterable[SecretStr]) -> str:
    """Return a provider's own words on one short line, without secrets and what looks like one."""
    line = " ".join(text.split())
    for secret in secrets:
        line = line.replace(secret.get_secret_value() or ELLIPSIS, ELLIPSIS)
    line = _SECRET_SHAPES.sub(ELLIPSIS, line)
    return clipped(line, chars_max=EXPLANATION_CHARS_MAX)

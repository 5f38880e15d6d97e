"""Nebula Block's refusals as our errors: by its own code where there is one, else by the status."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import SecretStr

from bot.domain.errors import BotError, ContentRefused, InvalidRequest, RateLimited, Transient
from bot.providers.http import Answer
from bot.providers.nebula.wire import NAME, READER, TITLE, Drawn, Refused
from bot.providers.reading import explained, read_refused

MINUTE_S = 60.0  # the window of the limit that passes

_INVALID = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_QUOTA = (HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN)
_ABOUT_CONTENT = re.compile(r"content[ _-]policy|safety (system|filter|checker)", re.IGNORECASE)
_ABOUT_CREDIT = re.compile(r"\bcredits?\b|\bbalance\b|insufficient|top up", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an answer without pictures says, cleaned; `why` may be empty."""

    status: int
    code: str
    why: str
    retry_after_s: float | None

    @property
    def reason(self) -> str:
        """What it says, or that it says nothing."""
        return self.why or "it does not say why"


def said_by(answer: Answer, *, key: SecretStr | None, read: Refused | None = None) -> Said:
    """Read an answer without pictures, whatever its shape."""
    refused = read_refused(Refused, answer) if read is None else read
    return Said(
        status=answer.status,
        code=refused.code,
        why=explained(refused.explanation, secrets=() if key is None else (key,)),
        retry_after_s=answer.retry_after_s,
    )


def refusal(answer: Answer, *, key: SecretStr | None, is_submit: bool = False) -> BotError:
    """Return the error that an answer with another status than 200 stands for."""
    said = said_by(answer, key=key)
    return _by_code(said) or _by_status(said, answer, is_submit=is_submit)


def failure(drawn: Drawn, answer: Answer, *, key: SecretStr) -> BotError:
    """Return the error inside an answer with status 200."""
    said = said_by(answer, key=key, read=drawn)
    return _by_code(said) or READER.permanent(f"{TITLE} could not draw this: {said.reason}")


def limited(said: Said) -> RateLimited:
    """Return the error of the limit by the minute."""
    return RateLimited(
        f"{TITLE} asks to slow down.", provider=NAME, retry_after_s=said.retry_after_s or MINUTE_S
    )


def _by_code(said: Said) -> BotError | None:
    if said.code == "content_policy_violation" or _ABOUT_CONTENT.search(said.why):
        return ContentRefused(f"{TITLE}'s content rules refused this: {said.reason}")
    match said.code:
        case "invalid_prompt" | "invalid_size":
            return _invalid(said)
        case "insufficient_quota":
            return _out_of_credit()
        case "rate_limit_exceeded":
            return limited(said)
        case _:
            return None


def _by_status(said: Said, answer: Answer, *, is_submit: bool) -> BotError:
    match said.status:
        case status if status in _QUOTA:
            return _out_of_credit() if _ABOUT_CREDIT.search(said.why) else _not_theirs(said)
        case status if status in _INVALID and is_submit:
            return _invalid(said)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return InvalidRequest(f"The picture is too large for {TITLE}: send a smaller one.")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return limited(said)
        case HTTPStatus.SERVICE_UNAVAILABLE if said.why:
            return _overloaded(said)  # its own words: a proxy's page may come after the work began
        case _:
            return READER.refusal(answer, why=said.why, is_submit=is_submit)


def _invalid(said: Said) -> BotError:
    return InvalidRequest(f"{TITLE} refused this request: {said.reason}")


def _out_of_credit() -> BotError:
    return READER.empty_key(of="credit")


def _not_theirs(said: Said) -> BotError:
    return READER.permanent(f"{TITLE} does not allow this with this key: {said.reason}")


def _overloaded(said: Said) -> BotError:
    return Transient(
        f"{TITLE} is overloaded at the moment.", provider=NAME, retry_after_s=said.retry_after_s
    )

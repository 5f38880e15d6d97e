"""Algovera's refusals as our errors. Source: the backend's public code; its document names none."""

from http import HTTPStatus

from pydantic import SecretStr

from bot.domain.errors import BotError, InvalidRequest
from bot.providers.algovera.wire import READER, TITLE, Refused
from bot.providers.http import Answer
from bot.providers.reading import explained, read_refused

_INVALID = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def refusal(answer: Answer, *, key: SecretStr, is_submit: bool = False) -> BotError:
    """Return the error that an answer without a result stands for.

    403 has two reasons that only its text tells apart; without a known one it is the key.
    """
    why = explained(read_refused(Refused, answer).explanation, secrets=(key,))
    if answer.status == HTTPStatus.FORBIDDEN:
        if "credit" in why.lower():
            return READER.empty_key()
        return READER.unknown_key()
    if is_submit and answer.status in _INVALID:
        return InvalidRequest(f"{TITLE} refused this request: {why or 'it does not say why'}")
    return READER.refusal(answer, why=why, is_submit=is_submit)

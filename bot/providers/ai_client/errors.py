"""AI Client's refusals as our errors. Source: inferred from its framework; the document names none."""

import re
from collections.abc import Iterable
from http import HTTPStatus

from pydantic import SecretStr

from bot.domain.errors import BotError, InvalidRequest
from bot.providers.ai_client.wire import READER, TITLE, Refused
from bot.providers.http import Answer
from bot.providers.reading import explained, read_refused

_ABOUT_CREDITS = re.compile(r"\bcredits?\b|\bbalance\b", re.IGNORECASE)
_MAY_MEAN_CREDITS = (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)


def refusal(answer: Answer, *, secrets: Iterable[SecretStr], is_submit: bool = False) -> BotError:
    """Return the error that an answer without a result stands for."""
    why = explained(read_refused(Refused, answer).explanation, secrets=secrets)
    is_about_credits = answer.status in _MAY_MEAN_CREDITS and _ABOUT_CREDITS.search(why)
    if answer.status == HTTPStatus.PAYMENT_REQUIRED or is_about_credits:
        return READER.empty_key()
    if is_submit and answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return InvalidRequest(f"{TITLE} refused this request: {why or 'it does not say why'}")
    return READER.refusal(answer, why=why, is_submit=is_submit)

"""The server's refusals as our errors. Source: server 0.9.6; its texts name the faults only."""

from http import HTTPStatus

from pydantic import SecretStr

from bot.domain.errors import BotError, InvalidRequest, Transient
from bot.providers.aime.wire import NAME, READER, TITLE, Refused
from bot.providers.http import Answer
from bot.providers.reading import explained, read_refused

BUSY_RETRY_S = 15.0


def refusal(answer: Answer, *, secrets: tuple[SecretStr, ...], is_submit: bool = False) -> BotError:
    """Return the error that an answer without a result stands for.

    503 on a submit is `Ambiguous` like every server error: the job may go on unseen.
    """
    said = read_refused(Refused, answer)
    why = explained(said.explanation, secrets=secrets)
    if answer.status == HTTPStatus.PAYMENT_REQUIRED:  # has nothing to do with payment here
        return READER.permanent(f"{TITLE} does not let this key do that: {why}")
    if answer.status == HTTPStatus.BAD_REQUEST and said.is_busy:
        return Transient(
            f"{TITLE} takes nothing more now: {why}", provider=NAME, retry_after_s=BUSY_RETRY_S
        )
    if answer.status == HTTPStatus.BAD_REQUEST and said.error and is_submit:
        return InvalidRequest(f"{TITLE} refused this request: {why}")
    if answer.status == HTTPStatus.NOT_FOUND:
        return READER.permanent(
            f"{TITLE} has nothing at this address; its operator has to look at it."
        )
    return READER.refusal(answer, why=why, is_submit=is_submit)

"""The Horde's refusals as our errors: one table from its reason codes to what to do.

The provider's own explanation is kept for the member, short and without what must not be seen.
Source: server 5.1.5, API 2.5; texts are matched only where a figure exists nowhere else.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from pydantic import SecretStr

from bot.domain.errors import (
    BotError,
    ContentRefused,
    InvalidRequest,
    KeyBusy,
    KeyRejected,
    RateLimited,
    ShutOut,
    Transient,
)
from bot.providers.horde.wire import NAME, READER, TITLE, Refused
from bot.providers.http import RETRY_AFTER_S_MAX, Answer
from bot.providers.reading import explained, read_refused

MAINTENANCE_RETRY_S = 60.0
OWN_JOBS_RETRY_S = 30.0
PENALTY_RETRY_S = 180.0  # the first timeout of an address

_URI_HINT = re.compile(r"\s*You have requested this URI.*", re.DOTALL)
_TIMEOUT_S = re.compile(r"for (\d{1,7}) more seconds")
_PRICE_KUDOS = re.compile(r"requires (\d[\d.]*\d|\d) kudos")
_WINDOW = re.compile(r"per (?:1 )?(second|minute|hour)")
_WINDOW_S = MappingProxyType({"second": 1.0, "minute": 60.0, "hour": 3600.0})
_REASON_CODE = re.compile(r"\w{1,64}", re.ASCII)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """What an error answer says, cleaned."""

    status: int
    rc: str
    explanation: str
    is_validation: bool
    retry_after_s: float | None


def refusal(
    answer: Answer, *, is_submit: bool = False, secrets: tuple[SecretStr, ...] = ()
) -> BotError:
    """Return the error that an answer without a result stands for.

    A server error on a submit is `Ambiguous`: the request may have been stored before it.
    `secrets` are cut out of the explanation: some repeat the key or the remote id.
    """
    said = _read(answer, secrets)
    log.info(
        "provider refused a call",
        extra={"provider": NAME, "status": said.status, "rc": said.rc},
    )
    if said.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return READER.unavailable(answer, is_submit=is_submit)
    make = _BY_RC.get(said.rc)
    if make is None and said.rc.startswith(_INVALID_PREFIXES):
        make = _invalid
    return (make or _by_status(said))(said)


def is_gone(answer: Answer) -> bool:
    """Tell whether the Horde no longer knows a request: expired, pruned, or never there."""
    return (
        answer.status == HTTPStatus.NOT_FOUND
        and read_refused(Refused, answer).rc.strip(" .") == "RequestNotFound"
    )


def _read(answer: Answer, secrets: tuple[SecretStr, ...]) -> _Refusal:
    refused = read_refused(Refused, answer)
    code = _REASON_CODE.fullmatch(refused.rc.strip(" ."))
    return _Refusal(
        status=answer.status,
        rc=code.group() if code else "",
        explanation=_explanation(refused, secrets),
        is_validation=bool(refused.errors),
        retry_after_s=answer.retry_after_s,
    )


def _explanation(refused: Refused, secrets: tuple[SecretStr, ...]) -> str:
    text = refused.message
    if refused.errors:
        text = "; ".join(
            f"{path.removeprefix('params.').replace('_', ' ')}: {fault}"
            for path, fault in refused.errors.items()
        )
    return explained(_URI_HINT.sub("", text), secrets=secrets)


def _invalid(said: _Refusal) -> BotError:
    return InvalidRequest(f"{TITLE} refused this request: {said.explanation or said.rc}")


def _content(said: _Refusal) -> BotError:
    return ContentRefused(f"{TITLE}'s content rules refused this prompt: {said.explanation}")


def _upfront(said: _Refusal) -> BotError:
    """Answer `KudosUpfront`; the limits in its text are not the real ones, its price is."""
    price = _PRICE_KUDOS.search(said.explanation)
    cost = f"{price.group(1)} kudos" if price else "more kudos"
    return InvalidRequest(
        f"{TITLE} wants {cost} on the account beforehand for something this large. "
        "Lower the size, the steps or the count, or allow slow workers; "
        "or add your own AI Horde key that has the kudos."
    )


def _registered_only(_: _Refusal) -> BotError:
    return InvalidRequest(f"{TITLE} does this only with a registered key: add your own.")


def _key(_: _Refusal) -> BotError:
    return READER.unknown_key()


def _spent_key(said: _Refusal) -> BotError:
    return KeyRejected(f"{TITLE} no longer takes this key: {said.explanation}", provider=NAME)


def _operator(said: _Refusal) -> BotError:
    return READER.turned_away(
        f"{TITLE} refuses this bot; its operator has to look at it: {said.explanation}"
    )


class NotAService(Transient):
    """A member was named, and the account is no service account: send it without."""


def _not_a_service(_: _Refusal) -> BotError:
    return NotAService(
        f"{TITLE} does not take this account for a service account.",
        provider=NAME,
        retry_after_s=1.0,
    )


def _limited(said: _Refusal) -> BotError:
    """Answer the rate limiter: its header knows the rest of the window, its text the whole."""
    window = _WINDOW.search(said.explanation)
    return RateLimited(
        f"{TITLE} asks to slow down.",
        provider=NAME,
        retry_after_s=said.retry_after_s or (_WINDOW_S[window.group(1)] if window else 1.0),
    )


def _too_many_jobs(_: _Refusal) -> BotError:
    return KeyBusy(
        f"{TITLE} has as many pictures of this account in work as it allows.",
        provider=NAME,
        retry_after_s=OWN_JOBS_RETRY_S,
    )


def _penalty(said: _Refusal) -> BotError:
    """Answer `TimeoutIP`: it holds for everything that this address submits, with any key."""
    seconds = _TIMEOUT_S.search(said.explanation)
    wait_s = float(seconds.group(1)) if seconds else PENALTY_RETRY_S
    return ShutOut(
        f"{TITLE} has paused this bot for a while after a prompt that broke its rules.",
        provider=NAME,
        retry_after_s=min(wait_s, RETRY_AFTER_S_MAX),
    )


def _maintenance(_: _Refusal) -> BotError:
    return Transient(
        f"{TITLE} is under maintenance.", provider=NAME, retry_after_s=MAINTENANCE_RETRY_S
    )


def _strange(said: _Refusal) -> BotError:
    return READER.refused(said.status, said.explanation)


def _astray(_: _Refusal) -> BotError:
    """Answer a 404 that is not the Horde's: a proxy on its way, or a wrong address."""
    return Transient(f"Something else than {TITLE} answers at its address.", provider=NAME)


def _too_large(_: _Refusal) -> BotError:
    return InvalidRequest(f"The source picture is too large for {TITLE}: send a smaller one.")


def _by_status(said: _Refusal) -> Callable[[_Refusal], BotError]:
    """Choose for a reason code that the table does not know, or for an answer without one."""
    match said.status:
        case HTTPStatus.BAD_REQUEST if said.rc or said.is_validation:
            return _invalid  # some faults of a request arrive as a plain "BadRequest"
        case HTTPStatus.UNAUTHORIZED:
            return _key
        case HTTPStatus.NOT_FOUND if not said.rc:
            return _astray
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _too_large
        case HTTPStatus.TOO_MANY_REQUESTS:
            return _limited
        case _:
            return _strange


_INVALID_PREFIXES = (
    "KudosTransfer",
    "ControlNet",
    "InvalidTransparency",
    "InvalidExtra",
    "SourceImage",
)
_INVALID = (
    "MissingPrompt",
    "BadCFGDecimals",
    "BadCFGNumber",
    "TooManyLoras",
    "BadLoraVersion",
    "TooManyTIs",
    "TooManyUpscalers",
    "HiResMismatch",
    "InvalidRemix",
    "MissingExtraTexts",
    "SourceMaskUnnecessary",
    "ImageValidationFailed",
    "InpaintingMissingMask",
    "UnsupportedModel",
    "UnexpectedModelName",
    "InvalidPromptSize",
    "TokenOverflow",
    "StyleNotFound",
    "WorkerNotFound",
    "RequiresTrust",
    "SharedKeyInsufficientKudos",
    "SharedKeyAssignedStyles",
    "InvalidTargetUsername",
    "TooFastKudosTransfers",
    "NegativeKudosTransfer",
    "IdempotencyKeyConflict",
)
_OPERATOR = (
    "BannedClientAgent",
    "UntrustedUnsafeIP",
    "NotModerator",
    "Forbidden",
)
_BY_RC: Mapping[str, Callable[[_Refusal], BotError]] = MappingProxyType(
    {
        **dict.fromkeys(_INVALID, _invalid),
        **dict.fromkeys(_OPERATOR, _operator),
        "OnlyServiceAccountProxy": _not_a_service,
        "CorruptPrompt": _content,
        "KudosUpfront": _upfront,
        "AnonForbidden": _registered_only,
        "InvalidAPIKey": _key,
        "UserNotFound": _key,  # its text repeats the key
        "SharedKeyEmpty": _spent_key,
        "SharedKeyExpired": _spent_key,
        "DeletedUser": _spent_key,
        "TooManyPrompts": _too_many_jobs,
        "TimeoutIP": _penalty,
        "MaintenanceMode": _maintenance,
    }
)

"""Shapes that cross the wire, and the errors that Discord answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file part of a request: `files[index]`."""

    index: int
    filename: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A parsed request: what a route's handler needs to know."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    files: Sequence[UploadedFile] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler returns; `body` None is an empty 204."""

    status: int = 200
    body: Any = None


NO_CONTENT = Answer(status=204)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at one place of a body, as Discord reports it in `errors`."""

    path: str
    text: str
    code: str = "BASE_TYPE_INVALID"


class ApiError(Exception):
    """An error answer. `code` is Discord's JSON error code."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        flaws: Sequence[Flaw] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.flaws = flaws
        self.retry_after_s = retry_after_s

    def body(self) -> Json:
        """Draw the error as Discord does."""
        body: Json = {"message": self.message, "code": self.code}
        if self.flaws:
            body["errors"] = _error_tree(self.flaws)
        if self.retry_after_s is not None:
            body |= {"retry_after": round(self.retry_after_s, 3), "global": False}
        return body


def _error_tree(flaws: Sequence[Flaw]) -> Json:
    tree: Json = {}
    for flaw in flaws:
        node = tree
        for key in flaw.path.replace("[", ".").replace("]", "").split("."):
            if key:
                node = node.setdefault(key, {})
        node.setdefault("_errors", []).append({"code": flaw.code, "message": flaw.text})
    return tree


def unauthorized() -> ApiError:
    """401 without a valid bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown_route() -> ApiError:
    """404 for a path that no route has."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """10003."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_message() -> ApiError:
    """10008."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_webhook() -> ApiError:
    """10015: no such token, or nothing acknowledged yet."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_user() -> ApiError:
    """10013."""
    return ApiError(404, 10013, "Unknown User")


def unknown_interaction() -> ApiError:
    """10062: the first answer came too late, or there is no such interaction."""
    return ApiError(404, 10062, "Unknown interaction")


def already_acknowledged() -> ApiError:
    """40060: somebody answered first."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_token() -> ApiError:
    """50027: the token's fifteen minutes are over."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def missing_access() -> ApiError:
    """50001: the bot cannot see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """50013: the bot sees the channel and may not do this there."""
    return ApiError(403, 50013, "Missing Permissions")


def cannot_message_user() -> ApiError:
    """50007: the person takes no direct messages."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def too_large() -> ApiError:
    """40005: a file or the whole request is over the limit."""
    return ApiError(413, 40005, "Request entity too large")


def empty_message() -> ApiError:
    """50006."""
    return ApiError(400, 50006, "Cannot send an empty message")


def invalid_body(*flaws: Flaw) -> ApiError:
    """50035, with the place of each fault."""
    return ApiError(400, 50035, "Invalid Form Body", flaws=flaws)

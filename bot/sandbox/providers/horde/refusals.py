"""The Horde's error answers, in their four shapes, and the routing hint it adds to a 404."""

import difflib
import re
from collections.abc import Mapping

# Every route the real server lists in its hints, in its own notation (contract: observed texts).
KNOWN_ROUTES = tuple(
    f"/api/v2{path}"
    for path in (
        "/generate/async", "/generate/check/<string:id>", "/generate/status/<string:id>",
        "/generate/text/async", "/generate/text/status/<string:id>", "/generate/rate/<string:id>",
        "/interrogate/async", "/interrogate/status/<string:id>", "/find_user", "/users",
        "/users/<string:user_id>", "/status/models", "/status/models/<string:model_name>",
        "/status/performance", "/status/heartbeat", "/status/modes", "/status/news",
        "/kudos/transfer", "/sharedkeys", "/sharedkeys/<string:sharedkey_id>", "/workers",
        "/styles/image", "/styles/image/<string:style_id>", "/styles/image_by_name/<string:style_name>",
        "/styles/text", "/styles/text/<string:style_id>", "/styles/text_by_name/<string:style_name>",
        "/collections",
    )
)  # fmt: skip


class Refusal(Exception):
    """An error answer: `rc` is missing in validation errors and from the limiter."""

    def __init__(
        self, status: int, message: str, *, rc: str = "", errors: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.rc = rc
        self.errors = errors

    def to_wire(self, path: str) -> dict[str, object]:
        """Return the body; `path` is the one that was asked for."""
        message = self.message + (hint(path) if self.status == 404 else "")  # noqa: PLR2004
        body: dict[str, object] = {"message": message}
        if self.errors is not None:
            body = {"errors": dict(self.errors), **body}
        if self.rc:
            body["rc"] = self.rc
        return body


def invalid(errors: Mapping[str, str]) -> Refusal:
    """Refuse a payload of the wrong form: dotted paths and what is wrong there."""
    return Refusal(400, "Input payload validation failed", errors=errors)


def not_found(what: str, remote_id: str) -> Refusal:
    """Refuse a request id that never was, or is no more."""
    return Refusal(404, f"{what} with ID '{remote_id}' not found.", rc="RequestNotFound")


def hint(path: str) -> str:
    """Return the "did you mean" sentence, which the server adds when a route looks similar."""
    bare = {re.sub(r"<.*>", "", route): route for route in KNOWN_ROUTES}
    similar = [bare[name] for name in difflib.get_close_matches(path, bare)]
    if not similar:
        return ""
    return f" You have requested this URI [{path}] but did you mean {' or '.join(similar)} ?"

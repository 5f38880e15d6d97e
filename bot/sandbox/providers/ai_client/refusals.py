"""Error answers in the framework's usual shapes: a message, and texts per field where fields are wrong."""

from collections.abc import Mapping

Errors = dict[str, list[str]]


class Refusal(Exception):
    """An error answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, object] = {"message": message}
        if errors is not None:
            self.body["errors"] = errors


def invalid(errors: Errors) -> Refusal:
    """Refuse fields; the message is the first text and counts the others."""
    texts = [text for field in errors.values() for text in field]
    more = len(texts) - 1
    tail = f" (and {more} more error{'s' if more > 1 else ''})" if more else ""
    return Refusal(422, texts[0] + tail, errors=errors)


def not_found(what: str) -> Refusal:
    """Refuse the name of something that is not there, or somebody else's."""
    return Refusal(404, f"No query results for model [{what}].")


def too_many(limit: int, *, wait_s: int) -> Refusal:
    """Refuse a call over the limit."""
    headers = {
        "Retry-After": str(wait_s),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
    }
    return Refusal(429, "Too Many Attempts.", headers=headers)


def unauthenticated() -> Refusal:
    """Refuse a token that nobody has."""
    return Refusal(401, "Unauthenticated.")


def out_of_credits() -> Refusal:
    """Refuse what cannot be paid for."""
    return Refusal(402, "You do not have enough credits.")

"""Nebula Block's words: what comes back.

Source: the service's own document (`/images/generation`); lists and balance from its later
revisions, errors from all of them, because they disagree.
"""

import math
from typing import Any

from bot.providers.reading import Reader, Wire

NAME = "nebula"
TITLE = "Nebula Block"
READER = Reader(provider=NAME, title=TITLE)

SUCCESS = "success"
PICTURES_TYPE = "image"


class Entry(Wire):
    """One picture of an answer; the index tells its place."""

    index: int | None = None
    b64_json: str | None = None


class Refused(Wire):
    """An error in any of its shapes: a message, an object with a code, or FastAPI's detail."""

    message: Any = None
    error: Any = None
    detail: Any = None

    @property
    def code(self) -> str:
        """The service's own code; empty where none is told."""
        code = self.error.get("code") if isinstance(self.error, dict) else None
        return code.lower() if isinstance(code, str) else ""

    @property
    def explanation(self) -> str:
        """What it says, on one line."""
        return _said(self.error) or _said(self.message) or _said(self.detail)


class Drawn(Refused):
    """`POST /images/generation`, status 200: a result, or an error that only `status` tells."""

    status: str = SUCCESS
    data: tuple[Entry, ...] | None = None

    @property
    def is_success(self) -> bool:
        """Whether it promises pictures."""
        return self.status.strip().lower() == SUCCESS


class ListedModel(Wire):
    """One model of any kind."""

    model_name: str
    model_type: str | None = None
    price: Any = None

    @property
    def draws(self) -> bool:
        """Whether it makes pictures; a kind that is not known does not."""
        return (self.model_type or "").strip().lower() == PICTURES_TYPE


class ModelList(Wire):
    """What stands inside `data` of the list."""

    models: tuple[ListedModel, ...]


class Models(Wire):
    """`GET /serverless/models`."""

    data: ModelList


class Balance(Wire):
    """What stands inside `data` of the balance."""

    available_balance: str


class Credits(Wire):
    """`GET /users/credits`."""

    data: Balance


def to_dollars(told: object) -> float | None:
    """Read an amount, which comes as a number or as text; None for anything else."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        amount = float(str(told).strip().lstrip("$").replace(",", ""))
    except ValueError:
        return None
    return amount if math.isfinite(amount) else None


def _said(told: object) -> str:
    match told:
        case str():
            return told
        case list():
            return "; ".join(filter(None, map(_said, told)))
        case {"msg": msg, "loc": [*_, field]}:
            return f"{field}: {_said(msg)}"
        case {"message": message, "details": dict(details)} if details:
            return f"{_said(message)} {_faults(details)}".strip()
        case {"message": said} | {"msg": said} | {"detail": said}:
            return _said(said)
        case _:
            return ""


def _faults(details: dict[Any, Any]) -> str:
    return "; ".join(f"{field}: {fault}" for field, fault in details.items())

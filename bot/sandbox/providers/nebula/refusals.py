"""Error answers in the three shapes that the document's revisions show."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from aiohttp import web


class ErrorShape(StrEnum):
    """How an error is told."""

    MESSAGE = "message"  # {"status": "failed", "message"}
    NESTED = "nested"  # {"status": "error", "error": {"code", "message", "details"}}
    DETAIL = "detail"  # {"detail"}: a text, or a list of faults (FastAPI)


class Code(NamedTuple):
    """What stands behind a code."""

    status: int
    message: str


CODES: Mapping[str, Code] = MappingProxyType(
    {
        "invalid_request": Code(400, "The request is invalid."),
        "invalid_prompt": Code(400, "The prompt is invalid."),
        "invalid_size": Code(422, "The image size is not supported."),
        "content_policy_violation": Code(400, "Your prompt was rejected by our safety system."),
        "invalid_api_key": Code(401, "Invalid authentication credentials."),
        "insufficient_quota": Code(402, "Insufficient credits. Please top up your balance."),
        "forbidden": Code(403, "Your plan does not include this model."),
        "not_found": Code(404, "Not Found"),
        "method_not_allowed": Code(405, "Method Not Allowed"),
        "rate_limit_exceeded": Code(429, "Rate limit exceeded."),
        "internal_error": Code(500, "Image generation failed."),
        "service_unavailable": Code(503, "The model is overloaded. Please try again later."),
    }
)


class Refusal(Exception):
    """An error answer; faults are texts by field."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        faults: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = CODES[code].status
        self.message = message or CODES[code].message
        self.faults = faults or {}
        self.retry_after_s = retry_after_s

    def answer(self, shape: ErrorShape) -> web.Response:
        """Tell it in one of the shapes; faults in the fields are 422 where FastAPI tells them."""
        is_list = bool(self.faults) and shape is ErrorShape.DETAIL
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return web.json_response(
            self.body(shape), status=422 if is_list else self.status, headers=headers
        )

    def body(self, shape: ErrorShape) -> dict[str, object]:
        """Return what the answer says."""
        match shape:
            case ErrorShape.MESSAGE:
                return {"status": "failed", "message": self._whole()}
            case ErrorShape.NESTED:
                error = {"code": self.code, "message": self.message, "details": dict(self.faults)}
                return {"status": "error", "error": error}
            case ErrorShape.DETAIL:
                return {"detail": self._listed() or self.message}

    def _whole(self) -> str:
        told = "; ".join(f"{field}: {fault}" for field, fault in self.faults.items())
        return f"{self.message} {told}".strip()

    def _listed(self) -> Sequence[Mapping[str, object]]:
        return [
            {"type": "value_error", "loc": ["body", field], "msg": fault}
            for field, fault in self.faults.items()
        ]

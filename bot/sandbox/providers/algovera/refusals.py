"""Error answers: `detail` is a sentence, or a list of what is wrong where (FastAPI)."""

from collections.abc import Sequence

Fault = dict[str, object]


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, detail: str | Sequence[Fault]) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


def fault(*where: str | int, msg: str, kind: str) -> Fault:
    """Return one entry of a validation error's list."""
    return {"loc": list(where), "msg": msg, "type": kind}


def missing(*where: str | int) -> Fault:
    """Return the entry for something that was not sent."""
    return fault(*where, msg="field required", kind="value_error.missing")


def invalid(*faults: Fault) -> Refusal:
    """Refuse a request of the wrong form."""
    return Refusal(422, faults)


INVALID_KEY = "Invalid API key"
UNKNOWN_USER = "Unknown user"
NO_CREDITS = "Insufficient credits"
NO_JOB = "Job not found"
NO_ASSET = "Asset not found"

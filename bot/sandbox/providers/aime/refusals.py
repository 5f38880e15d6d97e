"""The server's error answers: its own, those in OpenAI's shape, and those of its framework."""

from http import HTTPStatus


class Refusal(Exception):
    """An error answer that the server has thought of."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


class FrameworkError(Exception):
    """An answer of the web framework underneath; its shape follows the call's content type."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def to_json(self) -> dict[str, object]:
        """Return the body for whoever spoke JSON."""
        phrase = HTTPStatus(self.status).phrase
        return {"description": phrase, "status": self.status, "message": self.message}

    def to_text(self) -> str:
        """Return the body for everybody else."""
        title = f"⚠️ {self.status} — {HTTPStatus(self.status).phrase}"
        return f"{title}\n{'=' * len(title)}\n{self.message}\n\n"


def refused(status: int, error: str | list[str], **more: object) -> Refusal:
    """Answer as endpoints do; `error` is a list of sentences, or one string where it is so."""
    return Refusal(status, {"success": False, "error": error, **more})


def refused_openai(status: int, message: str, code: str) -> Refusal:
    """Answer in OpenAI's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Refusal(status, {"error": error})


def broken() -> FrameworkError:
    """Answer what the server did not think of."""
    return FrameworkError(
        500, "The application encountered an unexpected error and could not continue."
    )


def not_found(path: str) -> FrameworkError:
    """Answer a path that leads nowhere, an unknown endpoint among them."""
    return FrameworkError(404, f"Requested URL {path} not found")


def timed_out() -> FrameworkError:
    """Answer a call that waited too long."""
    return FrameworkError(503, "Response Timeout")


def unknown_job(job_id: str, *, ep_version: int) -> Refusal:
    """Refuse a job id that never was, is forgotten, or belongs to another process."""
    error = f"Client has no active request with this job id {job_id}"
    return refused(402, [error], ep_version=ep_version)

"""What happened on the wire: every request, and everything that a real Discord would not forgive."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from bot.sandbox.discord.bell import Bell

REQUESTS_SHOWN = 15


@dataclass(slots=True, kw_only=True)
class Request:
    """One request of the bot and what came of it. `status` 0 means that it got no answer."""

    method: str
    path: str
    route: str
    at: datetime
    status: int = 0
    code: int | None = None
    took_s: float = 0.0
    body: Any = None
    files: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        code = f" {self.code}" if self.code else ""
        files = f" files={','.join(self.files)}" if self.files else ""
        shape = f" {shape_of(self.body)}" if self.body is not None else ""
        took = f"{self.took_s * 1000:.0f} ms"
        return f"{self.at:%H:%M:%S.%f} {self.method} {self.route} → {self.status}{code} in {took}{shape}{files}"


def shape_of(value: object, *, depth: int = 2) -> str:
    """Describe a body without its texts: keys, kinds, lengths."""
    match value:
        case dict() if depth:
            inside = ", ".join(
                f"{key}: {shape_of(item, depth=depth - 1)}" for key, item in value.items()
            )
            return f"{{{inside}}}"
        case dict():
            return f"{{{len(value)}}}"
        case list():
            return f"[{len(value)}]"
        case str():
            return f"'{len(value)}'"
        case _:
            return str(value)


class Journal:
    """Keeps requests (the newest ones) and violations (all); `bell` rings at each answer."""

    def __init__(self, *, requests_max: int = 20_000) -> None:
        self.requests: deque[Request] = deque(maxlen=requests_max)
        self.violations: list[str] = []
        self.bell = Bell()

    def violate(self, text: str) -> None:
        """Note something that fails the test; the same sentence once."""
        if text not in self.violations:
            self.violations.append(text)

    def answered(self, method: str, pattern: str) -> list[Request]:
        """Return the answered requests whose method and path match (`*` matches anything)."""
        return [
            request
            for request in self.requests
            if request.status and request.method == method and fnmatchcase(request.path, pattern)
        ]

    def report(self) -> str:
        """Tell the last requests and every violation, for a failed wait."""
        return "\n".join(self._report_lines())

    def _report_lines(self) -> Iterator[str]:
        yield f"last requests ({len(self.requests)} in all):"
        for request in list(self.requests)[-REQUESTS_SHOWN:]:
            yield f"  {request}"
        yield f"violations: {len(self.violations)}"
        for violation in self.violations:
            yield f"  {violation}"

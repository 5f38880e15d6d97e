"""What a provider was asked: every call, for assertions and counting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

CALLS_MAX = 200_000
TEXT_SHOWN_MAX = 300  # a base64 picture in a body would fill the memory
SECRET_NAMES = frozenset({"apikey", "api_key", "key", "password", "authorization"})


@dataclass(slots=True, kw_only=True)
class Call:
    """One request as it arrived; `status` stays None while it runs, and when it was cut."""

    host: str  # which of the provider's hosts
    method: str
    path: str  # without the prefix of the API
    route: str  # the pattern that matched, or "" for an unknown route
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: datetime
    key_tail: str  # last four characters of the key, "" without one
    body: object = None
    fault: str = ""
    status: int | None = None

    def fits(self, method: str, pattern: str) -> bool:
        """Tell whether the method ("*" for any) and a pattern such as "/images/*" mean this call."""
        same_method = method in {"*", self.method}
        return same_method and (pattern == self.route or fnmatchcase(self.path, pattern))


class CallLog:
    """The calls in the order they arrived."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call) -> None:
        """Note a call; past `CALLS_MAX` the older half is forgotten."""
        if len(self._calls) >= CALLS_MAX:
            del self._calls[: CALLS_MAX // 2]
        self._calls.append(call)

    def of(self, method: str, route: str) -> list[Call]:
        """Return the calls of a method ("*" for any) whose route or path fits the pattern."""
        return [call for call in self._calls if call.fits(method, route)]

    def clear(self) -> None:
        """Start counting afresh."""
        self._calls.clear()


def without_secrets(query: Mapping[str, str]) -> dict[str, str]:
    """Return a query with its secrets replaced."""
    return {name: "***" if name.lower() in SECRET_NAMES else value for name, value in query.items()}


def presentable(value: object, *, secrets: frozenset[str] = SECRET_NAMES) -> object:
    """Return a body with its secrets replaced and its long texts shortened."""
    match value:
        case dict():
            return {
                name: "***" if str(name).lower() in secrets else presentable(item, secrets=secrets)
                for name, item in value.items()
            }
        case list():
            return [presentable(item, secrets=secrets) for item in value]
        case str() if len(value) > TEXT_SHOWN_MAX:
            return f"{value[:40]}… ({len(value)} characters)"
        case _:
            return value

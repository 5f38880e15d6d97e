"""The routes of Discord's OpenAPI description: which operation a method and a path mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.discord.openapi_schemas import Schema, file_names, without_files

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
MULTIPART = "multipart/form-data"

# documented for every route that takes a message; the description lacks them where a body is a union
MESSAGE_FILES = frozenset(f"files[{number}]" for number in range(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path template, in the description's own words."""

    name: str
    parameters: Sequence[Mapping[str, Any]]
    contents: Mapping[str, Schema]  # request bodies without files, by content type; may be empty
    files: frozenset[str]  # names of the multipart fields that carry files
    is_body_required: bool
    answers: Mapping[str, Mapping[str, Any]]  # by status: "200", "4XX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path template split at its slashes, and what can be done there."""

    segments: Sequence[str]
    operations: dict[str, Operation] = field(default_factory=dict)

    def fits(self, segments: Sequence[str]) -> bool:
        """Tell whether a path of as many segments falls under this template."""
        pairs = zip(self.segments, segments, strict=True)
        return all(own == given or (_is_open(own) and given != "") for own, given in pairs)

    def path_values(self, segments: Sequence[str]) -> dict[str, str]:
        """Return what stands in the open segments, by parameter name."""
        pairs = zip(self.segments, segments, strict=True)
        return {own.strip("{}"): given for own, given in pairs if _is_open(own)}


class Routes:
    """Every route; where several templates fit a path, the one with more literal segments wins."""

    def __init__(self, paths: Mapping[str, Mapping[str, Any]]) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for template, item in paths.items():
            segments = template.split("/")
            route = Route(segments=segments, operations=dict(_operations(template, item)))
            self._by_length.setdefault(len(segments), []).append(route)
        for routes in self._by_length.values():  # "@original" before "{message_id}"
            routes.sort(key=lambda route: [_is_open(segment) for segment in route.segments])

    def find(self, path: str) -> Route | None:
        """Return the route of a path without "/api/v10", or None where Discord has none."""
        segments = path.split("/")
        routes = self._by_length.get(len(segments), ())
        return next((route for route in routes if route.fits(segments)), None)


def _is_open(segment: str) -> bool:
    return segment.startswith("{")


def _operations(template: str, item: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for method in METHODS & item.keys():
        described = item[method]
        body = described.get("requestBody", {})
        contents = {name: content["schema"] for name, content in body.get("content", {}).items()}
        operation = Operation(
            name=f"{method.upper()} {template}",
            parameters=[*item.get("parameters", ()), *described.get("parameters", ())],
            contents={name: without_files(schema) for name, schema in contents.items()},
            files=file_names(contents.get(MULTIPART, {})) or MESSAGE_FILES,
            is_body_required=body.get("required", False),
            answers=described["responses"],
        )
        yield method, operation

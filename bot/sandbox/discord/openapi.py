"""Hold every request and every answer of the sandbox against Discord's published OpenAPI description.

The description (MIT, github.com/discord/discord-api-spec) is a file the caller names. It and
`jsonschema_rs` belong to the tests: the demo runs without a checker, and the description's own readme
warns against building on it in production. What it allows but the documents forbid is the matter of
the rule modules.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.sandbox.discord.openapi_errors import sentences
from bot.sandbox.discord.openapi_routes import MULTIPART, Operation, Routes
from bot.sandbox.discord.openapi_schemas import (
    ADDRESS,
    COMPONENTS,
    Schema,
    closed,
    strict_schemas,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JSON = "application/json"
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

# 5xx come from Discord's edge, with JSON, a text or nothing: the description is silent about them
UNDESCRIBED = range(500, 600)
ERRORS = range(400, 600)


class OpenApiChecker:
    """Checks requests and answers; each schema is compiled when it is first needed."""

    def __init__(self, spec_path: Path) -> None:
        import jsonschema_rs  # noqa: PLC0415 - see the module: a tool of the tests only

        spec = json.loads(spec_path.read_text("utf-8"))
        self._schemas: dict[str, Schema] = spec["components"]["schemas"]
        self._shared_answers: dict[str, Any] = spec["components"]["responses"]
        self._routes = Routes(spec["paths"])
        strict = {"$schema": DIALECT, "components": {"schemas": strict_schemas(self._schemas)}}
        self._registry = jsonschema_rs.Registry([(ADDRESS, strict)])
        self._compile = jsonschema_rs.validator_for
        self._validators: dict[str, Any] = {}

    def request_problems(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        content_type: str,
        body: object,
        file_fields: Sequence[str],
    ) -> list[str]:
        """Say what the description has against a request; an empty list means it fits.

        `path` starts behind "/api/v10" and is decoded; `body` is the parsed JSON or the parsed
        `payload_json`, None where there is none; `file_fields` are the names of the multipart files,
        "files[0]" and so on.
        """
        route = self._routes.find(path)
        if route is None:
            return [f"{path} is no route of Discord"]
        operation = route.operations.get(method.lower())
        if operation is None:
            return [f"{path} knows no {method}"]
        media = content_type.partition(";")[0].strip().lower()
        return [
            *self._parameter_problems(operation, "path", route.path_values(path.split("/"))),
            *self._parameter_problems(operation, "query", query),
            *_file_problems(operation, media, file_fields),
            *self._body_problems(operation, media, body),
        ]

    def answer_problems(self, method: str, path: str, *, status: int, body: object) -> list[str]:
        """Say what the description has against an answer; `body` is parsed JSON, None when empty."""
        route = self._routes.find(path)
        operation = route.operations.get(method.lower()) if route else None
        if operation is None:  # the request is at fault, an error is the right answer
            return [] if status in ERRORS else [f"{method} {path} exists nowhere, yet {status}"]
        if status in UNDESCRIBED:
            return []
        answer = operation.answers.get(str(status)) or operation.answers.get(f"{status // 100}XX")
        if answer is None:
            return [f"status {status} is none of {', '.join(sorted(operation.answers))}"]
        if "$ref" in answer:
            answer = self._shared_answers[answer["$ref"].rpartition("/")[2]]
        content = answer.get("content", {}).get(JSON)
        if content is None:
            return [] if body is None else [f"{status} has no body here"]
        return self._problems(f"{operation.name} {status}", content["schema"], body)

    def schema_problems(self, schema_name: str, value: object) -> list[str]:
        """Hold a value against one named schema of the description; KeyError for an unknown name."""
        if schema_name not in self._schemas:
            raise KeyError(schema_name)
        return self._problems(schema_name, {"$ref": COMPONENTS + schema_name}, value)

    def _parameter_problems(
        self, operation: Operation, place: str, values: Mapping[str, str]
    ) -> Iterator[str]:
        known = {p["name"]: p for p in operation.parameters if p["in"] == place}
        yield from (f"{place}.{name}: unknown" for name in values if name not in known)
        for name, parameter in known.items():
            if name in values:
                key = f"{operation.name} {place} {name}"
                yield from self._text_problems(
                    f"{place}.{name}", key, parameter["schema"], values[name]
                )
            elif parameter.get("required"):
                yield f"{place}.{name}: missing"

    def _text_problems(self, where: str, key: str, schema: Schema, text: str) -> Iterable[str]:
        tried = [self._problems(key, schema, reading) for reading in _readings(text)]
        if [] in tried:
            return []
        tried.sort(key=lambda problems: problems[0].startswith("is no "))  # the wrong reading last
        return [f"{where}: {problem}" for problem in tried[0]]

    def _body_problems(self, operation: Operation, media: str, body: object) -> list[str]:
        if body is None and media != JSON:
            return ["a body is missing"] if operation.is_body_required else []
        if not operation.contents:
            return ["takes no body"] if body is not None else []
        schema = operation.contents.get(media)
        if schema is None:
            return [f"content type {media!r} is none of {', '.join(operation.contents)}"]
        return self._problems(f"{operation.name} {media}", schema, body)

    def _problems(self, key: str, schema: Schema, value: object) -> list[str]:
        validator = self._validators.get(key)
        if validator is None:
            strict = {"$schema": DIALECT, **closed(schema, self._schemas)}
            validator = self._compile(strict, registry=self._registry, validate_formats=True)
            self._validators[key] = validator
        # most values fit: finding the errors costs several times as much as finding none
        return [] if validator.is_valid(value) else sentences(list(validator.iter_errors(value)))


def _readings(text: str) -> list[object]:
    """Return the JSON values that a parameter, always text on the wire, may stand for."""
    readings: list[object] = [text, [item for item in text.split(",") if item]]
    if text.lower() in BOOLEANS:
        readings.append(BOOLEANS[text.lower()])
    if text.removeprefix("-").isdecimal():
        readings.append(int(text))
    return readings


def _file_problems(operation: Operation, media: str, file_fields: Sequence[str]) -> Iterator[str]:
    if file_fields and media != MULTIPART:
        yield f"files need {MULTIPART}, not {media!r}"
        return
    for name, count in Counter(file_fields).items():
        if name not in operation.files:
            yield f"{name}: no file of this route"
        if count > 1:
            yield f"{name}: is there {count} times"

"""Small payloads for single rules, and ways to spoil larger ones."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from bot.sandbox.discord.problems import Problem

NONSENSE = (None, 5, 2.5, True, "x", [], {}, [5], [[]], {"type": []}, "attachment://nothing")


def text(content: object = "Hello", **more: object) -> dict[str, Any]:
    return {"type": 10, "content": content, **more}


def button(**changes: object) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go", **changes}


def row(*components: object) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def select(**changes: object) -> dict[str, Any]:
    return {"type": 3, "custom_id": "pick", "options": options(2), **changes}


def options(count: int, **changes: object) -> list[dict[str, Any]]:
    return [{"label": f"L{n}", "value": f"V{n}", **changes} for n in range(count)]


def section(*components: object, **more: object) -> dict[str, Any]:
    return {"type": 9, "components": list(components), **more}


def gallery(*urls: str, **more: object) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": url}, **more} for url in urls]}


def container(*components: object, **more: object) -> dict[str, Any]:
    return {"type": 17, "components": list(components), **more}


def label(component: object, **changes: object) -> dict[str, Any]:
    return {"type": 18, "label": "Prompt", "component": component, **changes}


def field(**changes: object) -> dict[str, Any]:
    return {"type": 4, "custom_id": "prompt", "style": 1, **changes}


def said(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def spoiled(payload: Any) -> Iterator[Any]:
    """Yield the payload many times, each time with one node replaced by nonsense."""
    keys = range(len(payload)) if isinstance(payload, list) else list(payload)
    for key in keys:
        whole = deepcopy(payload)
        for nonsense in NONSENSE:
            whole[key] = nonsense
            yield whole
        if isinstance(payload[key], list | dict):
            for inner in spoiled(payload[key]):
                whole[key] = inner
                yield whole

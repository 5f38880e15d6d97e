"""Schema violations in words, at the leaf where they happen.

A union that fits nowhere says nothing useful by itself. Here the branch that was meant is found by its
`type` and its own complaints are reported: "components[0].label: longer than 80". Values are never
quoted: they may be secret, and the sandbox prints these sentences.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Path = list[str | int]

UNIONS = frozenset({"anyOf", "oneOf"})
WORDS: dict[str, Callable[[Any], str]] = {
    "enum": lambda kind: f"is none of {', '.join(map(str, kind.options))}",
    "const": lambda kind: f"is not {kind.expected_value}",
    "format": lambda kind: f"is no {kind.format}",
    "maxItems": lambda kind: f"has more than {kind.limit} items",
    "minItems": lambda kind: f"has fewer than {kind.limit} items",
    "maxLength": lambda kind: f"longer than {kind.limit}",
    "minLength": lambda kind: f"shorter than {kind.limit}",
    "maximum": lambda kind: f"above {kind.limit}",
    "minimum": lambda kind: f"below {kind.limit}",
    "pattern": lambda kind: f"does not look like {kind.pattern}",
    "type": lambda kind: f"is no {' or '.join(kind.types)}",
    "uniqueItems": lambda _: "has an item twice",
}


def sentences(errors: Sequence[Any]) -> list[str]:
    """Turn a validator's errors into "path: what is wrong", each once, in order."""
    leaves = [leaf for error in errors for leaf in _leaves(error)]
    return list(
        dict.fromkeys(f"{_dotted(path)}: {text}" if path else text for path, text in leaves)
    )


def _leaves(error: Any) -> Iterator[tuple[Path, str]]:
    kind, path = error.kind, list(error.instance_path)
    if kind.name in UNIONS:
        yield from _union_leaves(path, kind.context)
    elif kind.name == "additionalProperties":
        yield from (([*path, key], "unknown key") for key in kind.unexpected)
    elif kind.name == "required":
        yield [*path, kind.property], "missing"
    else:
        describe = WORDS.get(kind.name)
        yield path, describe(kind) if describe else f"fails {kind.name}"


def _union_leaves(path: Path, branches: Sequence[Sequence[Any]]) -> Iterator[tuple[Path, str]]:
    errors = [error for branch in branches for error in branch]
    if all(error.kind.name == "const" for error in errors):
        values = ", ".join(str(error.kind.expected_value) for error in errors)
        yield path, f"is none of {values}"
        return
    meant = [branch for branch in branches if not _is_other_type(path, branch)]
    if meant:
        for error in min(meant, key=len):
            yield from _leaves(error)
        return
    yield from _no_branch(path, errors)


def _no_branch(path: Path, errors: Sequence[Any]) -> Iterator[tuple[Path, str]]:
    tags = [e for e in errors if e.kind.name == "enum" and list(e.instance_path) == [*path, "type"]]
    if tags:
        values = sorted({option for error in tags for option in error.kind.options})
        yield [*path, "type"], f"is none of {', '.join(map(str, values))}"
    else:
        types = sorted({name for e in errors if e.kind.name == "type" for name in e.kind.types})
        yield path, f"is no {' or '.join(types)}"


def _is_other_type(path: Path, branch: Sequence[Any]) -> bool:
    """Tell whether a branch is for another JSON type, or for another value of `type`."""
    return any(
        (error.kind.name == "type" and list(error.instance_path) == path)
        or (error.kind.name in {"enum", "const"} and list(error.instance_path) == [*path, "type"])
        or (
            error.kind.name == "required"
            and error.kind.property == "type"
            and list(error.instance_path) == path
        )
        for error in branch
    )


def _dotted(path: Path) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")

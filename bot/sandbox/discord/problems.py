"""What is wrong with a payload, and the small checks every rule module builds on.

The checks never raise: a payload of the wrong shape is itself a problem to report, because the
sandbox has to answer it like Discord does, with a 400 that names the field.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EMPTY_MESSAGE = 50006
INVALID_FORM_BODY = 50035


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why Discord would refuse a payload.

    `path` leads to the field ("components[0].items[2].description"), `code` is Discord's own.
    """

    path: str
    text: str
    code: int = INVALID_FORM_BODY

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


def at(path: str, name: str) -> str:
    """Return the path of a field below `path`."""
    return f"{path}.{name}" if path else name


def text_problems(
    path: str, value: object, *, shortest: int = 0, longest: int, required: bool = False
) -> Iterator[Problem]:
    """Check the length of a text; `None` stands for absent."""
    if value is None:
        if required:
            yield Problem(path=path, text="missing")
    elif not isinstance(value, str):
        yield Problem(path=path, text="not a text")
    elif len(value) < shortest:
        yield Problem(path=path, text=f"shorter than {shortest}")
    elif len(value) > longest:
        yield Problem(path=path, text=f"longer than {longest}")


def count_problems(path: str, value: object, *, fewest: int = 0, most: int) -> Iterator[Problem]:
    """Check how many items a list has; `None` stands for absent and counts as empty."""
    items = [] if value is None else value
    if not isinstance(items, Sequence) or isinstance(items, str):
        yield Problem(path=path, text="not a list")
    elif len(items) < fewest:
        yield Problem(path=path, text=f"has {len(items)} items, fewer than {fewest}")
    elif len(items) > most:
        yield Problem(path=path, text=f"has {len(items)} items, more than {most}")


def number_problems(path: str, value: object, *, lowest: int, highest: int) -> Iterator[Problem]:
    """Check the range of an integer that is there; `None` stands for absent and passes."""
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield Problem(path=path, text="not an integer")
    elif not lowest <= value <= highest:
        yield Problem(path=path, text=f"not between {lowest} and {highest}")

"""Is the drawn error tree the real one, and does something raise every leaf?"""

import inspect
import re
from pathlib import Path

from bot.domain import errors
from tests.architecture.source_tree import FILES

LINE = re.compile(r"^( *)[*x\-·] (\w+)")


def drawn(picture: str) -> dict[str, str]:
    """Return each class with its base, by indentation."""
    bases, stack = {}, [(-1, "Exception")]
    for line in picture.splitlines():
        if not (match := LINE.match(line)):
            continue
        indent, name = len(match[1]), match[2]
        while stack[-1][0] >= indent:
            stack.pop()
        bases[name] = stack[-1][1]
        stack.append((indent, name))
    return bases


def defined() -> dict[str, str]:
    return {
        name: cls.__bases__[0].__name__
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, BaseException) and cls.__module__ == errors.__name__
    }


def test_the_drawing_matches_the_classes():
    assert drawn(errors.__doc__) == defined(), (
        "Bring the drawing in bot/domain/errors.py up to date."
    )


def test_every_leaf_is_raised_somewhere():
    leaves = set(defined()) - set(defined().values())
    others = (path for path in FILES if path != Path(errors.__file__))
    source = "\n".join(path.read_text("utf-8") for path in others)

    silent = {name for name in leaves if not re.search(rf"\b{name}\(", source)}
    assert silent == set(), "Remove from bot/domain/errors.py what nothing raises."


def test_a_drawing_is_read_by_its_indentation():
    assert drawn("* A  a\n  x B  b\n    - C  c\n  x D  d") == {
        "A": "Exception",
        "B": "A",
        "C": "B",
        "D": "A",
    }

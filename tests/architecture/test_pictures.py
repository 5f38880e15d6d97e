"""Picture work stays off the event loop: whoever needs it hands it to the pool."""

import ast

import pytest

from tests.architecture.source_tree import FILES, ROOT, name_of

WORK = {"bot.media.ladder", "bot.media.metadata", "bot.media.normalise", "bot.media.verify"}
APART = ("bot/media", "bot/bench")  # what runs in the pool, and what measures it
SERVICE = [
    path for path in FILES if not any(path.is_relative_to(ROOT / folder) for folder in APART)
]


def work_in(tree: ast.AST) -> set[str]:
    """Return the picture functions that a file imports; classes begin with a capital."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in WORK
        for alias in node.names
        if alias.name.islower()
    }


def calls_in(tree: ast.AST) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("path", SERVICE, ids=name_of)
def test_nobody_calls_picture_work_directly(path):
    tree = ast.parse(path.read_text("utf-8"))

    assert work_in(tree) & calls_in(tree) == set(), "Hand it to PictureWork.run: it blocks."


def test_a_direct_call_would_be_noticed():
    tree = ast.parse("from bot.media.ladder import fit\nasync def f(d): return fit(d, 1)")

    assert work_in(tree) & calls_in(tree) == {"fit"}

"""Is anything too long? Branches, statements and parameters are ruff's."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import FILES, name_of

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Count the lines without the docstring."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_fit_a_head(path):
    source = path.read_text("utf-8")

    too_long = [
        f"{function.name} ({length(function)})"
        for function in functions(ast.parse(source))
        if length(function) > FUNCTION_LINES_MAX
    ]
    assert source.count("\n") <= FILE_LINES_MAX, "Split the file by noun."
    assert too_long == [], f"Split what is longer than {FUNCTION_LINES_MAX} lines."


def test_a_function_that_is_too_long_would_be_found():
    source = 'def long():\n    """Words."""\n' + "    pass\n" * FUNCTION_LINES_MAX

    (function,) = functions(ast.parse(source))

    assert length(function) == FUNCTION_LINES_MAX + 1

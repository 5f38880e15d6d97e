"""Rows as people read them, and as programs do."""

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from bot.bench.rows import Figures, Row

TITLES = ("measure", "measured", "floor", "× floor", "aim", "met")
NOTE_CHARS, INDENT = 160, " " * 4
WORDS = {True: "yes", False: "NO", None: ""}


def table(rows: Sequence[Row]) -> str:
    """Draw rows in columns, with a line of small print below each that has a note."""
    cells = [TITLES, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(TITLES))]
    lines = [_line(TITLES, widths), "  ".join("─" * width for width in widths)]
    for row, line in zip(rows, cells[1:], strict=True):
        lines.append(_line(line, widths))
        if row.note:
            lines += textwrap.wrap(
                row.note, NOTE_CHARS, initial_indent=INDENT, subsequent_indent=INDENT
            )
    return "\n".join(lines)


def as_json(machine: Mapping[str, str], rows: Sequence[Row], facts: Mapping[str, Any]) -> str:
    """Write everything, samples included, for programs."""
    return json.dumps({"machine": machine, **facts, "rows": [_facts(row) for row in rows]})


def figure(value: float) -> str:
    """Write a figure as short as it can be told apart."""
    if math.isnan(value):
        return "–"
    decimals = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2  # noqa: PLR2004 - three digits
    return f"{value:,.{decimals}f}"


def _cells(row: Row) -> tuple[str, ...]:
    ratio = row.ratio
    return (
        f"{row.name} ({row.unit})",
        _figures(row.values),
        _figures(row.floor),
        "" if ratio is None else figure(ratio),
        row.aim,
        WORDS[row.is_met],
    )


def _figures(figures: Figures) -> str:
    return " · ".join(f"{name} {figure(value)}" for name, value in figures.items())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _facts(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "unit": row.unit,
        "values": _finite(row.values),
        "floor": _finite(row.floor),
        "ratio": row.ratio,
        "aim": row.aim,
        "is_met": row.is_met,
        "note": row.note,
        "samples": [round(sample, 4) for sample in row.samples],
    }


def _finite(figures: Figures) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in figures.items()}

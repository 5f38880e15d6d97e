"""Tables as CSV for people's spreadsheets, which run whatever looks like a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

Cell = str | int | Decimal | None

BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel reads UTF-8 as the machine's old code page."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the wide forms, which Excel takes for the others."""


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write a table; text that a spreadsheet would run gets an apostrophe before it.

    Every cell is quoted, so that no separator of another country splits one (OWASP, "CSV
    Injection"). Numbers are ours and stay numbers, whatever their sign.
    """
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode()


def _harmless(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    stripped = cell.lstrip()  # spreadsheets look past blanks
    if cell.startswith(_STARTS_A_FORMULA) or stripped.startswith(_STARTS_A_FORMULA):
        return f"'{cell}"
    return cell

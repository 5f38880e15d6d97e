"""What a statement needs of an engine: three methods, `:named` values, rows read by column name."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

Value = str | int | float | bytes | None


class Row(Protocol):
    """One row of an answer."""

    def __getitem__(self, column: str, /) -> Any:
        """Return the value of a column."""
        ...

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""
        ...


class Executor(Protocol):
    """Run SQL of the common subset inside the transaction of the moment.

    Values are bound by name, never written into the text; the text itself holds no other colon.
    """

    async def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Run a statement and return all its rows."""
        ...

    def pages(self, sql: str, /, **values: Value) -> AsyncIterator[list[Row]]:
        """Run a statement and return its rows some at a time; finish with them before all else."""
        ...

    async def row(self, sql: str, /, **values: Value) -> Row | None:
        """Run a statement and return its first row, if there is one."""
        ...

    async def change(self, sql: str, /, **values: Value) -> int:
        """Run a statement and return how many rows it changed."""
        ...

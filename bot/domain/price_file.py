"""The operator's price list as text: TOML in, a `PriceList` or a sentence for every fault out.

[[price]]                 # one for each group of models; the first that fits counts
provider = "horde"        # a name or a glob, as is the model; left out: every one
model = "*SDXL*"
megapixel_step = 0.3      # in credits; what is left out costs what it usually does
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from bot.domain.credits import CREDIT, Microcredits
from bot.domain.errors import ConfigurationError
from bot.domain.pricing import Price, PriceList
from bot.domain.requests import Form

PRICES_MAX = 200
GLOB_CHARS_MAX = 255
CREDITS_MAX = 1_000_000
HIRES_FIX_MAX = 10
DECIMALS_MAX = 6  # a microcredit

_HEADER = re.compile(r"\s*\[\[\s*price\s*\]\]")
_KEY = re.compile(r"\s*[\"']?(\w+)[\"']?\s*[=.]")
_WHERE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)")


class _Mistake(Exception):
    """A value that cannot be used; the text goes on behind the key."""


def read_price_list(text: str, *, name: str, providers: Collection[str]) -> PriceList:
    """Read a price list; `name` is the file's, for the sentences, `providers` are all there are.

    Raises:
        ConfigurationError: with line and reason for every fault.
    """
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(_grammar(str(error), name=name, text=text)) from error
    reading = _Reading(name=name, lines=_lines(text), providers=providers)
    prices = tuple(reading.prices(document))
    if reading.faults:
        raise ConfigurationError(*reading.faults)
    return PriceList(prices=prices)


class _Reading:
    """One file on its way to a value, and the faults found so far."""

    def __init__(self, *, name: str, lines: "_Lines", providers: Collection[str]) -> None:
        self._name = name
        self._lines = lines
        self._providers = providers
        self.faults: list[str] = []

    def prices(self, document: Mapping[str, Any]) -> Iterator[Price]:
        for key in document:
            if key != "price":
                self._fault(None, key, "is not known here: write [[price]] above the prices.")
        entries = document.get("price", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._fault(None, "price", "stands in two brackets: [[price]].")
            return
        if len(entries) > PRICES_MAX:
            self._fault(PRICES_MAX, "[[price]]", f"may stand there {PRICES_MAX} times at most.")
        for number, entry in enumerate(entries[:PRICES_MAX]):
            yield self._price(number, entry)

    def _price(self, number: int, entry: Mapping[str, Any]) -> Price:
        values: dict[str, Any] = {}
        for key, value in entry.items():
            try:
                values |= self._read(key, value)
            except _Mistake as mistake:
                self._fault(number, key, str(mistake))
        return Price(**values)

    def _read(self, key: str, value: Any) -> dict[str, Any]:
        if key == "provider":
            return {key: self._provider(value)}
        if key == "form" and isinstance(value, dict):
            return {"forms": {_form(form): _credits(each) for form, each in value.items()}}
        if key not in _READERS:
            raise _Mistake(f"is not known; there is {', '.join(['provider', *_READERS])}.")
        return {key: _READERS[key](value)}

    def _provider(self, value: Any) -> str:
        glob = _glob(value)
        if not any(fnmatchcase(provider, glob.lower()) for provider in self._providers):
            raise _Mistake(f"fits none of {', '.join(sorted(self._providers))}.")
        return glob

    def _fault(self, number: int | None, key: str, reason: str) -> None:
        line = self._lines.of(number, key)
        self.faults.append(f"{self._name}, line {line}: {key} {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """In which line an entry begins and its keys stand, as far as a look at the text can tell."""

    headers: tuple[int, ...]
    keys: Mapping[tuple[int, str], int]

    def of(self, number: int | None, key: str) -> int:
        """Return the line of a key in an entry, counted from 0; None is before all entries."""
        entry = -1 if number is None else number
        begins = self.headers[entry] if 0 <= entry < len(self.headers) else 1
        return self.keys.get((entry, key), begins)


def _lines(text: str) -> _Lines:
    headers: list[int] = []
    keys: dict[tuple[int, str], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            headers.append(number)
        elif found := _KEY.match(line):
            keys.setdefault((len(headers) - 1, found[1]), number)
    return _Lines(headers=tuple(headers), keys=keys)


def _grammar(said: str, *, name: str, text: str) -> str:
    """Put the line that the parser names in front of what it says."""
    found = _WHERE.fullmatch(said)
    line = found["line"] if found and found["line"] else max(1, text.count("\n") + 1)
    return f"{name}, line {line}: {found['what'] if found else said}."


def _number(value: Any, *, low: int, high: int) -> Decimal:
    # true is an int in Python, and TOML's nan and inf are decimals that compare with nothing.
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(value) if is_number else Decimal("nan")
    if not number.is_finite() or not low <= number <= high:
        raise _Mistake(f"takes a number from {low} to {high:,}.")
    return number


def _credits(value: Any) -> Microcredits:
    amount = _number(value, low=0, high=CREDITS_MAX) * CREDIT
    if amount != int(amount):
        raise _Mistake(f"takes at most {DECIMALS_MAX} decimals.")
    return Microcredits(int(amount))


def _some_credits(value: Any) -> Microcredits:
    amount = _credits(value)
    if not amount:
        raise _Mistake("has to be more than 0.")
    return amount


def _passes(value: Any) -> Fraction:
    return Fraction(_number(value, low=1, high=HIRES_FIX_MAX))


def _glob(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= GLOB_CHARS_MAX:
        raise _Mistake('takes a name or a glob in quotes, such as "*SDXL*".')
    return value


def _form(name: str) -> Form:
    try:
        return Form(name)
    except ValueError:
        raise _Mistake(f"has no {name!r}; there is {', '.join(Form)}.") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "model": _glob,
    "picture": _credits,
    "megapixel_step": _credits,
    "hires_fix": _passes,
    "post_processor": _credits,
    "text_tokens": _credits,
    "form": _credits,
    "least": _credits,
    "round_up": _some_credits,
    "estimate": _some_credits,
}

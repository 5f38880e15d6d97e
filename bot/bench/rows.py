"""What a measurement came to: one row of the table, with the floor that it is held against."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement; the first figure is its headline. `samples` are what a plot draws."""

    name: str
    unit: str
    values: Figures
    aim: str = ""
    is_met: bool | None = None  # None: there is nothing to meet
    floor: Figures = field(default_factory=dict)
    note: str = ""
    samples: Sequence[float] = ()
    sample_unit: str = ""  # where it is not that of the values

    @property
    def ratio(self) -> float | None:
        """How many times the floor it took, by the first figure that both have."""
        shared = next((name for name in self.values if self.floor.get(name)), None)
        return None if shared is None else self.values[shared] / self.floor[shared]


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the sample below which `share` of them lie (nearest rank); NaN without samples."""
    if not samples:
        return math.nan
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def spread(samples: Sequence[float], *shares: int) -> dict[str, float]:
    """Return percentiles and the largest sample, such as `{"p50": …, "p95": …, "max": …}`."""
    found = {f"p{share}": quantile(samples, share / 100) for share in shares}
    return found | {"max": max(samples, default=math.nan)}

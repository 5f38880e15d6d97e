"""What a look at a job in work says, as the newest word on it; and whether that is worth a write."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.jobs import Progress
from bot.providers.base import Working

ETA_DRIFT_SHOWN_S = 5.0
ETA_S_MAX = 7 * 24 * 3600.0
PLACE_MAX = 1_000_000


def believable(seen: Working) -> Working:
    """Return a look without the figures that nobody can mean: what is nonsense is not known."""
    return replace(
        seen,
        finished=min(max(seen.finished, 0), max(seen.total, 0)),
        place=seen.place if seen.place is not None and 0 < seen.place <= PLACE_MAX else None,
        eta_s=_within(seen.eta_s, ETA_S_MAX),
        percent=_within(seen.percent, 100.0),
    )


def _within(figure: float | None, most: float) -> float | None:
    return figure if figure is not None and 0 < figure <= most else None  # NaN neither


def progress_of(seen: Working, *, now: datetime, shown: int) -> Progress:
    """Return what was seen; `shown` results are on the card already."""
    return Progress(
        is_queued=seen.is_queued,
        finished=max(seen.finished, shown),  # an answer may be older than a callback
        total=seen.total,
        place=seen.place,
        percent=seen.percent,
        done_at=None if not seen.eta_s else now + timedelta(seconds=seen.eta_s),
        is_possible=seen.is_possible,
        preview=seen.preview,
        text=seen.text,
    )


def differs(new: Progress, old: Progress) -> bool:
    """Tell whether anything changed that a member would notice; a drifting estimate is not."""
    if new.done_at is None or old.done_at is None:
        return new != old
    drift = abs((new.done_at - old.done_at).total_seconds())
    if drift >= ETA_DRIFT_SHOWN_S:
        return True
    return _without_eta(new) != _without_eta(old)


def _without_eta(progress: Progress) -> Progress:
    return replace(progress, done_at=None)

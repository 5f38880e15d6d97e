"""Time as stored text: UTC, to the microsecond, fixed width, so that it sorts as it reads."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """Write an aware datetime, such as 2026-11-21T03:09:00.000000+00:00."""
    assert at.tzinfo is not None, "time is aware"
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote."""
    return datetime.fromisoformat(text)


def from_text_or_none(text: str | None) -> datetime | None:
    """Read a moment that may not have come."""
    return None if text is None else from_text(text)

"""Previews inside progress answers: base64, mostly behind a data-URI prefix."""

from bot.providers.downloads import sniff
from bot.providers.reading import decoded

PREVIEW_BYTES_MAX = 4 * 1024 * 1024  # of one that is looked at for two seconds


def preview(texts: tuple[str, ...]) -> bytes | None:
    """Return the first picture of a progress answer; None for none, for noise, for a huge one."""
    if not texts or len(texts[0]) > PREVIEW_BYTES_MAX * 4 // 3:
        return None
    data = decoded(texts[0])
    return data if data is not None and sniff(data) is not None else None

"""Other people's words and our figures, made safe and short for a Discord message.

Discord still mentions, links and formats text after `discord.utils.escape_markdown` and
`escape_mentions` (`<@id>`, `</command:id>`, `<t:…>`, bare links, direction marks), so members'
words go into code blocks and foreign sentences have every mark escaped.
"""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from bot.domain import plain_text
from bot.domain.credits import CREDIT, Microcredits
from bot.domain.plain_text import ELLIPSIS, clean, clipped

BAR_CELLS = 10

_BACKTICK_RUN = re.compile(r"`{3,}")
_MARKS = re.compile(r"([\\*_~|`<>\[\]#:@])")
_MINUTE_S, _HOUR_S = 60, 3600
_SMALLEST = Decimal("0.01")


def in_code_block(text: str, *, chars_max: int) -> str:
    """Show a member's words as they are; at most `chars_max` of them, backtick runs broken."""
    words = clipped(clean(text).strip(), chars_max=chars_max)
    words = _BACKTICK_RUN.sub(lambda run: "\u200b".join(run[0]), words)
    return f"```\n{words or ELLIPSIS}\n```"


def one_line(text: str, *, chars_max: int) -> str:
    """Return plain words for places without formatting, such as alt text or a select's option."""
    return clipped(plain_text.one_line(text), chars_max=chars_max)


def inline(text: str, *, chars_max: int = 300) -> str:
    """Show a foreign sentence inside ours: one line, every mark of Discord's markup escaped."""
    return _MARKS.sub(r"\\\1", one_line(text, chars_max=chars_max))


def sentences(text: str, *, chars_max: int) -> str:
    """Show several foreign sentences, one a line, every mark of Discord's markup escaped."""
    lines = (" ".join(line.split()) for line in clean(text).splitlines())
    return _MARKS.sub(r"\\\1", clipped("\n".join(filter(None, lines)), chars_max=chars_max))


def units(text: str) -> int:
    """Count a text as Discord does: what lies beyond the first 65,536 characters counts twice."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def figure(amount: Microcredits) -> str:
    """Write an amount in credits without a unit: "24", "1,000", "0.25"."""
    value = Decimal(amount) / CREDIT
    if value == value.to_integral_value():
        return f"{int(value):,}"
    if 0 < value < _SMALLEST:
        return f"under {_SMALLEST}"
    rounded = value.quantize(_SMALLEST, rounding=ROUND_HALF_UP)
    return f"{rounded:,}".rstrip("0").rstrip(".")


def in_credits(amount: Microcredits) -> str:
    """Write an amount with its unit: "1 credit", "24 credits"."""
    return f"{figure(amount)} {'credit' if amount == CREDIT else 'credits'}"


def relative(at: datetime) -> str:
    """Name a moment so that the reader's own client counts towards it."""
    return f"<t:{int(at.timestamp())}:R>"


def bar(fraction: float) -> str:
    """Draw a share of one as ten cells."""
    full = int(min(1.0, max(0.0, fraction)) * BAR_CELLS)
    return "▰" * full + "▱" * (BAR_CELLS - full)


def percent(value: float) -> str:
    """Write a percentage, rounded down: 100 is for what is finished."""
    return f"{int(min(100.0, max(0.0, value)))} %"


def span(seconds: float) -> str:
    """Write a length of time as people say it: "14 s", "2 min 5 s", "1 h 3 min"."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"

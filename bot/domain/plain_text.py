"""Text that people typed, made harmless and short: to store, to send and to show."""

import re
import unicodedata

ELLIPSIS = "…"

# Joiners are format characters too, but Persian words and family emoji need them.
_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_ACCENTS = frozenset(
    map(chr, range(0x300, 0x370))
)  # the marks on Latin, Greek and Cyrillic letters
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\u0085\u2028\u2029]")


def clean(text: str) -> str:
    """Drop what is not seen: control, direction-changing and unencodable characters."""
    if text.isprintable():
        return text
    lines = _LINE_ENDS.sub("\n", text).expandtabs(1)
    return "".join(char for char in lines if char.isprintable() or _is_seen(char))


def one_line(text: str) -> str:
    """Return the clean text, each run of white space one space."""
    return " ".join(clean(text).split())


def clipped(text: str, *, chars_max: int) -> str:
    """Return the text, or its beginning and an ellipsis, in at most `chars_max` characters."""
    if len(text) <= chars_max:
        return text
    return text[: chars_max - len(ELLIPSIS)].rstrip() + ELLIPSIS


def _is_seen(char: str) -> bool:
    return char in _JOINERS or char == "\n" or unicodedata.category(char) not in _UNSEEN


def folded(text: str) -> str:
    """Return text as it is compared: no capitals, accents, wide forms or unseen characters."""
    apart = unicodedata.normalize("NFKD", clean(text)).casefold()
    bare = "".join(char for char in apart if char not in _ACCENTS)
    return unicodedata.normalize("NFKC", bare)

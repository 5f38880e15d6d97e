"""Text that people typed, made harmless to store, send and show on one line."""

import unicodedata

# Joiners are format characters too, but Persian words and family emoji need them.
_JOINERS = "\u200c\u200d"
_UNWANTED = frozenset({"Cc", "Cf", "Cs"})


def one_line(text: str) -> str:
    """Return the text without control, bidi and surrogate characters, each white run one space."""
    spaced = " ".join(text.split())
    kept = (c for c in spaced if c in _JOINERS or unicodedata.category(c) not in _UNWANTED)
    return " ".join("".join(kept).split())  # again: what vanished may have stood between spaces

"""What kind of request a remote id stands for: each has routes of its own and knows no other's ids."""

from collections.abc import Mapping

from bot.domain.jobs import Remote

KIND = "kind"
PICTURES, TEXT, ALCHEMY = "pictures", "text", "alchemy"


def marked(kind: str, **extras: str) -> Mapping[str, str]:
    """Return the extras of a remote of some kind."""
    return {KIND: kind, **extras}


def kind_of(remote: Remote) -> str:
    """Tell what a remote is; rows of the first release name no kind and are pictures."""
    return remote.extras.get(KIND, PICTURES)

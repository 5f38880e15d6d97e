"""What a posted picture is called, and how it is told to those who do not see it."""

from bot.domain.jobs import ALT_CHARS_MAX
from bot.domain.plain_text import clipped, one_line

DIGEST_CHARS = 8

# Nothing in a description may be read as a mention or a link to a channel, whoever shows it.
_NEUTRAL = str.maketrans(
    {
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)


def alt_text(prompt: str) -> str:
    """Return the prompt as plain words on one line."""
    return clipped(one_line(prompt).translate(_NEUTRAL), chars_max=ALT_CHARS_MAX)


def file_name(job_id: str, number: int, digest: str, suffix: str) -> str:
    """Name a picture of a job; the suffix brings its dot.

    The digest is of its bytes: a card keeps the attachments whose names stay, so another picture
    in the same place needs another name.
    """
    return f"easel-{job_id}-{number}-{digest[:DIGEST_CHARS]}{suffix}"


def preview_name(job_id: str, digest: str, suffix: str) -> str:
    """Name the preview of a job; a newer one has another name and takes its place."""
    return f"easel-{job_id}-preview-{digest[:DIGEST_CHARS]}{suffix}"

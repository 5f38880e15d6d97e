"""Results in words on a card, and beside it as a file where they are too many."""

import hashlib
from collections.abc import Sequence

from bot.domain.jobs import Job, JobState, Passage, TextFile
from bot.ui import copy, prose, texts

DIGEST_CHARS = 8
BETWEEN = "\n\n"


def shown(job: Job, *, chars_max: int) -> str | None:
    """Return what a job has said, or is saying just now, in at most so many characters."""
    if job.passages:
        text, _ = _written(job.passages, chars_max=chars_max)
        return text
    so_far = job.progress.text if job.progress and job.state is JobState.RUNNING else None
    return prose.end(so_far, chars_max=chars_max) if so_far else None


def text_file(job: Job, *, chars_max: int) -> TextFile | None:
    """Return a job's words as a file; None where the card has room for all of them."""
    _, is_whole = _written(job.passages, chars_max=chars_max)
    if is_whole:
        return None
    data = BETWEEN.join(map(_plainly, job.passages)).encode(errors="replace")
    digest = hashlib.sha256(data).hexdigest()[:DIGEST_CHARS]
    return TextFile(name=f"easel-{job.id}-{digest}.txt", data=data, alt=copy.WHOLE_TEXT)


def _written(passages: Sequence[Passage], *, chars_max: int) -> tuple[str, bool]:
    """Write passages one below another, and tell whether nothing of them was left out.

    Each gets an equal share of the room; what one does not need is for those after it.
    """
    text, is_whole = "", True
    for number, passage in enumerate(passages):
        between = BETWEEN if text else ""
        head = _head(passage)
        share = (chars_max - texts.units(text)) // (len(passages) - number)
        room = share - len(between) - len(head)
        is_whole = is_whole and prose.fits(passage.text, chars_max=room)
        said = prose.beginning(passage.text, chars_max=max(0, room))
        text += between + head + (said or copy.NOTHING_SAID)
    return text, is_whole


def _head(passage: Passage) -> str:
    label = copy.PASSAGES[passage.kind]
    return f"**{label}** · " if label else ""


def _plainly(passage: Passage) -> str:
    label = copy.PASSAGES[passage.kind]
    return f"{label}: {passage.text}" if label else passage.text

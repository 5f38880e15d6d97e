"""How a job looks: one pure function from a job to a message, used from the first answer to the last.

A card is one container. It stays far below Discord's 40 components and 4000 characters, because
each part of it has a bound of its own, and words that were generated get what the others leave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import discord
from discord import ui

from bot.domain.conversations import answer_of
from bot.domain.jobs import (
    ENDS,
    WORKING,
    CardFile,
    FailureKind,
    Job,
    JobId,
    JobState,
    PictureFile,
    Progress,
    TextFile,
)
from bot.domain.requests import AlchemyRequest, PictureRequest, Request, TextRequest
from bot.ui import alchemy_copy, copy, credits_copy, passages, texts
from bot.ui.boxes import BLUE, GREEN, GREY, RED, YELLOW
from bot.ui.buttons import Action, JobButton

CARD_CHARS_MAX = 3900  # Discord counts 4000 over all texts of a message
PROMPT_CHARS_MAX = 900
QUESTION_CHARS_MAX = 300  # of a prompt whose answer wants the room
NOTES_MAX = 4
FILES_MAX = 10  # items in a gallery, and attachments of a message

_UNSENT = frozenset({JobState.ACCEPTED, JobState.SUBMITTING})
_PROVIDERS_FAULT = frozenset(
    {
        FailureKind.KEY,
        FailureKind.OVERLOADED,
        FailureKind.BACKEND,
        FailureKind.TIMEOUT,
        FailureKind.LOST,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What can be seen on a card, but for its files: equal drawings look the same."""

    job_id: JobId
    colour: discord.Colour
    head: tuple[str, ...]
    said: str | None
    lines: tuple[str, ...]
    buttons: tuple[tuple[Action, str], ...]


def drawn(job: Job, *, because: str | None = None, is_price_open: bool = False) -> Drawing:
    """Write down how a job looks; plain values, so that two looks are compared before any is sent.

    `because` is a sentence of ours, markup included, on a request that was refused before it
    became a job. While `is_price_open` the provider is still asked what it will cost.
    """
    head, lines = _head(job), tuple(_lines(job, because, is_price_open=is_price_open))
    return Drawing(
        job_id=job.id,
        colour=_colour(job),
        head=head,
        said=passages.shown(job, chars_max=_room(head, lines)) if _says_something(job) else None,
        lines=lines,
        buttons=_buttons(job) if because is None else (),  # what was refused late is no known job
    )


def view_of(drawing: Drawing, *, files: Sequence[CardFile] = ()) -> ui.LayoutView:
    """Make a new view, as discord.py needs one per edit.

    `files` are shown in their order and have to be attached to the same message.
    """
    box: ui.Container[Any] = ui.Container(accent_colour=drawing.colour)
    for line in drawing.head:
        box.add_item(ui.TextDisplay(line))
    if drawing.said:
        box.add_item(ui.TextDisplay(drawing.said))
    add_files(box, files)
    for line in drawing.lines:
        box.add_item(ui.TextDisplay(line))
    if drawing.buttons:
        box.add_item(
            ui.ActionRow(
                *(
                    JobButton(action, drawing.job_id, label=label)
                    for action, label in drawing.buttons
                )
            )
        )
    return ui.LayoutView(timeout=None).add_item(box)


def card(
    job: Job,
    *,
    files: Sequence[CardFile] = (),
    because: str | None = None,
    is_price_open: bool = False,
) -> ui.LayoutView:
    """Draw a job as a new view; see `drawn` and `view_of`."""
    return view_of(drawn(job, because=because, is_price_open=is_price_open), files=files)


def long_text(job: Job) -> TextFile | None:
    """Return the file that a card needs because it has no room for all that was said."""
    if not job.passages:
        return None
    return passages.text_file(job, chars_max=_room(_head(job), tuple(_lines(job, None))))


def add_files(box: ui.Container[Any], files: Sequence[CardFile]) -> None:
    """Show files that are attached to the same message: pictures together, then texts."""
    pictures = [file for file in files if isinstance(file, PictureFile)]
    if pictures:
        box.add_item(gallery(pictures))
    for file in files:
        if isinstance(file, TextFile):
            box.add_item(ui.File(f"attachment://{file.name}"))


def _says_something(job: Job) -> bool:
    return bool(job.passages or (job.progress is not None and job.progress.text))


def _room(head: Sequence[str], lines: Sequence[str]) -> int:
    """Return how many characters are left for generated words."""
    return CARD_CHARS_MAX - sum(map(texts.units, (*head, *lines)))


def lost(message: discord.Message) -> ui.LayoutView:
    """Close the card of a job that never began, from what the message itself still says."""
    shown = ui.LayoutView.from_message(message, timeout=None)
    lines = [item.content for item in shown.walk_children() if isinstance(item, ui.TextDisplay)]
    box: ui.Container[Any] = ui.Container(accent_colour=GREY)
    for line in (copy.heading(copy.LOST), *lines[1:2], copy.LOST_BEFORE_IT_BEGAN):
        box.add_item(ui.TextDisplay(line))  # the second line is the prompt
    return ui.LayoutView(timeout=None).add_item(box)


def _colour(job: Job) -> discord.Colour:
    match job.state:
        case JobState.ACCEPTED | JobState.SUBMITTING:
            return BLUE
        case JobState.RUNNING | JobState.COLLECTED:
            return BLUE if _is_queued(job) else YELLOW
        case JobState.DELIVERED | JobState.DONE:
            return GREEN
        case JobState.FAILED:
            return RED
        case JobState.CANCELLED | JobState.EXPIRED:
            return GREY
        case _:
            assert_never(job.state)


def title(job: Job) -> str:
    """Say in a word or two how a job stands."""
    if job.state in ENDS:
        return copy.ENDED[job.state]
    if job.state in {JobState.DELIVERED, JobState.DONE}:
        return copy.DONE
    if job.cancel_asked_at is not None:
        return copy.STOPPING
    if job.state is JobState.COLLECTED:
        return copy.posting(job.request)
    if _is_queued(job):
        return copy.IN_THE_QUEUE
    is_at_work = job.state is JobState.RUNNING or job.progress is not None
    return copy.at_work(job.request) if is_at_work else copy.ON_ITS_WAY


def _is_queued(job: Job) -> bool:
    """Tell whether a job stands in line: in ours while it is not sent yet, else at the provider."""
    if job.progress is not None:
        return job.progress.is_queued
    return job.state is JobState.RUNNING


def _head(job: Job) -> tuple[str, ...]:
    return copy.heading(title(job)), asked(job.request)


def asked(request: Request) -> str:
    """Write what was asked for: the prompt, or what shall be made of a picture."""
    match request:
        case AlchemyRequest():
            return alchemy_copy.asked(request)
        case TextRequest():
            return texts.in_code_block(request.prompt, chars_max=QUESTION_CHARS_MAX)
        case PictureRequest():
            return texts.in_code_block(request.prompt, chars_max=PROMPT_CHARS_MAX)


def gallery(files: Sequence[PictureFile]) -> ui.MediaGallery[Any]:
    """Lay out pictures that are attached to the same message."""
    return ui.MediaGallery(
        *(
            discord.MediaGalleryItem(
                f"attachment://{file.name}",
                description=copy.alt(file.alt),
                spoiler=file.is_spoiler,
            )
            for file in files[:FILES_MAX]
        )
    )


def _lines(job: Job, because: str | None, *, is_price_open: bool = False) -> Iterator[str]:
    if job.state in WORKING:
        yield from _working(job, is_price_open=is_price_open)
    elif job.state in ENDS:
        yield from _ended(job, because)
    else:
        yield from _done(job)
    for note in job.notes[:NOTES_MAX]:
        yield copy.note(note)
    if cost := copy.provider_cost(job):
        yield copy.note(cost)


def _working(job: Job, *, is_price_open: bool) -> Iterator[str]:
    if job.progress is not None:
        if how_far := _progress(job, job.progress):
            yield how_far
        if not job.progress.is_possible:
            yield copy.NOBODY_CAN
    if job.cancel_asked_at is not None and job.state is JobState.SUBMITTING:
        yield copy.STOPS_WITH_THE_ANSWER
    if job.failure is not None:
        yield copy.trouble(job.failure)
    yield copy.small(
        copy.owner(job),
        copy.model(job.request.model),
        copy.style(job.request),
        copy.size(job),
        copy.seed(job.request.seed),
        credits_copy.PRICE_OPEN if is_price_open else copy.price(job),
        copy.provider(job.provider),
        copy.second(job) if job.state in _UNSENT else None,
    )


def _progress(job: Job, progress: Progress) -> str:
    """Write how far it is, with a bar where there is anything to draw it from.

    Nobody knows how long a text will be, nor, of some providers, how far one picture is.
    """
    ready = copy.ready(progress.done_at)
    if isinstance(job.request, TextRequest) and not progress.is_queued:
        facts = [fact for fact in (copy.written(progress), ready) if fact]
        return copy.small(*facts) if facts else ""
    is_open = progress.percent is None and ready is None and progress.total == 1
    if is_open and not progress.is_queued:
        return copy.begun(job.changed_at)
    how_far = copy.place(progress) if progress.is_queued else copy.finished(progress)
    return " · ".join(filter(None, (texts.bar(_share(progress)), how_far, ready)))


def _share(progress: Progress) -> float:
    """Return the share that is done, by the count of results or by the provider's own figure."""
    count = progress.finished / progress.total if progress.total else 0.0
    return max(count, (progress.percent or 0.0) / 100)


def _done(job: Job) -> Iterator[str]:
    for line in (copy.arrived(job), copy.withheld(job.withheld)):
        if line:
            yield line
    took = (job.changed_at - job.created_at).total_seconds()
    model = copy.model(_model(job))
    provider = copy.provider(job.provider)
    yield copy.small(
        copy.owner(job),
        texts.span(took),
        copy.cost(job),
        copy.style(job.request),
        copy.seed(_seed(job)),
        f"{model} on {provider}" if model else provider,
    )


def _model(job: Job) -> str | None:
    return next((picture.model for picture in job.pictures if picture.model), job.request.model)


def _seed(job: Job) -> int | str | None:
    if job.request.seed is not None:
        return job.request.seed
    if job.remote is not None and job.remote.seed is not None:
        return job.remote.seed
    return job.pictures[0].seed if job.pictures else None


def _ended(job: Job, because: str | None) -> Iterator[str]:
    reason = (
        texts.inline(job.failure.sentence, chars_max=copy.REASON_CHARS_MAX) if job.failure else ""
    )
    if because or reason:
        yield because or reason
    elif job.state is JobState.FAILED:
        yield copy.NO_REASON
    says_so = job.failure is not None and job.failure.kind is FailureKind.CONTENT
    withheld = copy.withheld(job.withheld)
    if withheld and not says_so:
        yield withheld
    yield copy.small(copy.owner(job), copy.returned(job), copy.provider(job.provider))


def _buttons(job: Job) -> tuple[tuple[Action, str], ...]:
    if job.state in ENDS:
        again = Action.AGAIN, copy.TRY_AGAIN
        if job.second is None or job.failure is None or job.failure.kind not in _PROVIDERS_FAULT:
            return (again,)
        return again, (Action.ELSEWHERE, copy.elsewhere(job.second))
    if job.state not in WORKING:
        again = Action.AGAIN, copy.AGAIN
        return (again,) if answer_of(job) is None else ((Action.CONTINUE, copy.CONTINUE), again)
    if job.state is JobState.COLLECTED or job.cancel_asked_at is not None:
        return ()
    return ((Action.CANCEL, copy.CANCEL),)

"""The server's answers in our words: how far the parts of a request are, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from statistics import fmean

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.providers.aime.parts import counts_of, endpoint_of, is_complete, is_text, length_of
from bot.providers.aime.pictures import preview
from bot.providers.aime.wire import (
    READER,
    TITLE,
    Data,
    Polled,
    Progress,
    Refused,
    Result,
)
from bot.providers.base import Ended, Ending, Finished, Item, Observation, Working
from bot.providers.http import Answer
from bot.providers.reading import decoded, explained, read_refused

QUEUED, PROCESSING, DONE, LAPSED = "queued", "processing", "done", "lapsed"
UNDERWAY = frozenset({QUEUED, PROCESSING})

_LAPSED = Ended(how=Ending.EXPIRED, reason=f"{TITLE} gave this up: no worker finished it in time.")
_FORGOTTEN = Ended(how=Ending.LOST, reason=f"{TITLE} no longer knows this request.")
HANDED_OUT = Ended(
    how=Ending.LOST,
    reason=f"{TITLE} hands a result out once, and says that it has done so already.",
)

_EMPTY = Ended(how=Ending.FAILED, reason=f"{TITLE} ended this request without a picture.")
_SILENT = Ended(how=Ending.FAILED, reason=f"{TITLE} ended this request without a word.")

TEXT_CHARS_MAX = 100_000  # four times what the longest answer of the shipped endpoints has
CUT_NOTE = f"The answer was longer than {TEXT_CHARS_MAX:,} characters: the rest is left out."
USED_UP_NOTE = "The answer used up its length, so it may end in the middle."

_SAID_AGAIN = (_LAPSED, _FORGOTTEN, HANDED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A job that nothing came of yet; states that nobody knows count as work."""

    state: str
    progress: Progress

    @property
    def is_queued(self) -> bool:
        """Whether no worker has taken it up."""
        return self.state == QUEUED


UNSEEN = Open(state=PROCESSING, progress=Progress())
"""Stands for a job whose look failed while another one's brought a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was handed out with this very answer, and never will be again."""

    result: Result


Looked = Open | Made | Ended


def to_looked(answer: Answer, *, secrets: tuple[SecretStr, ...]) -> Looked | None:
    """Return how one job stands; None for an answer that says nothing of the job.

    `secrets` are cut out of a worker's words: it knows the key that a job was sent with.

    Raises:
        ProtocolBroken: for a good answer that cannot be read.
    """
    if answer.status == HTTPStatus.PAYMENT_REQUIRED:
        return _FORGOTTEN
    if not answer.is_good:
        return _LAPSED if read_refused(Refused, answer).job_state == LAPSED else None
    polled = READER.read(Polled, answer)
    if polled.job_state == DONE or polled.job_result is not None:
        return _done(polled, secrets)
    return Open(state=polled.job_state, progress=polled.progress or Progress())


def to_had(body: bytes, *, secrets: tuple[SecretStr, ...]) -> Looked:
    """Return what an answer brought that was kept when it came."""
    looked = to_looked(Answer(status=HTTPStatus.OK, headers={}, body=body), secrets=secrets)
    assert looked is not None, "a good answer says something"
    return looked


def is_said_once(looked: Looked | None) -> bool:
    """Tell whether an answer held a result, or a worker's error: there is no second one."""
    if isinstance(looked, Ended):
        return all(looked is not one for one in _SAID_AGAIN)
    return isinstance(looked, Made)


def to_observation(looked: Sequence[Looked], remote: Remote) -> Observation:
    """Return how a whole request stands; `looked` is in the order of its parts."""
    items = to_items(looked, remote)
    waiting = [one for one in looked if isinstance(one, Open)]
    if waiting:
        return _working(looked, waiting, items, remote)
    if items:
        return Finished(items=items, notes=_faults(looked, remote))
    ended = [one for one in looked if isinstance(one, Ended)]
    telling = [one for one in ended if one is not HANDED_OUT] or ended
    nothing = _SILENT if is_text(remote) else _EMPTY
    return telling[0] if telling else nothing


def to_items(looked: Sequence[Looked], remote: Remote) -> tuple[Item, ...]:
    """Return what was handed out just now; ids there are capabilities, so numbers."""
    if is_text(remote):
        return tuple(
            Item(id=f"{part}", text=said[:TEXT_CHARS_MAX], model=endpoint_of(remote))
            for part, one in enumerate(looked, 1)
            if isinstance(one, Made) and (said := one.result.text or "").strip()
        )
    return tuple(
        Item(
            id=f"{part}-{index}",
            data=decoded(text),
            seed=one.result.seed,
            model=endpoint_of(remote),
        )
        for part, one in enumerate(looked, 1)
        if isinstance(one, Made)
        for index, text in enumerate(one.result.images + one.result.image, 1)
    )


def _done(polled: Polled, secrets: tuple[SecretStr, ...]) -> Looked:
    """Look for an error before looking at pictures: some workers send one beside noise."""
    result = polled.job_result
    if result is None:
        return HANDED_OUT
    if result.error:
        why = explained("; ".join(result.error), secrets=secrets)
        return Ended(how=Ending.FAILED, reason=f"A worker of {TITLE} failed at this: {why}")
    return Made(result=result)


def _working(
    looked: Sequence[Looked], waiting: Sequence[Open], items: tuple[Item, ...], remote: Remote
) -> Working:
    first, last = waiting[0].progress, waiting[-1].progress
    is_queued = len(waiting) == len(looked) and all(one.is_queued for one in waiting)
    return Working(
        is_queued=is_queued,
        finished=_handed_out(looked, remote),
        total=remote.total,
        place=int(first.queue_position or 0) or None if is_queued else None,
        eta_s=_eta_s(last),
        percent=None if is_text(remote) else _percent(looked),
        is_possible=not is_queued or first.num_workers_online != 0,
        items=items,
        preview=preview(_previews(waiting)),
        text=_text_so_far(waiting) if is_text(remote) else None,
    )


def _handed_out(looked: Sequence[Looked], remote: Remote) -> int:
    """Return how many pictures came by now, in this answer and in earlier ones."""
    counts = zip(looked, counts_of(remote), strict=True)
    return sum(count for one, count in counts if isinstance(one, Made) or one is HANDED_OUT)


def _previews(waiting: Sequence[Open]) -> tuple[str, ...]:
    data = [one.progress.progress_data or Data() for one in waiting]
    return tuple(text for one in data for text in one.progress_images or one.images)


def _text_so_far(waiting: Sequence[Open]) -> str | None:
    """Return what was said from its beginning on; None before the first word."""
    data = waiting[0].progress.progress_data or Data()
    return data.text[:TEXT_CHARS_MAX] if data.text else None


def _eta_s(progress: Progress) -> float | None:
    """Return the server's estimate; 0 and -1 stand for "not known"."""
    estimate = progress.estimate or 0.0
    return estimate if estimate > 0 else None


def _percent(looked: Sequence[Looked]) -> float | None:
    """Return the mean of all parts; 0 is unknown."""
    shares = [
        min(max(one.progress.progress or 0.0, 0.0), 100.0) if isinstance(one, Open) else 100.0
        for one in looked
    ]
    return fmean(shares) or None


def _remarks(result: Result, remote: Remote) -> tuple[str, ...]:
    """Say what a member should know of an answer in words."""
    is_used_up = (result.num_generated_tokens or 0) >= length_of(remote)
    is_cut = len(result.text or "") > TEXT_CHARS_MAX
    return (*((USED_UP_NOTE,) if is_used_up else ()), *((CUT_NOTE,) if is_cut else ()))


def _faults(looked: Sequence[Looked], remote: Remote) -> tuple[str, ...]:
    """Say why there is less than was asked for."""
    reasons = [one.reason for one in looked if isinstance(one, Ended)]
    if is_text(remote):
        made = (one.result for one in looked if isinstance(one, Made))
        reasons += [remark for result in made for remark in _remarks(result, remote)]
    if not is_complete(remote):
        reasons.append(f"It is not certain that {TITLE} received all parts of this request.")
    return tuple(dict.fromkeys(reasons))

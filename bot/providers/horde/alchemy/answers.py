"""Answers about alchemy in our words: some results are said, others lie behind links."""

from collections.abc import Iterator, Sequence

from bot.domain.jobs import Remote
from bot.domain.plain_text import clipped
from bot.providers.base import Ended, Ending, Finished, Item, Observation, Working
from bot.providers.horde.alchemy.forms import KINDS
from bot.providers.horde.wire import NAME, TITLE, AlchemyStatus, FormState
from bot.providers.reading import StrangeStates

FORMS = "forms"
"""Names in a remote's extras what was asked for, in the order of the card."""

DONE, FAULTED, CANCELLED = "done", "faulted", "cancelled"
WAITING, PROCESSING = "waiting", "processing"
WORDS_CHARS_MAX = 2000
_STRANGE = StrangeStates(provider=NAME)


def to_observation(status: AlchemyStatus, remote: Remote) -> Observation:
    """Judge by the forms, not by the word over them: "partial" says too little."""
    items = to_items(status, remote)
    open_forms = [form for form in status.forms if _is_open(form)]
    if open_forms:
        return Working(
            is_queued=all(form.state == WAITING for form in status.forms),
            finished=len(items),
            total=remote.total,
            items=items,
        )
    if not items:
        return Ended(how=Ending.FAILED, reason=_failure(status.forms))
    return Finished(items=items, notes=_shortfall(items, remote.total))


def to_items(status: AlchemyStatus, remote: Remote) -> tuple[Item, ...]:
    """Return what is there, in the order it was asked for; a form's name is its id."""
    order = remote.extras.get(FORMS, "").split(",")
    items = [item for form in status.forms if (item := to_item(form)) is not None]
    return tuple(sorted(items, key=lambda item: _place(item.id, order)))


def to_item(form: FormState) -> Item | None:
    """Return a form's result; None while there is none, and for one that says nothing."""
    if form.state != DONE or form.result is None:
        return None
    kind = KINDS.get(form.form)
    if kind is None:
        url = next((link for link in _links(form.result)), None)
        return None if url is None else Item(id=form.form, url=url, model=form.form)
    words = ", ".join(dict.fromkeys(_words(form.result)))
    return (
        Item(id=form.form, text=clipped(words, chars_max=WORDS_CHARS_MAX), kind=kind)
        if words
        else None
    )


def _is_open(form: FormState) -> bool:
    """Tell whether a form may still bring something; what nobody knows is still at work."""
    if form.state in {DONE, FAULTED, CANCELLED}:
        return False
    if form.state not in {WAITING, PROCESSING}:
        _STRANGE.note(form.state)
    return True


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _links(value: object) -> Iterator[str]:
    match value:
        case str() if value.startswith(("https://", "http://")):
            yield value
        case dict():
            for each in value.values():
                yield from _links(each)
        case _:
            pass


def _words(value: object) -> Iterator[str]:
    """Yield every word of a result, however deep: tags come in lists by topic, with confidences."""
    match value:
        case bool():
            yield "yes" if value else "no"
        case str() if value.strip():
            yield " ".join(value.split())
        case {"text": str(text)}:
            yield from _words(text)
        case dict():
            for each in value.values():
                yield from _words(each)
        case list():
            for each in value:
                yield from _words(each)
        case _:
            pass


def _failure(forms: Sequence[FormState]) -> str:
    if any(form.state == FAULTED for form in forms):
        return f"{TITLE}'s workers failed at this picture and gave it up."
    return f"{TITLE} ended this request without a result."


def _shortfall(items: Sequence[Item], total: int) -> tuple[str, ...]:
    if len(items) >= total:
        return ()
    return (f"{TITLE} brought {len(items)} of {total} results; its workers gave up the rest.",)

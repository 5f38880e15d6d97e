"""Answers about texts in our words."""

from dataclasses import replace

from bot.domain.jobs import PassageKind, Remote
from bot.providers.base import Ended, Ending, Finished, Item, Makes, Model, Observation
from bot.providers.horde.answers import is_over, to_progress
from bot.providers.horde.texts.plan import to_answer
from bot.providers.horde.wire import TITLE, ModelRow, TextStatus, Written

ITEM_ID = "text"  # one text is asked for at a time, and the status gives it no id
CENSORED = f"{TITLE} withheld this text."


def to_observation(status: TextStatus, remote: Remote) -> Observation:
    """Judge a status: there is no shorter check for texts, so every look is one."""
    items = to_items(status)
    if not is_over(status):
        return replace(to_progress(status, total=remote.total), items=items)
    if not items:
        return Ended(how=Ending.FAILED, reason=_failure(status))
    return Finished(items=items, cost=status.kudos)


def to_items(status: TextStatus) -> tuple[Item, ...]:
    """Return what was written so far; an empty text is none."""
    items = (to_item(written) for written in status.generations[:1])
    return tuple(item for item in items if item.is_withheld or item.text)


def to_item(written: Written) -> Item:
    """Return one text."""
    is_withheld = written.state != "ok"
    return Item(
        id=ITEM_ID,
        text=None if is_withheld else to_answer(written.text),
        kind=PassageKind.ANSWER,
        model=written.model,
        is_withheld=is_withheld,
        notes=(CENSORED,) if is_withheld else (),
    )


def to_models(rows: tuple[ModelRow, ...]) -> tuple[Model, ...]:
    """Return the models of texts, the most served first."""
    models = (
        Model(name=row.name, makes=Makes.TEXTS, workers=row.count, queued=row.jobs, eta_s=row.eta)
        for row in rows
        if row.type == "text"
    )
    return tuple(sorted(models, key=lambda model: (-(model.workers or 0), model.name)))


def _failure(status: TextStatus) -> str:
    if status.faulted or status.restarted:
        return f"{TITLE}'s workers failed at this text and gave it up."
    return f"{TITLE} ended this request without a text."

"""The Horde's answers in our words: how far a request is, and what came out of it."""

from dataclasses import replace
from types import MappingProxyType

from bot.domain.jobs import Remote
from bot.providers.base import (
    Accepted,
    Ended,
    Ending,
    Finished,
    Item,
    Model,
    Observation,
    Working,
)
from bot.providers.horde.wire import (
    TITLE,
    Check,
    Delivered,
    ModelRow,
    Remark,
    Status,
    Submitted,
    Warned,
)
from bot.providers.reading import decoded

ADOPTED = "adopted"
"""Marks a remote that was found again, not answered: its picture must prove by its seed."""

_WARNINGS = MappingProxyType(
    {
        "NoAvailableWorker": "No worker can serve this now. AI Horde keeps it for 20 minutes in "
        "case one appears; a smaller size or another model helps.",
        "ClipSkipMismatch": "The clip skip is unusual for this model.",
        "StepsTooFew": "These are few steps for this model.",
        "StepsTooMany": "These are more steps than this model needs.",
        "CfgScaleMismatch": "The guidance scale is unusual for this model.",
        "CfgScaleTooSmall": "The guidance scale is low for this model.",
        "CfgScaleTooLarge": "The guidance scale is high for this model.",
        "SamplerMismatch": "The sampler is unusual for this model.",
        "SchedulerMismatch": "The noise schedule is unusual for this model.",
    }
)

CENSORSHIP = "censorship"
WITHHELD = f"{TITLE}'s safety filter withheld this picture."

_PARTS = MappingProxyType(
    {
        "lora": "a LoRA",
        "ti": "a textual inversion",
        "source_image": "the source picture",
        "source_mask": "the mask",
        "extra_source_images": "an extra source picture",
    }
)
_FATES = MappingProxyType(
    {
        "download_failed": "could not be downloaded",
        "parse_failed": "could not be read",
        "baseline_mismatch": "does not fit the model",
    }
)


def to_accepted(submitted: Submitted, remote: Remote) -> Accepted:
    """Return the accepted request with its warnings as sentences."""
    return Accepted(remote=remote, notes=tuple(_warning(one) for one in submitted.warnings))


def _warning(warned: Warned) -> str:
    return _WARNINGS.get(warned.code, f"{TITLE} warns of something unusual ({warned.code[:40]}).")


def is_over(check: Check) -> bool:
    """Tell whether nothing more will come: `done` alone also covers failed and open attempts."""
    return check.faulted or (check.done and check.processing == 0 and check.waiting == 0)


def to_progress(check: Check, *, total: int) -> Working:
    """Return how far an unfinished request is; the Horde knows no percentage."""
    return Working(
        is_queued=check.waiting > 0 and check.processing == 0,
        finished=min(check.finished, total),
        total=total,
        place=check.queue_position or None,
        eta_s=float(check.wait_time) or None,
        is_possible=check.is_possible,
    )


def to_observation(status: Status, remote: Remote) -> Observation:
    """Judge the full status of a request that is over, or of one that only seemed to be."""
    items = to_items(status)
    if not is_over(status):
        listed = () if is_foreign(items, remote) else items
        return replace(to_progress(status, total=remote.total), items=listed)
    if not items:
        return Ended(how=Ending.FAILED, reason=_failure(status))
    if is_foreign(items, remote):
        return Ended(
            how=Ending.LOST, reason=f"It is not certain that {TITLE} ever received this request."
        )
    return Finished(items=items, cost=status.kudos, notes=_shortfall(items, remote.total))


def to_items(status: Status) -> tuple[Item, ...]:
    """Return what was delivered so far, withheld pictures included."""
    return tuple(to_item(delivered) for delivered in status.generations)


def is_foreign(items: tuple[Item, ...], remote: Remote) -> bool:
    """Tell whether a re-found request turns out to be another one made with the same key.

    Only a single picture can tell: in a batch the workers count seeds on as they like.
    """
    if ADOPTED not in remote.extras or remote.total != 1 or remote.seed is None:
        return False
    return any(item.seed != str(remote.seed) for item in items)


def to_item(delivered: Delivered) -> Item:
    """Return one delivered picture."""
    notes = tuple(
        sentence for remark in delivered.gen_metadata if (sentence := _remark(remark)) is not None
    )
    img = delivered.img or ""
    is_link = img.startswith(("https://", "http://"))
    found = {remark.value for remark in delivered.gen_metadata if remark.type == CENSORSHIP}
    # Censored, `img` is a placeholder; a worker that says "csam" and sends all the same is not trusted.
    is_withheld = delivered.censored or "csam" in found
    if is_withheld and found:
        notes = (WITHHELD, *notes)
    return Item(
        id=delivered.id,
        url=img if is_link and not is_withheld else None,
        data=decoded(img) if not is_link and not is_withheld else None,
        seed=delivered.seed,
        model=delivered.model,
        is_withheld=is_withheld,
        is_flagged=bool(found) and not is_withheld,
        notes=notes,
    )


def _remark(remark: Remark) -> str | None:
    part, fate = _PARTS.get(remark.type), _FATES.get(remark.value)
    return f"The worker left out {part}: it {fate}." if part and fate else None


def _failure(status: Status) -> str:
    if status.faulted or status.restarted:
        return f"{TITLE}'s workers failed at this request and gave it up."
    return f"{TITLE} ended this request without a picture."


def _shortfall(items: tuple[Item, ...], total: int) -> tuple[str, ...]:
    if len(items) >= total:
        return ()
    return (f"{TITLE} delivered {len(items)} of {total} pictures; its workers gave up the rest.",)


def to_models(rows: tuple[ModelRow, ...]) -> tuple[Model, ...]:
    """Return the picture models, the most served first."""
    models = (
        Model(name=row.name, workers=row.count, queued=row.jobs, eta_s=row.eta)
        for row in rows
        if row.type == "image"
    )
    return tuple(sorted(models, key=lambda model: (-(model.workers or 0), model.name)))

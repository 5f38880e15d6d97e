"""The bodies of the Horde's answers, key by key as recorded."""

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.jobs import Job, Picture, PictureState
from bot.sandbox.providers.horde.rules import WORKER_ID, WORKER_NAME, HordeRules, Model

Body = dict[str, object]

NO_WORKER_TEXT = (
    "Warning: No available workers can fulfill this request. It will expire in 20 minutes unless a worker "
    "appears. Please confider reducing its size of the request or choosing a different model."
)


def accepted(job: Job, warnings: tuple[str, ...]) -> Body:
    """Return the 202: `kudos` is the rounded price of one picture, not of the request."""
    body: Body = {"id": job.remote_id, "kudos": float(round(job.price))}
    if warnings:
        found = [{"code": code, "message": warning_text(code)} for code in warnings]
        body |= {"message": found[0]["message"], "warnings": found}
    return body


def warning_text(code: str) -> str:
    """Return the sentence of a warning."""
    if code == "NoAvailableWorker":
        return NO_WORKER_TEXT
    return f"Warning: the request does not suit the model ({code})."


def lite_status(job: Job, *, position: int, wait_s: float) -> Body:
    """Return what `check` answers."""
    return {
        "finished": len(job.delivered),
        "processing": job.processing,
        "restarted": job.restarted,
        "waiting": job.waiting,
        "done": job.says_done,
        "faulted": job.faulted,
        "wait_time": round(wait_s),
        "queue_position": position,
        "kudos": float(round(job.charged)),
        "is_possible": job.possible and not job.faulted,
    }


def generation(job: Job, picture: Picture, *, img: str) -> Body:
    """Return one picture as `status` lists it; the seed is text here."""
    return {
        "img": img,
        "seed": str(picture.seed),
        "id": picture.picture_id,
        "censored": picture.censored,
        "gen_metadata": metadata(job, picture),
        "worker_id": WORKER_ID,
        "worker_name": WORKER_NAME,
        "model": job.model,
        "state": "ok",
    }


def webhook(job: Job, picture: Picture, *, img: str) -> Body:
    """Return one picture as it is announced; seed and kudos (the worker's reward) are numbers."""
    body = generation(job, picture, img=img)
    del body["state"]
    return body | {"seed": picture.seed, "request": job.remote_id, "kudos": job.price}


def metadata(job: Job, picture: Picture) -> list[Body]:
    """Return the notes on a picture."""
    notes = [{"type": kind, "value": value} for kind, value in job.script.metadata]
    censorship = [{"type": "censorship", "value": "csam"}] if picture.censored else []
    return [dict(note) for note in censorship + notes]


def model(entry: Model, *, queued: float, jobs: float) -> Body:
    """Return one entry of `/status/models`."""
    return {
        "performance": entry.performance,
        "queued": entry.queued + queued,
        "jobs": entry.jobs + jobs,
        "eta": entry.eta,
        "type": "image",
        "name": entry.name,
        "count": entry.count,
    }


def performance(rules: HordeRules, *, waiting: int, megapixelsteps: float) -> Body:
    """Return the counters that the upfront rule reads."""
    return {
        "queued_requests": waiting,
        "queued_text_requests": 0,
        "worker_count": rules.worker_count,
        "text_worker_count": 0,
        "thread_count": rules.thread_count,
        "text_thread_count": 0,
        "queued_megapixelsteps": round(float(megapixelsteps), 2),
        "past_minute_megapixelsteps": 0.0,
        "queued_forms": 0.0,
        "interrogator_count": 0,
        "interrogator_thread_count": 0,
        "queued_tokens": 0.0,
        "past_minute_tokens": 0.0,
    }


def megapixelsteps(job: Job) -> float:
    """Return the work that a request still asks for."""
    todo = job.count(PictureState.WAITING)
    return todo * job.wish.width * job.wish.height * job.wish.steps / 1_000_000


def profile(account: Account) -> Body:
    """Return what anybody may read about an account."""
    return {
        "username": account.username,
        "id": account.user_id,
        "kudos": float(round(account.kudos)),
        "concurrency": account.concurrency,
        "worker_invited": 0,
        "moderator": False,
        "kudos_details": {
            "accumulated": float(-round(account.spent)),
            "gifted": 0, "donated": 0, "admin": 0, "received": 0, "recurring": 0, "awarded": 0, "styled": 0,
        },
        "worker_count": 0,
        "worker_ids": [],
        "styles": [],
        "sharedkey_ids": [],
        "trusted": account.trusted,
        "flagged": False,
        "vpn": False,
        "service": False,
        "education": False,
        "customizer": False,
        "special": False,
        "deleted": False,
        "pseudonymous": False,
        "account_age": 390,
        "usage": {"megapixelsteps": None, "requests": None},
        "contributions": {"megapixelsteps": None, "fulfillments": None},
        "records": {
            "usage": {"megapixelsteps": round(account.megapixelsteps, 2), "tokens": 0},
            "contribution": {"megapixelsteps": 0, "tokens": 0},
            "fulfillment": _of_each_kind(0),
            "request": _of_each_kind(account.requests),
            "style": _of_each_kind(0),
        },
    }  # fmt: skip


def own_profile(
    account: Account, *, shared: SharedKey | None, shared_ids: list[str], active: list[str]
) -> Body:
    """Return what the key's owner reads; `active_generations` is missing when nothing runs.

    The anonymous account has the key always and lists nothing under it.
    """
    suffix = f" (Shared Key: {shared.name})" if shared else ""
    body = profile(account) | {"username": account.username + suffix, "sharedkey_ids": shared_ids}
    if account.is_anonymous:
        body["active_generations"] = {"image": []}
    elif active:
        body["active_generations"] = {"image": active}
    return body


def _of_each_kind(images: int) -> Body:
    return {"image": images, "text": 0, "interrogation": 0}

"""The bodies of answers that every kind of request shares, key by key as recorded."""

from bot.sandbox.providers.horde.jobs import Job
from bot.sandbox.providers.horde.rules import HordeRules, Model

Body = dict[str, object]

NO_WORKER_TEXT = (
    "Warning: No available workers can fulfill this request. It will expire in 20 minutes unless a worker "
    "appears. Please confider reducing its size of the request or choosing a different model."
)


def accepted(job: Job, *, kudos: float) -> Body:
    """Return the 202 with its warnings."""
    body: Body = {"id": job.remote_id, "kudos": kudos}
    warnings = job.script.warnings if job.possible else (*job.script.warnings, "NoAvailableWorker")
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
        "finished": job.finished,
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


def model(entry: Model, *, kind: str, queued: float, jobs: float) -> Body:
    """Return one entry of `/status/models`."""
    return {
        "performance": entry.performance,
        "queued": entry.queued + queued,
        "jobs": entry.jobs + jobs,
        "eta": entry.eta,
        "type": kind,
        "name": entry.name,
        "count": entry.count,
    }


def performance(
    rules: HordeRules, *, pictures: int, megapixelsteps: float, texts: int, tokens: int, forms: int
) -> Body:
    """Return the counters that the upfront rules read."""
    return {
        "queued_requests": pictures,
        "queued_text_requests": texts,
        "worker_count": rules.worker_count,
        "text_worker_count": rules.text_worker_count,
        "thread_count": rules.thread_count,
        "text_thread_count": rules.text_thread_count,
        "queued_megapixelsteps": round(float(megapixelsteps), 2),
        "past_minute_megapixelsteps": 0.0,
        "queued_forms": float(forms),
        "interrogator_count": rules.alchemist_count,
        "interrogator_thread_count": rules.alchemist_thread_count,
        "queued_tokens": float(tokens),
        "past_minute_tokens": 0.0,
    }

"""Texts as the Horde's answers and webhooks carry them, key by key as recorded."""

from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.rules import SCRIBE_ID, SCRIBE_NAME
from bot.sandbox.providers.horde.texts.jobs import TextJob, Writing
from bot.sandbox.providers.horde.texts.writing import words_of


def generation(job: TextJob, writing: Writing) -> Body:
    """Return one text as the status lists it: without an id, the seed a number."""
    return {
        "text": words_of(job, writing),
        "seed": writing.seed,
        "gen_metadata": [{"type": kind, "value": value} for kind, value in job.script.metadata],
        "worker_id": SCRIBE_ID,
        "worker_name": SCRIBE_NAME,
        "model": job.model,
        "state": "censored" if writing.censored else "ok",
    }


def webhook(job: TextJob, writing: Writing) -> Body:
    """Return one text as it is announced; `kudos` is the worker's reward."""
    return generation(job, writing) | {
        "id": writing.part_id,
        "request": job.remote_id,
        "kudos": round(job.price, 2),
    }


def tokens_left(job: TextJob) -> int:
    """Return how many tokens a request still asks for."""
    return job.waiting * job.wish.max_length

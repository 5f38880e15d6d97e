"""Pictures as the Horde's answers and webhooks carry them, key by key as recorded."""

from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.jobs import PartState
from bot.sandbox.providers.horde.pictures.jobs import Picture, PictureJob
from bot.sandbox.providers.horde.rules import WORKER_ID, WORKER_NAME


def generation(job: PictureJob, picture: Picture, *, img: str) -> Body:
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


def webhook(job: PictureJob, picture: Picture, *, img: str) -> Body:
    """Return one picture as it is announced; seed and kudos (the worker's reward) are numbers."""
    body = generation(job, picture, img=img)
    del body["state"]
    return body | {"seed": picture.seed, "request": job.remote_id, "kudos": job.price}


def metadata(job: PictureJob, picture: Picture) -> list[Body]:
    """Return the notes on a picture."""
    notes = [{"type": kind, "value": value} for kind, value in job.script.metadata]
    censorship = [{"type": "censorship", "value": "csam"}] if picture.censored else []
    return [dict(note) for note in censorship + notes]


def megapixelsteps(job: PictureJob) -> float:
    """Return the work that a request still asks for."""
    todo = job.count(PartState.WAITING)
    return todo * job.wish.width * job.wish.height * job.wish.steps / 1_000_000

"""Alchemy as the Horde's answers and webhooks carry it, key by key as recorded."""

from bot.sandbox.providers.horde.alchemy.jobs import STATES, AlchemyJob, FormPart
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.rules import ALCHEMIST_ID, ALCHEMIST_NAME


def status(job: AlchemyJob) -> Body:
    """Return what `status` answers; finished forms have moved to the end of the list."""
    forms = sorted(job.forms, key=lambda form: (form.result is not None, form.part_id))
    return {"state": job.overall, "forms": [_form(form) for form in forms]}


def webhook(job: AlchemyJob, form: FormPart) -> Body:
    """Return one form as it is announced; `kudos` is the worker's reward."""
    return _form(form) | {
        "worker_id": ALCHEMIST_ID,
        "worker_name": ALCHEMIST_NAME,
        "request": job.remote_id,
        "id": form.part_id,
        "kudos": job.cost(form),
    }


def _form(form: FormPart) -> Body:
    body: Body = {"form": form.name, "state": STATES[form.state]}
    return body if form.result is None else body | {"result": form.result}

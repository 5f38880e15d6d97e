"""The bodies of the server's answers about a request."""

from bot.sandbox.providers.aime import talk
from bot.sandbox.providers.aime.endpoints import Endpoint, Kind
from bot.sandbox.providers.aime.jobs import Job, JobState
from bot.sandbox.providers.aime.prints import Print, data_uri, printed
from bot.sandbox.providers.aime.scripts import Dress, Outcome
from bot.sandbox.providers.aime.world import World

Body = dict[str, object]

WORKER_INTERFACE = "AIME API Worker Interface 0.9.12"
STRENGTHS = ("image2image_strength", "denoise", "img2img_strength", "strength")


def submitted(job: Job) -> Body:
    """Return the answer to an accepted request that is not waited for."""
    return {"success": True, "job_id": job.remote_id, "ep_version": job.endpoint.version}


def lapsed(world: World, job: Job) -> Body:
    """Return what comes with the error of a job that was given up."""
    counts = {"queue_position": 0, "estimate": -1, "num_workers_online": _online(world, job)}
    progress = {**counts, "progress": 0, "progress_data": {}}
    return {"job_state": JobState.LAPSED.value, "progress": progress}


async def progress(world: World, job: Job, endpoint: Endpoint) -> Body:
    """Return the answer to a poll; the first one after the end takes the result away."""
    body: Body = {"success": True, "job_id": job.remote_id, "ep_version": endpoint.version}
    state = job.state  # it may end while a preview is drawn; one answer tells of one moment
    if state is not JobState.DONE:
        body["progress"] = await _progress(world, job)
    elif job.handed_out_at_s is None:
        job.handed_out_at_s = world.clock.elapsed_s()  # before anything else can run
        body["job_result"] = await result(world, job)
        if world.rules.is_older:
            body["progress"] = {"progress": 100, "queue_position": 0, "job_id": job.remote_id}
    return {**body, "job_state": state.value}


async def result(world: World, job: Job) -> Body:
    """Return the result object with its figures."""
    assert job.started_at_s is not None
    assert job.done_at_s is not None
    started = world.clock.at(job.started_at_s).timestamp()
    done = world.clock.at(job.done_at_s).timestamp()
    body = submitted(job) | await _outputs(world, job)
    if world.rules.shows_workers:
        worker = job.endpoint.worker()
        body |= {"auth": worker, "worker_interface_version": WORKER_INTERFACE}
    return body | {
        "start_time": world.clock.at(job.accepted_at_s).timestamp(),
        "start_time_compute": started,
        "result_received_time": done,
        "compute_duration": round(done - started, 3),
        "total_duration": round(job.done_at_s - job.accepted_at_s, 3),
    }


async def _progress(world: World, job: Job) -> Body:
    body: Body = {"progress": 0, "progress_data": {}}
    if job.updates:  # the worker's own message is passed on, with its secret
        chat = talk.outputs(job, share=job.percent / 100) if _is_chat(job) else None
        body = {
            "auth": job.endpoint.worker(),
            "job_type": job.endpoint.job_type,
            "auth_key": world.worker_secret,
            "job_id": job.remote_id,
            "progress": job.claimed_percent if chat is None else chat["num_generated_tokens"],
            "progress_data": await _preview(world, job) if chat is None else chat,
        }
    return body | {
        "queue_position": world.queue.position(job),
        "estimate": _estimate(world, job),
        "num_workers_online": _online(world, job),
    }


def _estimate(world: World, job: Job) -> float:
    """Return seconds of the client's time; 0 once updates come, -1 while there is no worker."""
    if not _online(world, job):
        return -1
    if job.updates:
        return 0
    return round(world.clock.real_s(world.queue.wait_s(job)), 1)


async def _preview(world: World, job: Job) -> Body:
    if not job.endpoint.progress:
        return {}
    body: Body = {"progress_message": f"step {job.updates}/{job.script.updates + 1}"}
    if job.wants_previews:
        name = "images" if world.rules.is_older else "progress_images"
        padding = b" " * job.script.preview_bytes_extra
        previews = [
            await printed(world.studio, Print(wish=wish, share=job.percent / 100))
            for wish in job.wishes
        ]
        dress = Dress.BARE if world.rules.is_older else job.script.preview_dress
        body[name] = [data_uri(each + padding, "JPEG", dress) for each in previews]
    return body


async def _outputs(world: World, job: Job) -> Body:
    """Return what the worker made, as its endpoint names it."""
    if job.script.outcome is Outcome.ERROR:
        return {"error": job.script.error}
    if _is_chat(job):
        made: Body = {**talk.result(job)} | _empty(job, {"text": ""})
    else:
        made = await _pictures(world, job)
    if job.script.outcome is Outcome.ERROR_AND_PICTURE:
        made["error"] = job.script.error
    return made


async def pictures(world: World, job: Job) -> list[bytes]:
    """Return the pictures of a request as its worker prints them."""
    form = _form(job)
    return [
        await printed(
            world.studio,
            Print(wish=wish, form=form, source=job.source, strength=_strength(job)),
        )
        for wish in job.wishes
    ]


def _output(job: Job) -> str:
    return "images" if "images" in job.endpoint.outputs else "image"


def _form(job: Job) -> str:
    return str(job.endpoint.outputs[_output(job)]["format"])


async def _pictures(world: World, job: Job) -> Body:
    name, form = _output(job), _form(job)
    texts = [data_uri(each, form, _dress(world, job)) for each in await pictures(world, job)]
    if name == "image":
        return {"image": texts[0], "info": "sandbox"} | _empty(job, {"image": ""})
    facts: Body = {
        "seed": job.seed,
        "prompt": job.prompt,
        "model_name": job.endpoint.model_label,
    }
    return {"images": texts, **facts} | _empty(job, {"images": []})


def _empty(job: Job, nothing: Body) -> Body:
    return nothing if job.script.outcome is Outcome.EMPTY else {}


def _strength(job: Job) -> float:
    strength = next((job.values[name] for name in STRENGTHS if name in job.values), 1.0)
    assert isinstance(strength, int | float)
    return strength


def _dress(world: World, job: Job) -> Dress:
    return Dress.BARE if world.rules.is_older else job.script.dress


def _online(world: World, job: Job) -> int:
    return world.endpoints[job.endpoint.name].workers


def _is_chat(job: Job) -> bool:
    return job.endpoint.kind is Kind.CHAT

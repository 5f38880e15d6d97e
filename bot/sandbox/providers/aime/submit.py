"""A request for work: what is refused, in which order, and how it is taken in."""

import asyncio
from collections.abc import Mapping

from bot.sandbox.providers.aime import images
from bot.sandbox.providers.aime.answers import lapsed, result
from bot.sandbox.providers.aime.endpoints import Endpoint, Kind
from bot.sandbox.providers.aime.jobs import Job, JobState
from bot.sandbox.providers.aime.keys import NOT_VALID, Access
from bot.sandbox.providers.aime.parameters import Values, checked
from bot.sandbox.providers.aime.refusals import Refusal, refused, timed_out, unknown_job
from bot.sandbox.providers.aime.world import World

Sent = Mapping[str, object]

SEEDS = 2**32
RANDOM_SEED = -1
NO_SESSION = "API Key missing and client session authentication key not registered in API Server"


async def submit(world: World, endpoint: Endpoint, sent: Sent, *, process: int) -> Job:
    """Take a request in; raises `Refusal`, or `FrameworkError` for what makes the server hang."""
    world.queue.catch_up()
    _check_room(world, endpoint)
    access = admitted(world, endpoint, sent, process=process)
    values, faults = checked(endpoint, sent)
    if faults:
        raise refused(400, faults, ep_version=endpoint.version)
    source = await _source(world, endpoint, values)
    number = world.next_number()
    job = Job(
        remote_id=f"{world.new_id()}#{number}",
        number=number,
        endpoint=endpoint,
        process=process,
        key=access.key,
        values=values,
        seed=_seed(world, values),
        source=source,
        script=world.scripts.take(),
        accepted_at_s=world.clock.elapsed_s(),
    )
    if endpoint.kind is Kind.PICTURE:
        for wish in job.wishes:
            world.studio.prepare(wish)
    world.truth.add(job)
    world.queue.accept(job)
    return job


def admitted(world: World, endpoint: Endpoint, sent: Sent, *, process: int) -> Access:
    """Return who asks; a key counts before a session."""
    version = endpoint.version
    if sent.get("key") is not None:
        access = world.keys.by_key(sent["key"])
        if access is None:
            raise refused(401, [NOT_VALID], ep_version=version)
    else:
        access = world.keys.by_session(sent.get("client_session_auth_key"), process=process)
        if access is None:
            raise refused(401, [NO_SESSION], ep_version=version)
    if not access.opens(endpoint.name):
        raise refused(402, [f"Key not valid for endpoint {endpoint.name}"], ep_version=version)
    return access


async def waited_for(world: World, job: Job) -> dict[str, object]:
    """Return a job's result once it is there; its end goes unseen when that takes too long."""
    if not await world.queue.wait(world.rules.blocking_timeout_s, job.over):
        raise timed_out()
    match job.state:
        case JobState.LAPSED:
            raise lapsed_error(world, job)
        case JobState.DONE:
            job.handed_out_at_s = world.clock.elapsed_s()
            return await result(world, job)
        case _:
            raise unknown_job(job.remote_id, ep_version=job.endpoint.version)


def lapsed_error(world: World, job: Job) -> Refusal:
    """Return the answer about a job that was given up."""
    error = f"Job {job.remote_id} on {job.endpoint.name} lapsed!"
    return refused(400, error, ep_version=job.endpoint.version, **lapsed(world, job))


def _check_room(world: World, endpoint: Endpoint) -> None:
    """Refuse before anybody asks who it is, as the real server does."""
    error = ""
    if not endpoint.is_enabled:
        error = f"Endpoint {endpoint.name} is disabled!"
    elif world.queue.waiting(endpoint.name) >= endpoint.max_queue_length:
        error = f"Job queue reached max length {endpoint.max_queue_length}!"
    if error:
        raise refused(400, error, ep_version=endpoint.version)


async def _source(world: World, endpoint: Endpoint, values: Values) -> bytes | None:
    """Return the picture that came along."""
    for name, field in endpoint.inputs.items():
        text = values.get(name)
        if field["type"] != "image" or not isinstance(text, str):
            continue
        if not world.rules.takes_media:
            error = images.NO_MEDIA.format(name=name)
            raise refused(400, [error], ep_version=endpoint.version)
        if images.hangs(text):
            await world.queue.wait(world.rules.blocking_timeout_s, asyncio.Event())
            raise timed_out()
        data = await images.decoded(text)
        if data is None:
            error = images.UNREADABLE.format(name=name)
            raise refused(400, [error], ep_version=endpoint.version)
        return data
    return None


def _seed(world: World, values: Values) -> int:
    seed = values.get("seed", RANDOM_SEED)
    assert isinstance(seed, int)
    return world.chance.randrange(SEEDS) if seed == RANDOM_SEED else seed

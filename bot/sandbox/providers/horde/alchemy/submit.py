"""`POST /interrogate/async`: what is refused, in which order, and how a request is taken in.

Neither the prompt filter nor an address's timeout applies here.
"""

import asyncio
import math

from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.admission import (
    Caller,
    admitted,
    check_concurrency,
    check_key_is_there,
)
from bot.sandbox.providers.horde.alchemy.jobs import AlchemyJob, FormPart, plan_forms
from bot.sandbox.providers.horde.alchemy.seeing import words
from bot.sandbox.providers.horde.alchemy.submit_schema import MISSING, REQUIRED, SUBMIT, UNSERVED
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.checks import check_common
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.schema import errors_of
from bot.sandbox.providers.horde.scripts import Outcome, Webhooks
from bot.sandbox.providers.horde.source_images import SourceImage, source_image
from bot.sandbox.providers.horde.world import World

TILE_PX, TILES_MAX = 512, 255
FORMS_PER_CONCURRENCY = 10


async def submit(world: World, caller: Caller, sent: object) -> tuple[int, Body]:
    """Return status and body; raises `Refusal`."""
    given = sent if isinstance(sent, dict) else {}
    if missing := [name for name in REQUIRED if name not in given]:
        raise invalid({missing[0]: MISSING})
    if errors := dict(errors_of(sent, SUBMIT)):
        raise invalid(errors)
    key = check_key_is_there(caller)
    account = admitted(world, caller, may_be_in_timeout=True)
    check_common(given, account=account, rules=world.rules)
    source = await source_image(str(given["source_image"]))
    _check_tiles(source)
    names = [str(form["name"]) for form in given["forms"]]
    queue = world.alchemy.queue
    check_concurrency(
        waiting=queue.waiting(account),
        wanted=len(names),
        limit=FORMS_PER_CONCURRENCY * account.concurrency,
    )
    job = await _taken_in(world, account, key, names, source, given)
    if job.script.webhooks is Webhooks.EARLY:
        queue.finish(job)
        await world.webhooks.sent_all()
    return 202, {"id": job.remote_id}


def _check_tiles(source: SourceImage) -> None:
    tiles = math.ceil(source.width / TILE_PX) * math.ceil(source.height / TILE_PX)
    if tiles > TILES_MAX:
        message = f"The source image has more than {TILES_MAX} tiles of {TILE_PX} pixels."
        raise Refusal(400, message, rc="SourceImageResolutionExceeded")


async def _taken_in(
    world: World,
    account: Account,
    key: str,
    names: list[str],
    source: SourceImage,
    sent: dict[str, object],
) -> AlchemyJob:
    """Make the job and put it into the queue."""
    script = world.alchemy.scripts.take()
    now_s = world.clock.elapsed_s()
    is_served = world.rules.alchemist_count > 0 and not set(names) & set(UNSERVED)
    job = AlchemyJob(
        remote_id=world.new_id(),
        number=len(world.alchemy.accepted),
        account=account,
        shared_key=world.accounts.shared_key(key),
        payload=sent,
        script=script,
        source=source.data,
        webhook=str(sent.get("webhook", "")),
        possible=is_served and script.outcome is not Outcome.NEVER,
        accepted_at_s=now_s,
        expires_at_s=now_s + world.rules.request_lifetime_s,
        forms=[
            FormPart(
                part_id=world.new_id(),
                index=index,
                name=name,
                words=await asyncio.to_thread(words, name, source.data, script),
            )
            for index, name in enumerate(names)
        ],
    )
    plan_forms(job)
    account.alchemy_requests += 1
    world.alchemy.take_in(job)
    return job

"""`POST /generate/async`: what is refused, in which order, and how a request is taken in."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.admission import (
    Caller,
    admitted,
    check_concurrency,
    check_key_is_there,
)
from bot.sandbox.providers.horde.answers import Body, accepted
from bot.sandbox.providers.horde.checks import check_common
from bot.sandbox.providers.horde.jobs import plan
from bot.sandbox.providers.horde.pictures import prices
from bot.sandbox.providers.horde.pictures.checks import check_payload
from bot.sandbox.providers.horde.pictures.jobs import Picture, PictureJob
from bot.sandbox.providers.horde.pictures.submit_schema import SUBMIT
from bot.sandbox.providers.horde.pictures.wish import SEEDS, Wish, to_wish
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.rules import Model
from bot.sandbox.providers.horde.schema import errors_of
from bot.sandbox.providers.horde.scripts import Outcome, Webhooks
from bot.sandbox.providers.horde.source_images import check_side, source_image
from bot.sandbox.providers.horde.styles.book import styled
from bot.sandbox.providers.horde.world import World

DRY_RUN_LIFETIME_S = 2 * 24 * 3600.0

CORRUPT_PROMPT = (
    "This prompt appears to violate our terms of service and will be reported. Please contact us if you "
    "think this is an error."
)
UPFRONT = (
    "Due to heavy demand, for requests over {side}x{side} or over 50 steps (10 steps for LCM work, 30 steps "
    "for Stable Cascade, and half those steps for k_heun, dpmpp_sde, and dpm_2*) the client needs to already "
    "have the required kudos. This request requires {kudos} kudos to fulfil."
)


async def submit(world: World, caller: Caller, sent: object) -> tuple[int, Body]:
    """Return status and body; raises `Refusal`."""
    if errors := dict(errors_of(sent, SUBMIT)):
        raise invalid(errors)
    assert isinstance(sent, dict)
    key = check_key_is_there(caller)
    if sent.get("dry_run") and (kudos := _cached_estimate(world, sent)) is not None:
        return 200, {"kudos": kudos}
    account = admitted(world, caller)
    payload = styled(sent, world.styles)
    model = model_for(world, payload)
    check_common(payload, account=account, rules=world.rules)
    check_payload(payload, model=model)
    await _check_source(payload)
    wish = _filtered(world, caller, payload, to_wish(payload))
    if sent.get("dry_run"):
        return 200, {"kudos": _estimate(world, sent, wish, model)}
    shared = world.accounts.shared_key(key)
    wish = _affordable(world, account, shared, wish, model)
    waiting = world.pictures.queue.waiting(account)
    check_concurrency(waiting=waiting, wanted=wish.n, limit=account.concurrency)
    job = _taken_in(world, account, shared, wish, sent)
    if job.script.webhooks is Webhooks.EARLY:
        world.pictures.queue.finish(job)
        await world.webhooks.sent_all()
    return 202, accepted(job, kudos=float(round(job.price)))


def model_for(world: World, payload: Mapping[str, object]) -> Model | None:
    """Return the model that sets the price: the first one named; None if nobody knows it."""
    names = payload.get("models", ["stable_diffusion"])
    assert isinstance(names, list)
    if not names:
        return next(iter(world.models.values()), None)
    return world.models.get(names[0])


async def _check_source(payload: Mapping[str, object]) -> None:
    if "source_image" not in payload:
        return
    source = await source_image(str(payload["source_image"]))
    check_side(source)
    wants_mask = payload.get("source_processing") == "inpainting"
    if wants_mask and not source.has_transparency and "source_mask" not in payload:
        message = "Inpainting needs a source_mask, or transparency in the source_image."
        raise Refusal(400, message, rc="InpaintingMissingMask")


def _filtered(world: World, caller: Caller, payload: Mapping[str, object], wish: Wish) -> Wish:
    """Return the request with its prompt made harmless, or punish whoever declined that."""
    blocked = [word for word in world.rules.blocked_words if word in wish.prompt.lower().split()]
    if not blocked:
        return wish
    if payload.get("replacement_filter", True) is False:
        world.addresses.punish(caller.ip)
        raise Refusal(400, CORRUPT_PROMPT, rc="CorruptPrompt")
    kept = [word for word in wish.prompt.split() if word.lower() not in blocked]
    return replace(wish, prompt=" ".join(kept))


def _estimate_name(sent: Mapping[str, object]) -> str:
    return f"dry run {hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()}"


def _cached_estimate(world: World, sent: Mapping[str, object]) -> float | None:
    """Return an estimate made before; nobody looks at the key then."""
    found = world.cache.find(_estimate_name(sent), lifetime_s=DRY_RUN_LIFETIME_S)
    return found if isinstance(found, float) else None


def _estimate(world: World, sent: Mapping[str, object], wish: Wish, model: Model | None) -> float:
    kudos = float(round(prices.request_price(wish, model)))
    world.cache.keep(_estimate_name(sent), kudos)
    return kudos


def _affordable(
    world: World, account: Account, shared: SharedKey | None, wish: Wish, model: Model | None
) -> Wish:
    """Return the request, shrunk where that was allowed, or refuse what must be paid upfront."""
    price = prices.request_price(wish, model)
    if shared and shared.kudos < price:
        message = (
            f"This shared key does not have enough remaining kudos ({round(shared.kudos)}) "
            f"to fulfill this request ({round(price, 3)})."
        )
        raise Refusal(403, message, rc="SharedKeyInsufficientKudos")
    queued = world.pictures.queue.waiting()
    side = prices.free_side(world.rules, queued_requests=queued, model=model)
    if wish.allow_downgrade and prices.needs_kudos_upfront(wish, model, side=side):
        wish = prices.downgraded(wish, model, side=side)
    is_rich = not account.is_anonymous and account.kudos >= price
    if is_rich or not prices.needs_kudos_upfront(wish, model, side=side):
        return wish
    told = int(1024 + 10 * world.rules.thread_count - 0.9 * queued)  # not the side that counts
    raise Refusal(403, UPFRONT.format(side=told, kudos=round(price, 3)), rc="KudosUpfront")


def _taken_in(
    world: World, account: Account, shared: SharedKey | None, wish: Wish, sent: dict[str, object]
) -> PictureJob:
    """Make the job, charge for the submit, and put it into the queue."""
    drawn_by = _worker_model(world, wish)
    script = world.pictures.scripts.take()
    now_s = world.clock.elapsed_s()
    job = PictureJob(
        remote_id=world.new_id(),
        number=len(world.truth.jobs),
        account=account,
        shared_key=shared,
        wish=wish,
        payload=sent,
        model=drawn_by.name if drawn_by else next(iter(wish.models), "stable_diffusion"),
        price=prices.picture_price(
            wish, drawn_by or model_for(world, {"models": list(wish.models)})
        ),
        script=script,
        webhook=wish.webhook,
        possible=drawn_by is not None and script.outcome is not Outcome.NEVER,
        accepted_at_s=now_s,
        expires_at_s=now_s + world.rules.request_lifetime_s,
        pictures=_pictures(world, wish),
    )
    plan(job)
    job.charge(prices.SUBMIT_TAX)
    account.requests += 1
    world.pictures.take_in(job)
    return job


def _worker_model(world: World, wish: Wish) -> Model | None:
    """Return the first wished model that somebody serves; any will do where none was named."""
    wished = (
        [world.models.get(name) for name in wish.models]
        if wish.models
        else list(world.models.values())
    )
    return next((model for model in wished if model and model.count > 0), None)


def _pictures(world: World, wish: Wish) -> list[Picture]:
    """Return the pictures to draw: with a seed but no variation all get the same seed."""
    first = wish.seed if wish.seed is not None else world.chance.randrange(SEEDS)
    step = wish.seed_variation or 0
    return [
        Picture(part_id=world.new_id(), index=index, seed=(first + index * step) % SEEDS)
        for index in range(wish.n)
    ]

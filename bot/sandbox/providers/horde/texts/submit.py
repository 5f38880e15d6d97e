"""`POST /generate/text/async`: what is refused, in which order, and how a request is taken in."""

from collections.abc import Mapping

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
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.rules import HordeRules, Model
from bot.sandbox.providers.horde.schema import errors_of
from bot.sandbox.providers.horde.scripts import Outcome, Webhooks
from bot.sandbox.providers.horde.styles.book import styled
from bot.sandbox.providers.horde.texts.jobs import TextJob, Writing
from bot.sandbox.providers.horde.texts.submit_schema import SUBMIT
from bot.sandbox.providers.horde.texts.wish import TextWish, to_wish
from bot.sandbox.providers.horde.world import World

SUBMIT_TAX = 1.0  # as recorded: paid before anybody has written
KUDOS_PER_TOKEN = 0.0195  # a line through the recorded prices; the real ones know the model's size
FREE_TOKENS_MIN, FREE_TOKENS_MAX = 256, 512
STOPS_MAX, STOP_CHARS_MAX = 128, 2000
UPFRONT = (
    "Due to heavy demand, for requests over {tokens} tokens, the client needs to already have the required "
    "kudos. This request requires {kudos} kudos to fulfil."
)


async def submit(world: World, caller: Caller, sent: object) -> tuple[int, Body]:
    """Return status and body; raises `Refusal`."""
    if errors := dict(errors_of(sent, SUBMIT)):
        raise invalid(errors)
    assert isinstance(sent, dict)
    key = check_key_is_there(caller)
    account = admitted(world, caller)
    payload = styled(sent, world.text_styles)
    check_common(payload, account=account, rules=world.rules)
    _check_payload(payload)
    wish = to_wish(payload)
    price = wish.n * wish.max_length * KUDOS_PER_TOKEN
    if sent.get("dry_run"):
        return 200, {"kudos": float(round(price))}
    queue = world.texts.queue
    shared = world.accounts.shared_key(key)
    _check_kudos(wish, price, account, shared, free_tokens(world.rules, queued=queue.waiting()))
    check_concurrency(waiting=queue.waiting(account), wanted=wish.n, limit=account.concurrency)
    job = _taken_in(world, account, shared, wish, sent)
    if job.script.webhooks is Webhooks.EARLY:
        queue.finish(job)
        await world.webhooks.sent_all()
    return 202, accepted(job, kudos=0.0)


def free_tokens(rules: HordeRules, *, queued: int) -> int:
    """Return the most tokens that need no kudos upfront."""
    tokens = 512 + 5 * rules.text_thread_count - 0.9 * queued
    return int(min(max(tokens, FREE_TOKENS_MIN), FREE_TOKENS_MAX))


def _check_payload(payload: Mapping[str, object]) -> None:
    if not payload.get("prompt"):
        raise Refusal(400, "You cannot specify an empty prompt.", rc="MissingPrompt")
    if payload.get("extra_source_images"):
        raise Refusal(400, "Texts take no pictures.", rc="InvalidExtraSourceImages")
    wish = to_wish(payload)
    if wish.max_context_length < wish.max_length:
        raise Refusal(400, "max_context_length cannot be below max_length.", rc="TokenOverflow")
    if len(wish.stop_sequence) > STOPS_MAX:
        message = f"At most {STOPS_MAX} stop sequences fit into a request."
        raise Refusal(400, message, rc="TooManyStopSequences")
    if sum(map(len, wish.stop_sequence)) > STOP_CHARS_MAX:
        message = f"Stop sequences may have {STOP_CHARS_MAX} characters together."
        raise Refusal(400, message, rc="ExcessiveStopSequence")


def _check_kudos(
    wish: TextWish, price: float, account: Account, shared: SharedKey | None, free: int
) -> None:
    """Refuse what must be paid upfront by those who have not got it."""
    if shared and shared.kudos < price:
        message = (
            f"This shared key does not have enough remaining kudos ({round(shared.kudos)}) "
            f"to fulfill this request ({round(price, 3)})."
        )
        raise Refusal(403, message, rc="SharedKeyInsufficientKudos")
    is_rich = not account.is_anonymous and account.kudos >= price
    if not is_rich and (wish.max_length > free or not wish.slow_workers):
        raise Refusal(403, UPFRONT.format(tokens=free, kudos=round(price)), rc="KudosUpfront")


def _taken_in(
    world: World,
    account: Account,
    shared: SharedKey | None,
    wish: TextWish,
    sent: dict[str, object],
) -> TextJob:
    """Make the job, charge for the submit, and put it into the queue."""
    written_by = _worker_model(world, wish)
    script = world.texts.scripts.take()
    now_s = world.clock.elapsed_s()
    job = TextJob(
        remote_id=world.new_id(),
        number=len(world.texts.accepted),
        account=account,
        shared_key=shared,
        wish=wish,
        payload=sent,
        model=written_by.name if written_by else next(iter(wish.models), ""),
        price=wish.max_length * KUDOS_PER_TOKEN,
        script=script,
        webhook=wish.webhook,
        possible=written_by is not None and script.outcome is not Outcome.NEVER,
        accepted_at_s=now_s,
        expires_at_s=now_s + world.rules.request_lifetime_s,
        writings=[Writing(part_id=world.new_id(), index=index) for index in range(wish.n)],
    )
    plan(job)
    job.charge(SUBMIT_TAX)
    account.text_requests += 1
    world.texts.take_in(job)
    return job


def _worker_model(world: World, wish: TextWish) -> Model | None:
    """Return the first wished model that somebody serves; any will do where none was named."""
    names = wish.models or tuple(world.text_models)
    models = (world.text_models.get(name) for name in names)
    return next((model for model in models if model and model.count > 0), None)

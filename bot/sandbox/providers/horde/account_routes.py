"""The routes about accounts."""

from aiohttp import web

from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.admission import UNKNOWN_KEY, check_key_is_there
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.limits import Limit
from bot.sandbox.providers.horde.profiles import own_profile, profile
from bot.sandbox.providers.horde.queue import J, Queue
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.routing import SIXTY_A_MINUTE, Answer, Route, caller_of, sent_json
from bot.sandbox.providers.horde.world import World

ACCOUNT_CACHE_S = 30.0
GIFT_LIMITS = (Limit(count=1, period_s=1), Limit(count=90, period_s=3600))


def account_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    office = Office(world)
    return (
        Route(method="GET", path="/find_user", handler=office.find_user),
        Route(method="GET", path="/users/{id}", handler=office.user, limits=SIXTY_A_MINUTE),
        Route(
            method="POST",
            path="/kudos/transfer",
            handler=office.transfer,
            limits=GIFT_LIMITS,
            is_counted_by_key=True,
        ),
    )


class Office:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def find_user(self, request: web.Request) -> Answer:
        """Answer whose key was shown; a wrong one is repeated in the refusal."""
        key = request.headers.get("apikey", "")
        account = self._world.accounts.by_key(key)
        if account is None:
            raise Refusal(404, f"User with api_key '{key}' not found.", rc="UserNotFound")
        found = self._world.cache.answer(
            f"user {key}", lambda: self._own_profile(account, key), lifetime_s=ACCOUNT_CACHE_S
        )
        return 200, found

    async def user(self, request: web.Request) -> Answer:
        """Answer what anybody may know of an account."""
        user_id = request.match_info["id"]
        account = self._world.accounts.by_id(user_id)
        if account is None:
            raise Refusal(404, f"User with user_id '{user_id}' not found.", rc="UserNotFound")
        return 200, profile(account)

    async def transfer(self, request: web.Request) -> Answer:
        """Give kudos to somebody else."""
        sent = await sent_json(request)
        account = self._world.accounts.by_key(check_key_is_there(caller_of(request)))
        if account is None:
            raise Refusal(401, UNKNOWN_KEY, rc="InvalidAPIKey")
        key = request.headers.get("Idempotency-Key", "")
        return 200, self._world.gifts.transfer(account, sent, idempotency_key=key)

    def _own_profile(self, account: Account, key: str) -> Body:
        return own_profile(
            account,
            shared=self._world.accounts.shared_key(key),
            shared_ids=self._world.accounts.shared_ids(account),
            active={
                "image": _running(self._world.pictures.queue, account),
                "text": _running(self._world.texts.queue, account),
            },
        )


def _running(queue: Queue[J], account: Account) -> list[str]:
    """Return the ids of an account's requests that are not over."""
    queue.catch_up()
    return [job.remote_id for job in queue if job.account is account and not job.is_over]

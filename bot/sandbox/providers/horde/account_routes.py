"""The routes about accounts."""

from aiohttp import web

from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.profiles import own_profile, profile
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.routing import SIXTY_A_MINUTE, Answer, Route
from bot.sandbox.providers.horde.world import World

ACCOUNT_CACHE_S = 30.0


def account_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    office = Office(world)
    return (
        Route(method="GET", path="/find_user", handler=office.find_user),
        Route(method="GET", path="/users/{id}", handler=office.user, limits=SIXTY_A_MINUTE),
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

    def _own_profile(self, account: Account, key: str) -> Body:
        queue = self._world.pictures.queue
        queue.catch_up()
        return own_profile(
            account,
            shared=self._world.accounts.shared_key(key),
            shared_ids=self._world.accounts.shared_ids(account),
            active=[job.remote_id for job in queue if job.account is account and not job.is_over],
        )

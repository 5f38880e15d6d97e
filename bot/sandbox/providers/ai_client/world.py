"""Everything one sandbox ai-client knows, shared by its handlers."""

import random
import uuid

from bot.sandbox.clock import Clock
from bot.sandbox.providers.ai_client.form import Wish
from bot.sandbox.providers.ai_client.refusals import (
    not_found,
    out_of_credits,
    too_many,
    unauthenticated,
)
from bot.sandbox.providers.ai_client.rules import AiClientRules
from bot.sandbox.providers.ai_client.scripts import Outcome, Script
from bot.sandbox.providers.ai_client.storage import Storage
from bot.sandbox.providers.ai_client.threads import Account, Image, Request, Thread, Truth
from bot.sandbox.providers.pictures import PictureWish
from bot.sandbox.providers.scripts import Scripts

THUMBNAIL_PX = 256
WINDOW_S = 60


class World:
    """The state of the server."""

    def __init__(self, *, rules: AiClientRules, clock: Clock, storage: Storage) -> None:
        self.rules = rules
        self.clock = clock
        self.storage = storage
        self.truth = Truth()
        self.scripts = Scripts(Script())
        self._accounts: dict[str, Account] = {}
        self._threads: dict[str, Thread] = {}
        self._calls: dict[tuple[str, int], int] = {}  # by token and minute
        self._chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose

    def add(self, account: Account) -> None:
        """Make a token known."""
        self._accounts[account.key] = account

    def expire(self, key: str, *, is_expired: bool) -> None:
        """Refuse a token from now on, or take it again."""
        self._accounts[key].is_expired = is_expired

    def account(self, key: str) -> Account:
        """Return whose token it is, and count the call."""
        account = self._accounts.get(key)
        if account is None or account.is_expired:
            raise unauthenticated()
        self._count(account)
        return account

    def thread(self, guid: str, account: Account) -> Thread:
        """Return an account's thread; other people's are not there."""
        thread = self._threads.get(guid)
        if thread is None or thread.account is not account:
            raise not_found("Thread")
        return thread

    def open_thread(self, account: Account) -> Thread:
        """Begin a thread; it costs nothing."""
        thread = Thread(guid=self._guid(), account=account, created_at=self.clock.now())
        self._threads[thread.guid] = thread
        self.truth.add(thread)
        return thread

    def ask(self, thread: Thread, wish: Wish) -> Request:
        """Take a checked request, charge for what it will bring, and let its time run."""
        if thread.account.credits < wish.images * self.rules.credits_per_image:
            raise out_of_credits()
        script = self.scripts.take()
        images = self._images(wish, script)
        stands_still = script.held or script.outcome == Outcome.NEVER
        request = Request(
            guid=self._guid(),
            response_guid=self._guid(),
            wish=wish,
            script=script,
            images=images,
            credits=len(images) * self.rules.credits_per_image,
            asked_at=self.clock.now(),
            ready_at_s=None if stands_still else self.clock.elapsed_s() + script.seconds,
        )
        thread.account.credits -= request.credits
        thread.requests.append(request)
        return request

    def forget(self) -> None:
        """Lose every thread, as a server does that starts with an empty memory; tokens stay."""
        self._threads.clear()

    def _images(self, wish: Wish, script: Script) -> tuple[Image, ...]:
        count = wish.images - script.images_missing if script.has_images else 0
        images = tuple(self._image(wish, index) for index in range(count))
        for image in images:
            self.storage.store(image)
        return images

    def _image(self, wish: Wish, index: int) -> Image:
        width, height = map(int, wish.resolution.split("x"))
        prompt = ", ".join(text for text, weight in wish.prompts if weight > 0)
        seed = self._chance.getrandbits(32)
        full = PictureWish(
            prompt=prompt, seed=seed, width=width, height=height, index=index, format="PNG"
        )
        thumbnail = PictureWish(
            prompt=prompt,
            seed=seed,
            width=THUMBNAIL_PX,
            height=max(1, THUMBNAIL_PX * height // width),
            index=index,
            format="JPEG",
        )
        return Image(name=self._guid(), full=full, thumbnail=thumbnail)

    def _guid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def _count(self, account: Account) -> None:
        limit, now_s = self.rules.calls_per_min, self.clock.elapsed_s()
        if limit is None:
            return
        window = (account.key, int(now_s // WINDOW_S))
        self._calls[window] = self._calls.get(window, 0) + 1
        if self._calls[window] > limit:
            left_s = self.clock.real_s(
                WINDOW_S - now_s % WINDOW_S
            )  # so that speed is not waited for
            raise too_many(limit, wait_s=max(1, round(left_s)))

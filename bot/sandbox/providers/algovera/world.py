"""Everything one sandbox Algovera knows, shared by its handlers."""

import random
from dataclasses import dataclass, field

from bot.sandbox.clock import Clock
from bot.sandbox.providers.algovera import refusals
from bot.sandbox.providers.algovera.jobs import Account, Job
from bot.sandbox.providers.algovera.refusals import Refusal
from bot.sandbox.providers.algovera.rules import AlgoveraRules
from bot.sandbox.providers.algovera.scripts import Outcome, Script
from bot.sandbox.providers.algovera.submit import Payload
from bot.sandbox.providers.pictures import PictureWish
from bot.sandbox.providers.scripts import Scripts
from bot.sandbox.providers.studio import Studio


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    _by_id: dict[str, Job] = field(default_factory=dict)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every accepted job, in the order of acceptance."""
        return tuple(self._by_id.values())

    def add(self, job: Job) -> None:
        """Note an accepted job."""
        self._by_id[job.remote_id] = job

    def job(self, remote_id: str) -> Job:
        """Return an accepted job by its id; KeyError if there never was one."""
        return self._by_id[remote_id]

    @property
    def charged(self) -> int:
        """Credits taken for all jobs."""
        return sum(job.charged for job in self.jobs)


class World:
    """The state of the server."""

    def __init__(self, *, rules: AlgoveraRules, clock: Clock, studio: Studio) -> None:
        self.rules = rules
        self.clock = clock
        self.studio = studio
        self.truth = Truth()
        self.scripts = Scripts(Script())
        self._accounts: dict[str, Account] = {}
        self._jobs: dict[str, Job] = {}
        self._chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose

    def add(self, account: Account) -> None:
        """Make a key known."""
        self._accounts[account.key] = account

    def expire(self, key: str, *, is_expired: bool) -> None:
        """Refuse a key from now on, or take it again."""
        self._accounts[key].is_expired = is_expired

    def account(self, key: object) -> Account:
        """Return whose key it is; raise the 403 of a key that is not good."""
        account = self._accounts.get(str(key))
        if account is None or account.is_expired:
            raise Refusal(403, refusals.INVALID_KEY)
        if not account.has_user:
            raise Refusal(403, refusals.UNKNOWN_USER)
        return account

    def job(self, remote_id: object, account: Account) -> Job:
        """Return an account's job; other people's are not there."""
        job = self._jobs.get(str(remote_id))
        if job is None or job.account is not account:
            raise Refusal(404, refusals.NO_JOB)
        return job

    def accept(self, payload: Payload) -> Job:
        """Charge for a checked submit and let its time run."""
        account = self.account(payload["api_key"])
        if account.credits < self.rules.credits_per_job:
            raise Refusal(403, refusals.NO_CREDITS)
        account.credits -= self.rules.credits_per_job
        script = self.scripts.take()
        stands_still = script.held or script.outcome == Outcome.NEVER
        job = Job(
            remote_id=f"{self._chance.getrandbits(128):032x}",
            account=account,
            payload={name: value for name, value in payload.items() if name != "api_key"},
            wish=self._wish(payload),
            script=script,
            charged=self.rules.credits_per_job,
            ready_at_s=None if stands_still else self.clock.elapsed_s() + script.seconds,
        )
        self._jobs[job.remote_id] = job
        self.truth.add(job)
        self.studio.prepare(job.wish)
        return job

    def forget(self) -> None:
        """Lose every job, as a server does that starts with an empty memory; keys stay."""
        self._jobs.clear()

    def _wish(self, payload: Payload) -> PictureWish:
        return PictureWish(
            prompt=str(payload["prompt"]),
            seed=int(str(payload["seed"])),
            width=int(str(payload["width"])),
            height=int(str(payload["height"])),
            format=self.rules.picture_format,
        )

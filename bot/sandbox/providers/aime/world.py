"""Everything one sandbox AIME server knows, shared by its handlers."""

import itertools
import random
import uuid
from dataclasses import dataclass, field

from bot.sandbox.clock import Clock
from bot.sandbox.providers.aime.endpoints import Endpoint
from bot.sandbox.providers.aime.jobs import Job
from bot.sandbox.providers.aime.keys import Keys
from bot.sandbox.providers.aime.queue import Queue
from bot.sandbox.providers.aime.rules import AimeRules
from bot.sandbox.providers.aime.scripts import Script
from bot.sandbox.providers.scripts import Scripts
from bot.sandbox.providers.studio import Studio

SECRET_BITS = 128


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    jobs: list[Job] = field(default_factory=list)
    _by_id: dict[str, Job] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        """Note an accepted request."""
        self.jobs.append(job)
        self._by_id[job.remote_id] = job

    def job(self, remote_id: str) -> Job:
        """Return an accepted request by its id; KeyError if there never was one."""
        return self._by_id[remote_id]


class World:
    """The state of the server."""

    def __init__(self, *, rules: AimeRules, clock: Clock, studio: Studio) -> None:
        self.rules = rules
        self.clock = clock
        self.studio = studio
        self.truth = Truth()
        self.keys = Keys()
        self.scripts = Scripts(Script())
        self.endpoints: dict[str, Endpoint] = {each.name: each for each in rules.endpoints}
        self.chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose
        self.worker_secret = f"{self.chance.getrandbits(SECRET_BITS):032x}"
        self.queue = Queue(clock, rules=rules, endpoint_named=self.endpoints.__getitem__)
        self._turns = itertools.count()
        self._number = 0

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Offer an endpoint, or change one; workers come to work or fall silent at once."""
        self.endpoints[endpoint.name] = endpoint
        if not endpoint.workers:
            self.queue.send_workers_home(endpoint.name)
        self.queue.give_work(endpoint.name, self.clock.elapsed_s())

    def process(self) -> int:
        """Return which of the processes answers the next call."""
        return next(self._turns) % self.rules.process_count

    def new_id(self) -> str:
        """Return an id like the server's, repeatable from the seed of the rules."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def next_number(self) -> int:
        """Return the number of the next request; it is also the end of its id."""
        self._number += 1
        return self._number

    def lose_memory(self) -> None:
        """Be a server that was started again: sessions and jobs are gone."""
        for job in self.queue:
            self.queue.forget(job)
        self.keys.forget_sessions()

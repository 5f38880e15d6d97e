"""Where requests of one kind are taken in: their scripts, their queue, and all there ever were."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde.jobs import Job
from bot.sandbox.providers.horde.queue import Queue
from bot.sandbox.providers.horde.scripts import Scripts

J = TypeVar("J", bound=Job)


@dataclass(slots=True, kw_only=True)
class Desk(Generic[J]):
    """The requests of one kind. `accepted` is the truth: no restart forgets it."""

    queue: Queue[J]
    scripts: Scripts = field(default_factory=Scripts)
    accepted: list[J] = field(default_factory=list)
    _by_id: dict[str, J] = field(default_factory=dict)

    def take_in(self, job: J) -> None:
        """Note an accepted request and let it wait for its turn."""
        self.accepted.append(job)
        self._by_id[job.remote_id] = job
        self.queue.accept(job)

    def by_id(self, remote_id: str) -> J:
        """Return a request that was ever accepted here; KeyError if it never was."""
        return self._by_id[remote_id]

    def lose_memory(self) -> None:
        """Forget what waits and what is finished, as a server with an empty database."""
        for job in self.queue:
            job.expire()
        self.queue.forget()

    def hands_on(self, remote_id: str) -> "HandsOn[J] | None":
        """Return what moves a request by hand; None for one that was never accepted here."""
        job = self._by_id.get(remote_id)
        return None if job is None else HandsOn(self.queue, job)


class HandsOn(Generic[J]):
    """Moves one request by hand."""

    def __init__(self, queue: Queue[J], job: J) -> None:
        self._queue = queue
        self._job = job

    def hold(self) -> None:
        """Stop time for it."""
        self._queue.hold(self._job)

    def release(self) -> None:
        """Let time go on for it."""
        self._queue.release(self._job)

    def step(self) -> None:
        """Do its next step and hold it again."""
        self._queue.step(self._job)

    def finish(self) -> None:
        """Do all its remaining steps now."""
        self._queue.finish(self._job)


def open_desk(
    clock: Clock,
    *,
    lifetime_s: float,
    on_taken_up: Callable[[J, int], None],
    on_delivered: Callable[[J, int], None],
) -> Desk[J]:
    """Return a desk whose queue tells of each part that is taken up, and that is delivered."""
    queue = Queue(clock, lifetime_s=lifetime_s, on_taken_up=on_taken_up, on_delivered=on_delivered)
    return Desk(queue=queue)

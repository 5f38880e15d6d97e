"""What providers called back about, kept in memory until the job's next step. Nothing of it is sure.

Losing it costs one slow poll: whatever is claimed here is asked for before it counts.
"""

from dataclasses import dataclass, field

from bot.domain.jobs import Job, JobId
from bot.providers.base import CallbackNews

CLAIMS_PER_JOB_MAX = 64  # the largest request has 20 pictures; the rest is left for strays
HELD_BYTES_MAX = 128 * 1024 * 1024  # what came inside large callbacks, all jobs together
SMALL_BYTES = 4096  # a link with all that is said beside it; their number is bounded already


@dataclass(slots=True)
class _Heard:
    waiting: list[CallbackNews] = field(default_factory=list)
    claims: set[tuple[str, str, str]] = field(default_factory=set)


class Hearsay:
    """Take every claim once, and hand it over once."""

    def __init__(self) -> None:
        self._jobs: dict[JobId, _Heard] = {}
        self._held_bytes = 0

    def add(self, job_id: JobId, news: CallbackNews) -> bool:
        """Keep news for the next step; False for what was heard before, or is too much."""
        heard = self._jobs.setdefault(job_id, _Heard())
        claim = (news.provider, news.remote_id, news.item.id)
        size_bytes = _size_bytes(news)
        if claim in heard.claims or len(heard.claims) >= CLAIMS_PER_JOB_MAX:
            return False
        if size_bytes and self._held_bytes + size_bytes > HELD_BYTES_MAX:
            return False
        heard.claims.add(claim)
        heard.waiting.append(news)
        self._held_bytes += size_bytes
        return True

    def waiting(self, job_id: JobId) -> int:
        """Return how much is new about a job."""
        heard = self._jobs.get(job_id)
        return 0 if heard is None else len(heard.waiting)

    def take(self, job: Job) -> tuple[CallbackNews, ...]:
        """Hand over what is new about a running job; what is about another remote job is dropped."""
        assert job.remote is not None
        heard = self._jobs.get(job.id)
        if heard is None:
            return ()
        waiting, heard.waiting = heard.waiting, []
        self._held_bytes -= sum(map(_size_bytes, waiting))
        ours = (job.provider, job.remote.id)
        return tuple(news for news in waiting if (news.provider, news.remote_id) == ours)

    def news_of(self, job: Job) -> CallbackNews | None:
        """Return news, not handed over yet, of a job whose submit was never answered."""
        heard = self._jobs.get(job.id)
        if heard is None:
            return None
        return next((news for news in heard.waiting if news.provider == job.provider), None)

    def forget(self, job_id: JobId) -> None:
        """Let go of a job that needs no callbacks any more."""
        heard = self._jobs.pop(job_id, None)
        if heard is not None:
            self._held_bytes -= sum(map(_size_bytes, heard.waiting))


def _size_bytes(news: CallbackNews) -> int:
    """Return what news hold in memory, if that is worth counting: anything in them may be huge."""
    item = news.item
    size_bytes = len(item.data or b"")
    size_bytes += sum(len(text or "") for text in (item.text, item.url, item.seed, item.model))
    return size_bytes if size_bytes > SMALL_BYTES else 0

"""What has to be true between the store and the providers: who made what, and who was asked how often."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.bench.risks import RISKS
from bot.bench.risks.base import Risks, plain, words_of
from bot.domain.jobs import Job
from bot.sandbox.providers.hosts import Host


async def strange_results(jobs: Sequence[Job], hosts: Mapping[str, Host]) -> list[str]:
    """Tell of results that their provider did not make for this very request."""
    found: list[str] = []
    for name, host in hosts.items():
        made: defaultdict[str, set[str]] = defaultdict(set)
        for one in await RISKS[name].made(host.server):
            made[one.content].add(one.words)
        found += [
            f"Job {job.id} got {result} of {name}, made for {sorted(made[content])}."
            for job in jobs
            if job.provider == name
            for result, content in _results(job)
            if words_of(job.request) not in made[content]
        ]
    return found


def too_many_submits(jobs: Sequence[Job], hosts: Mapping[str, Host]) -> Iterator[str]:
    """Tell of requests that a provider took on more often than the policy on unsure ones allows.

    None at all, where no job of these words is that provider's.
    """
    for name, host in hosts.items():
        risks = RISKS[name]
        most = Counter[str]()
        for job in jobs:
            if job.provider == name:
                most[words_of(job.request)] += _submits_max(job, risks)
        for words, times in Counter(risks.taken(host.server)).items():
            if times > most[words]:
                yield f"{name} took {words!r} on {times} times; {most[words]} is the most."


def told_secrets(log: str, secrets: Collection[str]) -> Iterator[str]:
    """Tell of secrets that stand in a log, without repeating them."""
    yield from (
        f"The log tells a secret of {len(one)} characters." for one in secrets if one in log
    )


def _results(job: Job) -> Iterator[tuple[str, str]]:
    yield from ((f"picture {one.item_id}", one.blob) for one in job.pictures)
    yield from ((f"text {one.item_id}", plain(one.text)) for one in job.passages)


def _submits_max(job: Job, risks: Risks) -> int:
    return risks.submits_max * (job.request.count if risks.is_in_parts else 1)

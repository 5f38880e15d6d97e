"""What has to be true between the store and the providers: who made what, and who was asked how often."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.bench.pixels import pixels_of
from bot.bench.risks import RISKS
from bot.bench.risks.base import Made, Risks, plain, words_of
from bot.domain.jobs import Job
from bot.sandbox.discord.cards import Card
from bot.sandbox.providers.hosts import Host

Results = Mapping[tuple[str, str], Sequence[Made]]
"""What was handed out, by provider and content."""


async def handed_out(jobs: Sequence[Job], hosts: Mapping[str, Host]) -> Results:
    """Ask all providers what they made for these jobs."""
    wanted = {words_of(job.request) for job in jobs}
    found: defaultdict[tuple[str, str], list[Made]] = defaultdict(list)
    for name, host in hosts.items():
        for one in await RISKS[name].made(host.server, wanted):
            found[name, one.content].append(one)
    return found


def strange_results(jobs: Sequence[Job], results: Results) -> Iterator[str]:
    """Tell of results that their provider did not make for this very request."""
    for job in jobs:
        for result, content in _contents(job):
            made_for = {one.words for one in results.get((job.provider, content), ())}
            if words_of(job.request) not in made_for:
                yield f"Job {job.id} got {result} of {job.provider}, made for {sorted(made_for)}."


def strange_pictures(job: Job, card: Card, results: Results) -> Iterator[str]:
    """Tell of a card that shows other pictures than those of its job, or in another order."""
    if not job.pictures:
        return
    own = [results.get((job.provider, one.blob), ()) for one in job.pictures]
    shown = [pixels_of(file.data) for file in card.attachments]
    if len(own) == len(shown) and all(own) and [made[0].pixels for made in own] != shown:
        yield f"The card of job {job.id} shows other pictures than its own."


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


def _contents(job: Job) -> Iterator[tuple[str, str]]:
    yield from ((f"picture {one.item_id}", one.blob) for one in job.pictures)
    yield from ((f"text {one.item_id}", plain(one.text)) for one in job.passages)


def _submits_max(job: Job, risks: Risks) -> int:
    return risks.submits_max * (job.request.count if risks.is_in_parts else 1)

"""What has to be true after everything: of the store, of every card, of each provider, of the wire."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.bench.books import Books
from bot.bench.provider_invariants import (
    Results,
    handed_out,
    strange_pictures,
    strange_results,
    too_many_submits,
)
from bot.bench.risks.base import plain
from bot.bench.town import Town
from bot.domain.credits import NOTHING, Microcredits, share
from bot.domain.jobs import ENDS, FailureKind, Job, JobState
from bot.sandbox.discord.cards import Card
from bot.ui import copy, credits_copy

REFUSED = copy.heading(copy.ENDED[JobState.FAILED])
LOST = copy.heading(copy.LOST)
LEFT = credits_copy.NOT_WANTED
RESULTS_MAX = 1000  # newest jobs whose results are compared with what was made: all of a chaos run
WORDS_SHOWN = 60  # a card need not have room for all


async def broken(town: Town, books: Books) -> list[str]:
    """Return a sentence for everything that is not as it has to be."""
    jobs = await books.jobs()
    by_card = {str(job.target.message_id): job for job in jobs}
    public = town.public_cards()
    newest = jobs[:RESULTS_MAX]
    results = await handed_out(newest, town.hosts)
    return [
        *await books.problems(),
        *(f"Job {job.id} is still {job.state}." for job in jobs if job.is_open),
        *doubles(jobs, public),
        *(line for card in public for line in _card_problems(card, by_card.get(card.id))),
        *charges(jobs),
        *strange_results(newest, results),
        *strange_cards(newest, public, results),
        *too_many_submits(jobs, town.hosts),
        *town.discord.violations,
    ]


def unbegun(town: Town, jobs: Sequence[Job]) -> list[Card]:
    """Return cards whose job was never taken in and which do not say so yet."""
    known = {str(job.target.message_id) for job in jobs}
    return [
        card for card in town.public_cards() if card.id not in known and not _says_it_ended(card)
    ]


def _says_it_ended(card: Card) -> bool:
    return card.shows(REFUSED) or card.shows(LOST) or card.shows(LEFT)


def doubles(jobs: Sequence[Job], cards: Sequence[Card]) -> Iterator[str]:
    """Tell of messages beside the cards: each answers one interaction, each job has its own."""
    asked = Counter(str((card.message.interaction_metadata or {}).get("id")) for card in cards)
    yield from (
        f"{count} messages answer interaction {interaction}."
        for interaction, count in asked.items()
        if count > 1
    )
    yield from (
        f"Message {card.id} answers nobody: it was posted beside the cards."
        for card in cards
        if card.message.interaction_metadata is None
    )
    shown = Counter(job.target.message_id for job in jobs)
    yield from (f"{count} jobs share card {card}." for card, count in shown.items() if count > 1)


def _card_problems(card: Card, job: Job | None) -> Iterator[str]:
    if job is None:
        if not _says_it_ended(card):
            yield f"Card {card.id} belongs to no job and does not say so:\n{card.render()}"
        return
    if not card.shows(copy.heading(_title(job))):
        yield f"Job {job.id} is {job.state}, its card says:\n{card.render()}"
        return
    cost = copy.returned(job) if job.state in ENDS else copy.arrived(job) or copy.cost(job)
    if not card.shows(cost):
        yield f"Job {job.id} cost “{cost}”, its card says:\n{card.render()}"
    if job.state not in {JobState.DONE, JobState.CANCELLED}:
        return
    if len(card.attachments) != len(job.pictures):
        yield f"Job {job.id} has {len(job.pictures)} pictures, its card {len(card.attachments)}."
    shown = plain(card.text.replace("\\", ""))  # which stand before what would act in Discord
    for words in (job.request.prompt, *(one.text for one in job.passages)):
        if plain(words)[:WORDS_SHOWN] not in shown:
            yield f"Job {job.id} has words that its card does not show:\n{card.render()}"


def _title(job: Job) -> str:
    return copy.ENDED[job.state] if job.state in ENDS else copy.DONE


def strange_cards(jobs: Sequence[Job], cards: Sequence[Card], results: Results) -> Iterator[str]:
    """Tell of cards with files that are not the results of their job."""
    by_id = {card.id: card for card in cards}
    for job in jobs:
        card = by_id.get(str(job.target.message_id))
        if card is not None and job.state in {JobState.DONE, JobState.CANCELLED}:
            yield from strange_pictures(job, card, results)


def charges(jobs: Sequence[Job]) -> Iterator[str]:
    """Tell of jobs that cost a member anything else than what was delivered, or failed by our fault."""
    for job in jobs:
        due = _due(job)
        if not job.is_open and job.charged != due:
            yield f"Job {job.id} is {job.state} and took {job.charged} instead of {due}."
        if job.failure is not None and job.failure.kind is FailureKind.OURS:
            yield f"Job {job.id} failed by our own fault."


def _due(job: Job) -> Microcredits:
    """Return what a job that is over has to cost: its share of the price, nothing for a failure."""
    if job.state not in {JobState.DONE, JobState.CANCELLED}:
        return NOTHING
    return share(job.price, delivered=job.came, asked=job.request.count)


def leaks(files: int | None, tasks: int, *, files_max: int, tasks_max: int) -> Iterator[str]:
    """Tell whether a service that has nothing to do holds more than it should."""
    if files is not None and files > files_max:
        yield f"The idle service holds {files} files and connections; {files_max} is the most."
    if tasks > tasks_max:
        yield f"The idle service holds {tasks} tasks; {tasks_max} is the most."
